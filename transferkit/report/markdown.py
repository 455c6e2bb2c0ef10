"""The report and the model card as Markdown, from the same facts as the page."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import transferkit
from transferkit.backbones.row import Backbone
from transferkit.backbones.start import starting_weights
from transferkit.backbones.table import find_backbone
from transferkit.data.manifest import SPLITS
from transferkit.evidence.results import Result
from transferkit.report.evidence_sections import evidence, groups_of
from transferkit.report.records import plain
from transferkit.report.table import COLUMNS, Column, Entry
from transferkit.report.verdict import most_telling, ranking
from transferkit.report.wording import percent, printable
from transferkit.training.network import Network

if TYPE_CHECKING:
    from transferkit.report.report import Report

FOLDER = Path(__file__).parent
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")  # what Markdown may read as more than a letter
MOST_LEFT_OUT = 50  # files; the manifest has them all
WEAKEST = 3  # classes that the card names


def markdown_report(report: Report) -> str:
    """The report as a Markdown document, for a repository, an issue or an e-mail."""
    return _environment().get_template("report.md.jinja").render(**_facts(report))


def model_card(report: Report) -> str:
    """What a user of the model should know of it, after Mitchell et al. (2019, arXiv 1810.03993).

    It is about the best network, or the best of all classifiers where there is none.
    """
    best = most_telling(ranking(report.results, report.truth))
    entry = next(each for each in report.entries if each["name"] == best.name)
    model, backbone = report.config.model, None
    if best.name == model.backbone:
        backbone = find_backbone(best.name)
    return (
        _environment()
        .get_template("model_card.md.jinja")
        .render(
            **(_facts(report) | {"groups": groups_of(report, best)}),
            entry=entry,
            ours=_is_ours(report, best),
            backbone=backbone,
            start=backbone and start_of(backbone, starting_weights(model)),
            weakest=_weakest(entry),
            settings=report.config,
            environment=plain(report.environment),
        )
    )


def start_of(row: Backbone, weights: str) -> str:
    """What a network of `row` started from, in words."""
    if weights == "none":
        return "random weights"
    if weights == "embedded":
        return "the weights that come with transferkit"
    if weights == "imagenet":
        checked = (
            "checked against their published digest"
            if row.weights_hash
            else "not verified, since Keras publishes no digest of them"
        )
        return (
            f"ImageNet weights ({checked}), which were learnt from pictures that are given out for "
            f"research without profit; their licence: {row.licence}"
        )
    return (
        f"the weights in {weights}, not verified: what they were trained on, and their licence, "
        "are their own"
    )


def _is_ours(report: Report, best: Result) -> bool:
    """Whether `best` is a network that the run folder has as its model."""
    place = [each.name for each in report.results].index(best.name)
    return place < len(report.classifiers) and isinstance(report.classifiers[place], Network)


def escaped(text: object) -> str:
    """`text` as Markdown shows it letter by letter, on one line, no HTML in it."""
    shown = SPECIAL.sub(r"\\\1", printable(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,  # which knows HTML alone: `finalize` escapes every value for Markdown
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, printable=printable, cell=_cell)
    return environment


def _cell(column: Column, entry: Entry) -> str:
    return column.text(entry)


def _facts(report: Report) -> dict[str, Any]:
    manifest, source = report.manifest, report.manifest.source.rstrip("/\\")
    lost = manifest.quarantined
    return {
        **evidence(report),
        "title": PurePath(source).name or "Images",
        "verdict": report.verdict,
        "entries": report.entries,
        "columns": COLUMNS,
        "classes": report.classes,
        "images": len(report.truth),
        "splits": SPLITS,
        "counts": [
            (name, [int(row[split]) for split in SPLITS])
            for name, row in manifest.counts().iterrows()
        ],
        "notes": manifest.notes,
        "lost": list(lost[["path", "problem"]].head(MOST_LEFT_OUT).itertuples(index=False)),
        "lost_count": len(lost),
        "version": transferkit.__version__,
    }


def _weakest(entry: Entry) -> list[tuple[str, str]]:
    """The classes that the classifier finds hardest: `(name, recall)`."""
    known = [
        (name, scores["recall"])
        for name, scores in entry["per_class"].items()
        if scores["recall"] is not None
    ]
    return [(name, percent(recall)) for name, recall in sorted(known, key=_recall)[:WEAKEST]]


def _recall(pair: tuple[str, float]) -> float:
    return pair[1]
