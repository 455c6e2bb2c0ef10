"""Classifiers on the same test images, side by side: `compare` and the Report that it gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.evaluation.metrics import Scores, score
from transferkit.evaluation.results import Classifier, Result
from transferkit.evaluation.statistics import Statistics, compute_statistics
from transferkit.report.comparison.fairness import training_note
from transferkit.report.comparison.predictions import (
    predict_test_images,
    require_classifier,
    require_same_classes,
    told_apart,
)
from transferkit.report.comparison.repeats import RepeatedRuns
from transferkit.report.comparison.results_file import Answered
from transferkit.report.comparison.serialize import entry
from transferkit.report.comparison.table import html_table, ordered, plain_text, rich_table
from transferkit.report.comparison.verdict import verdict
from transferkit.report.html.formatting import counted
from transferkit.runtime.faults import Faults
from transferkit.storage.active_run import active_run
from transferkit.storage.run import Run

NO_EVIDENCE: dict[str, Any] = {"intervals": {}, "expected_calibration_error": None, "brier": None}


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
        classifiers: those that were asked, in the order of the results; None for one that is
            not at hand any more.
        spread: accuracies of this and of repeats with other seeds, where there were any.
        created: when the classifiers had answered, in UTC.
        absent: why a classifier is not at hand, by its name.
        settings_text: the YAML of the settings, where it has more than `config`.
        faults: the parts that could not be made.
        answers_in: the folder that has the answers already.
    """

    classes: tuple[str, ...]
    test: pd.DataFrame
    truth: np.ndarray
    results: tuple[Result, ...]
    scores: tuple[Scores, ...]
    manifest: Manifest
    config: Config
    environment: Mapping[str, Any]
    classifiers: tuple[Classifier | None, ...] = ()
    spread: RepeatedRuns | None = None
    created: datetime | None = None
    absent: Mapping[str, str] = dataclasses.field(default_factory=dict)
    settings_text: str = ""
    faults: Faults = dataclasses.field(default_factory=Faults)
    answers_in: Path | None = None

    @property
    def entries(self) -> list[dict[str, Any]]:
        """One dictionary a classifier, as in scores.json, the most accurate first."""
        attempt, judgement = self.faults.attempt, self.judgement
        pairs = enumerate(zip(self.results, self.scores, strict=True))
        return ordered([entry(*pair, judgement.of(number, attempt)) for number, pair in pairs])

    @property
    def plain_entries(self) -> list[dict[str, Any]]:
        """The entries without the evidence, which takes longer."""
        pairs = zip(self.results, self.scores, strict=True)
        return ordered([entry(*pair, NO_EVIDENCE) for pair in pairs])

    @cached_property
    def judgement(self) -> Statistics:
        """Intervals, tests of the differences, calibration, leaks and slices."""
        leaked = self.test["path"].isin(self.manifest.leaked["path"]).to_numpy()
        return compute_statistics(
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

        def sentence() -> str:
            return verdict(
                self.results,
                self.truth,
                self.classes,
                accuracies=self.judgement.accuracies,
                differences=self.judgement.differences,
            )

        found = self.faults.attempt("the verdict", sentence, "")
        return found or f"The verdict could not be made: {self.faults.of('the verdict')}."

    def table(self) -> Table:
        """The classifiers by accuracy, as a table of rich."""
        return rich_table(self.entries)

    def __str__(self) -> str:
        note = training_note(self.results)
        parts = [plain_text(self.table()), *([note] if note else []), self.verdict]
        if self.spread is not None:
            parts.append(f"{self.spread.title}\n{self.spread}")
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        names = ", ".join(each["name"] for each in self.entries)
        return f"<Report on {counted(len(self.truth), 'test image')}: {names}>"

    def _repr_html_(self) -> str:
        note = training_note(self.results)
        return html_table(self.entries, [*([note] if note else []), self.verdict])

    def save(self, run: Run | str | Path) -> None:
        """Write results.json, predictions.csv, scores.json and the report's pages into `run`.

        It is a run or a folder. Answers and scores come first. A part of the report that fails
        says so in its place and leaves the others; errors.txt then has the tracebacks. A spread
        adds repeats.csv and repeats.png.

        Raises:
            RunError: a file cannot be written; the others are, where they can be.
        """
        from transferkit.report.comparison.saving import save_report

        save_report(self, Run(run))


def compare(
    classifiers: Iterable[Classifier],
    manifest: Manifest,
    config: Config = Config(),
    *,
    environment: Mapping[str, Any] | None = None,
    run: Run | None = None,
) -> Report:
    """Ask every classifier about the manifest's test images, and score and time the answers.

    Classifiers of one name are told apart by a number: `lenet`, `lenet (2)`. With a `run`, the
    answers of each are in its folder as soon as they are there.

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
        require_classifier(each)
        require_same_classes(each, classes)
    truth, paths = manifest.truth(test), list(test["path"])
    run = run or active_run()
    created = datetime.now(timezone.utc)
    results: tuple[Result, ...] = ()
    for each in classifiers:
        results = told_apart([*results, predict_test_images(each, classes, paths)])
        if run:
            answered = Answered(manifest, test, results, asked=len(classifiers), created=created)
            answered.save(run, whole=len(results) == len(classifiers))
    scores = tuple(score(truth, each.probabilities, classes) for each in results)
    return Report(
        classes=classes,
        test=test,
        truth=truth,
        results=results,
        scores=scores,
        manifest=manifest,
        config=manifest.settled(config),
        environment=dict(environment or {}),
        classifiers=classifiers,
        created=created,
        answers_in=run.folder if run else None,
    )
