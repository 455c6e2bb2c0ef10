"""The contents of scores.json and predictions.csv."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferkit.evaluation.metrics import Scores
from transferkit.evaluation.results import Result
from transferkit.runtime.printing import csv_text
from transferkit.runtime.profiling import ResourceUsage

Entry = dict[str, Any]

PER_CLASS = ("precision", "recall", "f1", "support")


def entry(result: Result, scores: Scores, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return one classifier for scores.json: description, scores and cost.

    `evidence` holds its `Statistics`.
    """
    values, usage = scores.to_json(), result.summary.usage or ResourceUsage()
    per_class = zip(*(values[key] for key in PER_CLASS), strict=True)
    return {
        "name": result.name,
        "kind": result.kind,
        "accuracy": scores.accuracy,
        "accuracy_interval": evidence["intervals"].get("accuracy"),
        "balanced_accuracy": scores.balanced_accuracy,
        "macro_f1": scores.macro_f1,
        "log_loss": scores.log_loss,
        "fit_seconds": result.fit_seconds,
        "predict_milliseconds": result.predict_milliseconds,
        "megabytes": result.megabytes,
        "peak_megabytes": usage.peak_megabytes,
        "joules": usage.joules,
        **evidence,
        "per_class": {
            name: dict(zip(PER_CLASS, numbers, strict=True))
            for name, numbers in zip(scores.classes, per_class, strict=True)
        },
        "confusion": values["confusion"],
        "details": plain(result.summary.facts),
    }


def scores_json(
    classes: Sequence[str],
    test: pd.DataFrame,
    entries: Sequence[dict[str, Any]],
    evidence: Mapping[str, Any],
) -> dict[str, Any]:
    """The contents of scores.json."""
    return {
        "classes": list(classes),
        "test_images": len(test),
        "manifest": fingerprint(test),
        **evidence,
        "classifiers": list(entries),
    }


def fingerprint(test: pd.DataFrame) -> str:
    """Return twelve hexadecimal digits that identify the test images, in any order.

    Drawn with SHA-256 from their labels and the last two parts of their paths, class folder and
    file name, so that runs on other images are told apart and a folder may be moved. The files are
    not read: other pictures under the same names are taken for the same.
    """
    lines = sorted(
        f"{'/'.join(Path(path).parts[-2:])}\t{label}\n"
        for path, label in zip(test["path"], test["label"], strict=True)
    )
    content = "".join(lines).encode("utf-8", errors="surrogateescape")
    return hashlib.sha256(content).hexdigest()[:12]


def predictions_csv(classes: Sequence[str], test: pd.DataFrame, results: Sequence[Result]) -> str:
    """The contents of predictions.csv: one row per test image, one group of columns per classifier.

    The columns are path, label, and for each classifier `NAME:predicted`, `NAME:probability`
    (of the predicted class) and `NAME:p(CLASS)` for every class. A number has as many figures as
    are needed to read the very same one back.
    """
    columns = [list(test["path"]), list(test["label"])]
    for result in results:
        answers = result.probabilities
        columns += [[classes[index] for index in result.predicted], _texts(answers.max(axis=1))]
        columns += [_texts(column) for column in answers.T]
    header = predictions_header(classes, [result.name for result in results])
    return csv_text(header, zip(*columns, strict=True), line_end="\n")


def predictions_header(classes: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names of the columns of predictions.csv for the classifiers `names`."""
    header = ["path", "label"]
    for name in names:
        header += [f"{name}:predicted", f"{name}:probability"]
        header += [f"{name}:p({label})" for label in classes]
    return header


def _texts(values: np.ndarray) -> list[str]:
    """Return numbers as the shortest text that gives the same number again."""
    return [str(value) for value in values]


def plain(value: Any) -> Any:
    """Return `value` as JSON types: NumPy numbers become numbers, NaN and all else text."""

    def simplest(other: Any) -> Any:
        return other.tolist() if hasattr(other, "tolist") else str(other)

    return json.loads(json.dumps(value, default=simplest), parse_constant=str)


def flat(values: Mapping[str, Any], start: str = "") -> list[tuple[str, str]]:
    """Return nested values as rows of a table: dotted name and value."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            pairs += flat(value, f"{start}{name}.")
        else:
            text = f"{value:.6g}" if isinstance(value, float) else str(value)
            pairs.append(
                (start + name, ", ".join(map(str, value)) if isinstance(value, list) else text)
            )
    return pairs


def order_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries by accuracy, the highest first; of equals the cheaper first."""
    return sorted(entries, key=lambda entry: (-entry["accuracy"], entry["fit_seconds"]))
