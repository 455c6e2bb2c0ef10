"""The report and the model card as Markdown, from the same facts as the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import transferkit
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import starting_weights
from transferkit.backbones.spec import BackboneSpec
from transferkit.data.manifest import SPLITS
from transferkit.evaluation.results import Result
from transferkit.models.network import Network
from transferkit.report.comparison import statistics_section
from transferkit.report.comparison.fairness import training_note
from transferkit.report.comparison.page_sections import classifier_of
from transferkit.report.comparison.serialize import plain
from transferkit.report.comparison.table import COLUMNS, Column, Entry
from transferkit.report.comparison.verdict import most_telling, ranking
from transferkit.report.html.formatting import percent, printable
from transferkit.report.html.render import TEMPLATES

if TYPE_CHECKING:
    from transferkit.report.comparison.report import Report

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")  # what Markdown may read as more than a letter
MOST_LEFT_OUT = 50  # files; the manifest has them all
WEAKEST = 3  # classes that the card names
Values = Callable[[], dict[str, Any]]
Sections = dict[str, Values]
MACROS = {  # of the templates, by the titles of their sections
    "Results": "results",
    "Which to choose": "choice",
    "Differences": "differences",
    "Repeats": "repeats",
    "Leaks": "leaks",
    "Confidence": "confidence",
    "Groups": "groups",
    "Data": "data",
    "The model": "model",
    "Meant for": "purpose",
    "How right it is": "scores",
    "Where it fails": "failures",
    "What it took": "cost",
}


def markdown_report(report: Report) -> str:
    """The report as a Markdown document, for a repository, an issue or an e-mail."""
    manifest, images = report.manifest, len(report.truth)
    lost = manifest.quarantined
    sections = {
        "Results": lambda: {
            "entries": report.entries,
            "columns": COLUMNS,
            "images": images,
            "training_note": training_note(report.results),
        },
        "Which to choose": lambda: statistics_section.choice(report),
        "Differences": lambda: statistics_section.differences(report),
        **({"Repeats": lambda: _repeats(report)} if report.spread is not None else {}),
        "Leaks": lambda: statistics_section.leaks(report) | {"images": images},
        "Confidence": lambda: _calibration(report),
        "Groups": lambda: statistics_section.groups(report),
        "Data": lambda: (
            _counts(report)
            | {
                "lost": list(lost[["path", "problem"]].head(MOST_LEFT_OUT).itertuples(index=False)),
                "lost_count": len(lost),
            }
        ),
    }
    head = f"# {escaped(_title(report))}\n\n{escaped(report.verdict)}\n\n"
    foot = (
        f"\nMade by transferkit {escaped(transferkit.__version__)}; `report.html` beside it has "
        "the figures and the images.\n"
    )
    return head + _rendered("report.md.jinja", sections, report) + foot


def model_card(report: Report) -> str:
    """What a user of the model should know of it, after Mitchell et al. (2019, arXiv 1810.03993).

    It is about the best network, or the best of all classifiers where there is none.
    """
    best, images = most_telling(ranking(report.results, report.truth)), len(report.truth)
    entry = next(each for each in report.entries if each["name"] == best.name)
    sections = {
        "The model": lambda: _facts_of(report, best, entry),
        "Meant for": lambda: {},
        "Data": lambda: _counts(report) | {"title": _title(report)},
        "How right it is": lambda: (
            {"verdict": report.verdict, "entry": entry, "columns": COLUMNS} | _calibration(report)
        ),
        "Where it fails": lambda: (
            statistics_section.leaks(report)
            | {
                "entry": entry,
                "entries": report.entries,
                "weakest": _weakest(entry),
                "groups": statistics_section.groups_of(report, best),
                "images": images,
            }
        ),
        "What it took": lambda: {"environment": plain(report.environment)},
    }
    head = f"# Model card: {escaped(entry['name'])} on {escaped(_title(report))}\n\n"
    return head + _rendered("model_card.md.jinja", sections, report)


def _rendered(template: str, sections: Sections, report: Report) -> str:
    """The sections one after another; one that fails says so in its place."""
    macros: Any = _environment().get_template(template).module
    text = ""
    for title, values in sections.items():
        part, name = f"the section {title!r}", MACROS[title]

        def make(name: str = name, values: Values = values) -> str:
            return str(getattr(macros, name)(**values()))

        made = report.faults.attempt(part, make, None)
        text += macros.failed(title, report.faults.of(part)) if made is None else made
    return text


def _facts_of(report: Report, best: Result, entry: Entry) -> dict[str, Any]:
    """Which model it is: its backbone, and what that started from."""
    model = report.config.model
    backbone = find_backbone(best.name) if best.name == model.backbone else None
    return {
        "entry": entry,
        "classes": report.classes,
        "ours": isinstance(classifier_of(report, best), Network),
        "backbone": backbone,
        "start": backbone and start_of(backbone, starting_weights(model)),
        "version": transferkit.__version__,
        "seed": report.config.seed,
    }


def _title(report: Report) -> str:
    return PurePath(report.manifest.source.rstrip("/\\")).name or "Images"


def _repeats(report: Report) -> dict[str, Any]:
    """Without the figure, which Markdown cannot show."""
    values = statistics_section.repeats(report)
    return {name: values[name] for name in ("spread", "spread_rows")}


def _calibration(report: Report) -> dict[str, Any]:
    return {"calibration": statistics_section.calibration(report)}


def _counts(report: Report) -> dict[str, Any]:
    manifest = report.manifest
    return {
        "splits": SPLITS,
        "counts": [
            (name, [int(row[split]) for split in SPLITS])
            for name, row in manifest.counts().iterrows()
        ],
        "notes": manifest.notes,
    }


def start_of(row: BackboneSpec, weights: str) -> str:
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


def escaped(text: object) -> str:
    """`text` as Markdown shows it letter by letter, on one line, no HTML in it."""
    shown = SPECIAL.sub(r"\\\1", printable(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
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
