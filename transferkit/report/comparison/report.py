"""Report of a comparison: what is printed, shown in a notebook and saved; and `compare`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.table import Table

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.evaluation.results import Classifier, Result
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.predictions import (
    predict_test_images,
    require_classifier,
    require_same_classes,
    told_apart,
)
from transferkit.report.comparison.results_file import Answered
from transferkit.report.comparison.saving import save_report
from transferkit.report.comparison.table import html_table, plain_text, rich_table
from transferkit.report.comparison.training_note import training_note
from transferkit.report.comparison.verdict import verdict_of
from transferkit.report.html.formatting import counted
from transferkit.storage.active_run import active_run
from transferkit.storage.run import Run


@dataclasses.dataclass(frozen=True, eq=False)
class Report(Comparison):
    """A comparison as table, sentence, HTML and files.

    `print` shows the table and the verdict, a notebook the same as HTML, and `save` writes the
    page, the Markdown report and the model card. The numbers are those of `Comparison`.
    """

    @property
    def verdict(self) -> str:
        """One sentence: the best classifier, its accuracy, and the difference to the next one."""
        return verdict_of(self)

    def table(self) -> Table:
        """Return the classifiers by accuracy as a rich table."""
        return rich_table(self.entries)

    def __str__(self) -> str:
        note = training_note(self.results)
        parts = [plain_text(self.table()), *([note] if note else []), self.verdict]
        if self.repeats is not None:
            parts.append(f"{self.repeats.title}\n{self.repeats}")
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        names = ", ".join(row["name"] for row in self.entries)
        return f"<Report on {counted(len(self.labels), 'test image')}: {names}>"

    def _repr_html_(self) -> str:
        note = training_note(self.results)
        return html_table(self.entries, [*([note] if note else []), self.verdict])

    def save(self, run: Run | str | Path) -> None:
        """Write results.json, predictions.csv, scores.json and the pages into `run`, a folder.

        Predictions and scores come first. A part of the report that fails is replaced by the
        error and leaves the others; errors.txt then has the tracebacks. Repeats add repeats.csv
        and repeats.png.

        Raises:
            RunError: a file cannot be written; the others are, where they can be.
        """
        save_report(self, Run(run))


def compare(
    classifiers: Iterable[Classifier],
    manifest: Manifest,
    config: Config = Config(),
    *,
    environment: Mapping[str, Any] | None = None,
    run: Run | None = None,
) -> Report:
    """Predict the manifest's test images with every classifier, and score and time the results.

    Classifiers of one name are told apart by a number: `lenet`, `lenet (2)`. With a `run`, the
    predictions of each classifier are saved in its folder at once.

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
    for classifier in classifiers:
        require_classifier(classifier)
        require_same_classes(classifier, classes)
    labels, paths = manifest.label_indices(test), list(test["path"])
    run = run or active_run()
    created = datetime.now(timezone.utc)
    results: tuple[Result, ...] = ()
    for classifier in classifiers:
        results = told_apart([*results, predict_test_images(classifier, classes, paths)])
        if run:
            answered = Answered(manifest, test, results, asked=len(classifiers), created=created)
            answered.save(run, whole=len(results) == len(classifiers))
    return Report(
        classes=classes,
        test=test,
        labels=labels,
        results=results,
        manifest=manifest,
        config=manifest.settled(config),
        environment=dict(environment or {}),
        classifiers=classifiers,
        created=created,
        predictions_in=run.folder if run else None,
    )
