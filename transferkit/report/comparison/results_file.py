"""Predictions in a run folder: predictions.csv, and results.json for everything else.

They are written as soon as they are there, before statistics and figures, and hold all that
a report is made of beside the other files of the run.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from transferkit.data.manifest import Manifest
from transferkit.errors import RunError
from transferkit.evaluation.results import Result
from transferkit.evaluation.summary import SUMMARIES, EpochRecord
from transferkit.report.comparison.repeats import RepeatedRuns
from transferkit.report.comparison.serialize import plain, predictions_csv, predictions_header
from transferkit.runtime.printing import unguarded
from transferkit.storage.files import write_json, write_text
from transferkit.storage.run import Run

ANSWERS, PROBABILITIES = "results.json", "predictions.csv"
MAX_NUMBERS = 1_000_000  # probabilities: a second to write, and to write again for each classifier
FACTS = ("name", "kind", "fit_seconds", "predict_milliseconds", "megabytes")


@dataclasses.dataclass(frozen=True, eq=False)
class Answered:
    """The available results of `asked` classifiers, on the rows `test` of `manifest`."""

    manifest: Manifest
    test: pd.DataFrame
    results: tuple[Result, ...]
    asked: int
    created: datetime
    repeats: RepeatedRuns | None = None

    def save(self, run: Run, *, whole: bool = True) -> None:
        """Write both files into `run`; unless the comparison is `whole`, only if they are small.

        Raises:
            RunError: they cannot be written.
        """
        numbers = sum(result.probabilities.size for result in self.results)
        if whole or numbers <= MAX_NUMBERS or len(self.results) == 1:
            text = predictions_csv(self.manifest.classes, self.test, self.results)
            write_text(run / PROBABILITIES, text)
            self.save_facts(run)

    def save_facts(self, run: Run) -> None:
        """Write results.json alone.

        Raises:
            RunError: it cannot be written.
        """
        write_json(run / ANSWERS, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The contents of results.json."""
        content: dict[str, Any] = {
            "created": self.created.isoformat(),
            "source": self.manifest.source,
            "notes": list(self.manifest.notes),
            "classes": list(self.manifest.classes),
            "asked": self.asked,
            "classifiers": [
                {name: getattr(result, name) for name in FACTS}
                | {
                    "numbers": result.probabilities.dtype.name,
                    "summary": plain(result.summary.to_json()),
                    "summary_type": type(result.summary).__name__,
                    "history": plain([row.to_json() for row in result.history]),
                }
                for result in self.results
            ],
        }
        if self.repeats is not None:
            content["repeats"] = {
                "varied": list(self.repeats.varied),
                "title": self.repeats.title,
                "trials": plain(self.repeats.trials.to_dict(orient="list")),
            }
        return content


def read_answers(run: Run, manifest: Manifest) -> Answered:
    """Return the predictions in `run`; `manifest` is that of the run.

    Raises:
        RunError: they are not there, or are not those of this manifest.
    """
    content = run.json(ANSWERS)
    try:
        manifest = Manifest(manifest.frame, content["source"], content["notes"])
        test, classes, facts = manifest.part("test"), content["classes"], content["classifiers"]
        if classes != list(manifest.classes):
            raise RunError(_unlike(run, "results.json has other classes than manifest.csv"))
        probabilities = _read_probabilities(run, test, classes, facts)
        results = [
            Result(
                **{name: fact[name] for name in FACTS},
                probabilities=answers,
                summary=SUMMARIES[fact["summary_type"]].from_json(fact["summary"]),
                history=list(map(EpochRecord.from_json, fact["history"])),
            )
            for fact, answers in zip(facts, probabilities, strict=True)
        ]
        created, asked = datetime.fromisoformat(content["created"]), int(content["asked"])
        repeats = _repeats(content.get("repeats"))
        return Answered(manifest, test, tuple(results), asked, created, repeats)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        problem = f"results.json is not as a run writes it ({type(error).__name__}: {error})"
        raise RunError(_unlike(run, problem)) from error


def _read_probabilities(
    run: Run, test: pd.DataFrame, classes: Sequence[str], facts: Sequence[Mapping[str, Any]]
) -> list[np.ndarray]:
    """Return `(images, classes)` of each classifier, in its original type."""
    path = run / PROBABILITIES
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            header, *rows = (list(map(unguarded, line)) for line in csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"{str(path)!r} cannot be read: {error}.") from error
    wanted = predictions_header(classes, [fact["name"] for fact in facts])
    if header[: len(wanted)] != wanted or [row[1] for row in rows] != list(test["label"]):
        problem = "predictions.csv is not of the classifiers of results.json and of manifest.csv"
        raise RunError(_unlike(run, problem))
    answers = []
    for number, fact in enumerate(facts):
        start = 2 + number * (2 + len(classes)) + 2  # after path, label, and its own first two
        texts = [row[start : start + len(classes)] for row in rows]
        answers.append(np.array(texts, dtype=fact["numbers"]).reshape(len(rows), len(classes)))
    return answers


def _repeats(content: Mapping[str, Any] | None) -> RepeatedRuns | None:
    if content is None:
        return None
    trials = pd.DataFrame(content["trials"])
    return RepeatedRuns(tuple(content["varied"]), trials, content["title"])


def _unlike(run: Run, problem: str) -> str:
    return f"The report of {str(run.folder)!r} cannot be made again: {problem}."
