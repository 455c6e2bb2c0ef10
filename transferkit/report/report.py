"""Classifiers on the same test images, side by side: `compare` and the Report that it gives."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from rich.table import Table

from transferkit.config import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.evidence.results import COMPARED_BY, Classifier, Kind, Result
from transferkit.evidence.scores import Scores, score
from transferkit.report.judgement import Judgement, judge
from transferkit.report.records import entry, predictions_csv, scores_json
from transferkit.report.spread import Spread
from transferkit.report.table import html_table, ordered, plain_text, rich_table
from transferkit.report.verdict import verdict
from transferkit.runs import Run, write_json, write_text
from transferkit.training.activations import saved_seconds


@dataclasses.dataclass(frozen=True, eq=False)
class Report:
    """What every classifier says of the same test images, and how right it is.

    Attributes:
        classes: the names; column `k` of every `probabilities` is class `k`.
        test: the rows of the manifest that were scored.
        truth: `(images,)` int64, the class index of each.
        results: one a classifier.
        scores: the scores of each result, in the same order.
        manifest: the images, with those that were trained on.
        config: every setting.
        environment: what it ran on, by name.
        classifiers: those that were asked, in the order of the results.
        spread: accuracies of this and of repeats with other seeds, where there were any.
    """

    classes: tuple[str, ...]
    test: pd.DataFrame
    truth: np.ndarray
    results: tuple[Result, ...]
    scores: tuple[Scores, ...]
    manifest: Manifest
    config: Config
    environment: Mapping[str, Any]
    classifiers: tuple[Classifier, ...] = ()
    spread: Spread | None = None

    @property
    def entries(self) -> list[dict[str, Any]]:
        """One dictionary a classifier, as in scores.json, the most accurate first."""
        pairs = zip(self.results, self.scores, strict=True)
        found = [entry(*pair, self.judgement.of(place)) for place, pair in enumerate(pairs)]
        return ordered(found)

    @cached_property
    def judgement(self) -> Judgement:
        """Intervals, tests of the differences, calibration, leaks and slices."""
        leaked = self.test["path"].isin(self.manifest.leaked["path"]).to_numpy()
        return judge(
            self.results,
            self.truth,
            self.classes,
            test=self.test,
            leaked=leaked,
            columns=self.manifest.slice_columns,
        )

    @property
    def verdict(self) -> str:
        """One sentence: which classifier is right how often, and what the next one costs."""
        return verdict(
            self.results,
            self.truth,
            self.classes,
            accuracies=self.judgement.accuracies,
            differences=self.judgement.differences,
        )

    def table(self) -> Table:
        """The classifiers by accuracy, as a table of rich."""
        return rich_table(self.entries)

    def __str__(self) -> str:
        parts = [plain_text(self.table()), self.verdict]
        if self.spread is not None:
            parts.append(f"{self.spread.title}\n{self.spread}")
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        names = ", ".join(each["name"] for each in self.entries)
        return f"<Report on {len(self.truth)} test images: {names}>"

    def _repr_html_(self) -> str:
        return html_table(self.entries, [self.verdict])

    def save(self, run: Run | str | Path) -> None:
        """Write scores.json, predictions.csv, report.html, report.md and model_card.md into `run`.

        It is a run or a folder.

        Each is written whole. A spread adds repeats.csv and repeats.png.

        Raises:
            RunError: the folder cannot be written to.
        """
        from transferkit.report.markdown import markdown_report, model_card
        from transferkit.report.page import page

        run = Run(run)
        scores = scores_json(self.classes, self.test, self.entries, self.judgement.to_json())
        write_json(run / "scores.json", scores)
        write_text(run / "predictions.csv", predictions_csv(self.classes, self.test, self.results))
        write_text(run / "report.html", page(self))
        write_text(run / "report.md", markdown_report(self))
        write_text(run / "model_card.md", model_card(self))
        if self.spread is not None:
            self.spread.save(run, "repeats")


def compare(
    classifiers: Iterable[Classifier],
    manifest: Manifest,
    config: Config = Config(),
    *,
    environment: Mapping[str, Any] | None = None,
) -> Report:
    """Ask every classifier about the manifest's test images, and score and time the answers.

    Classifiers of one name are told apart by a number: `lenet`, `lenet (2)`.

    Raises:
        DataError: there is no test image or no classifier, or one lacks what a classifier has,
            knows other classes, is of another kind, or gives probabilities of another shape.
    """
    classifiers = tuple(classifiers)
    test = manifest.part("test")
    if test.empty:
        source = repr(manifest.source) if manifest.source else "The manifest"
        raise DataError(
            f"{source} has no test image to compare classifiers on: "
            "mark some as test, or leave the split out and one is made."
        )
    if not classifiers:
        raise DataError("There is no classifier to compare: give at least one.")
    classes = manifest.classes
    for each in classifiers:
        _require_classifier(each)
        _require_same_classes(each, classes)
    truth = manifest.truth(test)
    paths = list(test["path"])
    results = [_result(each, classes, paths) for each in classifiers]
    named = _told_apart(results)
    scores = tuple(score(truth, each.probabilities, classes) for each in named)
    return Report(
        classes=classes,
        test=test,
        truth=truth,
        results=named,
        scores=scores,
        manifest=manifest,
        config=config,
        environment=dict(environment or {}),
        classifiers=classifiers,
    )


def _result(classifier: Classifier, classes: Sequence[str], paths: Sequence[str]) -> Result:
    classifier.probabilities(paths[:1])  # the first call also compiles, which is no image's cost
    start, saved = time.perf_counter(), saved_seconds()
    probabilities = classifier.probabilities(paths)
    # What was computed in an earlier run would have to be computed for new images.
    seconds = time.perf_counter() - start + saved_seconds() - saved
    known = list(classifier.classes)
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (len(paths), len(known)):
        raise DataError(
            f"The probabilities of {classifier.name} are of the shape {probabilities.shape}: they "
            f"should be of {(len(paths), len(known))}, an image a row and a class a column."
        )
    return Result(
        name=classifier.name,
        kind=classifier.kind,
        probabilities=probabilities[:, [known.index(name) for name in classes]],
        fit_seconds=float(classifier.fit_seconds),
        predict_milliseconds=1000 * seconds / len(paths),
        megabytes=float(classifier.megabytes),
        details=classifier.details,
        history=classifier.history,
    )


def _require_classifier(classifier: Classifier) -> None:
    lacking = [name for name in COMPARED_BY if not hasattr(classifier, name)]
    if lacking:
        raise DataError(
            f"{classifier!r} cannot be compared: it has no {', '.join(lacking)}; "
            f"a classifier has {', '.join(COMPARED_BY)}."
        )
    if classifier.kind not in get_args(Kind):
        raise DataError(
            f"The kind of {classifier.name} is {classifier.kind!r}: "
            "it should be network or classic."
        )


def _require_same_classes(classifier: Classifier, classes: Sequence[str]) -> None:
    unlike = sorted(set(classifier.classes) ^ set(classes))
    if unlike:
        where = "the images" if unlike[0] in classes else "its training"
        raise DataError(
            f"{classifier.name} was trained on {len(classifier.classes)} classes and the images "
            f"have {len(classes)}: {unlike[0]!r} is only in {where}; "
            "compare classifiers on the images of the manifest that they were trained on."
        )


def _told_apart(results: Sequence[Result]) -> tuple[Result, ...]:
    taken: list[str] = []
    for each in results:
        name, number = each.name, 1
        while name in taken:
            number += 1
            name = f"{each.name} ({number})"
        taken.append(name)
    pairs = zip(results, taken, strict=True)
    return tuple(dataclasses.replace(each, name=name) for each, name in pairs)
