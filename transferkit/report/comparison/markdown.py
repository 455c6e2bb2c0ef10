"""The report and the model card as Markdown, from the same facts as the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import transferkit
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import starting_weights
from transferkit.backbones.spec import BackboneSpec
from transferkit.data.sources.split_names import SPLITS
from transferkit.evaluation.results import Result
from transferkit.report.comparison import statistics_sections
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.exports_section import exports
from transferkit.report.comparison.serialize import Entry, plain
from transferkit.report.comparison.table import COLUMNS, Column
from transferkit.report.comparison.training_note import training_note
from transferkit.report.comparison.verdict import verdict_of
from transferkit.report.comparison.visuals import is_own_network
from transferkit.report.html.formatting import percent, printable
from transferkit.report.html.render import TEMPLATES

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")  # what Markdown may read as more than a letter
MAX_LEFT_OUT = 50  # files; the manifest has them all
MAX_WEAKEST = 3  # classes that the card names
Values = Callable[[], dict[str, Any]]
Sections = dict[str, Values]
MACROS = {  # of report.md.jinja and model_card.md.jinja, by the titles of their sections
    "Results": "results",
    "Which to choose": "choice",
    "Differences": "differences",
    "Repeats": "repeats",
    "Leaks": "leaks",
    "Confidence": "confidence",
    "Groups": "groups",
    "Exports": "exports",
    "Data": "data",
    "The model": "model",
    "Intended use": "purpose",
    "Scores": "scores",
    "Limitations": "failures",
    "Cost": "cost",
}


def markdown_report(comparison: Comparison) -> str:
    """The report as a Markdown document, for a repository, an issue or an e-mail."""
    manifest, images = comparison.manifest, len(comparison.labels)
    lost = manifest.quarantined
    sections = {
        "Results": lambda: {
            "entries": comparison.entries,
            "columns": COLUMNS,
            "images": images,
            "training_note": training_note(comparison.results),
        },
        "Which to choose": lambda: statistics_sections.choice(comparison),
        "Differences": lambda: statistics_sections.differences(comparison),
        **({"Repeats": lambda: _repeats(comparison)} if comparison.repeats is not None else {}),
        "Leaks": lambda: statistics_sections.leaks(comparison) | {"images": images},
        "Confidence": lambda: _calibration(comparison),
        "Groups": lambda: statistics_sections.groups(comparison),
        **_exports(comparison),
        "Data": lambda: (
            _counts(comparison)
            | {
                "lost": list(lost[["path", "problem"]].head(MAX_LEFT_OUT).itertuples(index=False)),
                "lost_count": len(lost),
            }
        ),
    }
    head = f"# {escaped(_title(comparison))}\n\n{escaped(verdict_of(comparison))}\n\n"
    foot = (
        f"\nMade by transferkit {escaped(transferkit.__version__)}; `report.html` beside it has "
        "the figures and the images.\n"
    )
    return head + _rendered("report.md.jinja", sections, comparison) + foot


def model_card(comparison: Comparison) -> str:
    """Return the model card, after Mitchell et al. (2019, arXiv 1810.03993).

    It is about the best network, or the best of all classifiers where there is none.
    """
    best, images = comparison.main_result, len(comparison.labels)
    entry = next(row for row in comparison.entries if row["name"] == best.name)
    sections = {
        "The model": lambda: _facts_of(comparison, best, entry),
        "Intended use": lambda: {},
        "Data": lambda: _counts(comparison) | {"title": _title(comparison)},
        "Scores": lambda: (
            {"verdict": verdict_of(comparison), "entry": entry, "columns": COLUMNS}
            | _calibration(comparison)
        ),
        "Limitations": lambda: (
            statistics_sections.leaks(comparison)
            | {
                "entry": entry,
                "entries": comparison.entries,
                "weakest": _weakest(entry),
                "groups": statistics_sections.groups_of(comparison, best),
                "images": images,
            }
        ),
        **_exports(comparison),
        "Cost": lambda: {"environment": plain(comparison.environment)},
    }
    head = f"# Model card: {escaped(entry['name'])} on {escaped(_title(comparison))}\n\n"
    return head + _rendered("model_card.md.jinja", sections, comparison)


def _exports(comparison: Comparison) -> Sections:
    """Return the section of the exports, where there are any."""
    return {"Exports": lambda: exports(comparison) or {}} if comparison.exports else {}


def _rendered(template: str, sections: Sections, comparison: Comparison) -> str:
    """Return the sections one after another; one that fails is replaced by its error."""
    macros: Any = _environment().get_template(template).module
    text = ""
    for title, values in sections.items():
        part, name = f"the section {title!r}", MACROS[title]

        def make(name: str = name, values: Values = values) -> str:
            return str(getattr(macros, name)(**values()))

        made = comparison.faults.attempt(part, make, None)
        text += macros.failed(title, comparison.faults.of(part)) if made is None else made
    return text


def _facts_of(comparison: Comparison, best: Result, entry: Entry) -> dict[str, Any]:
    """Return the backbone of the model, and the weights it started from."""
    model = comparison.config.model
    backbone = find_backbone(best.name) if best.name == model.backbone else None
    return {
        "entry": entry,
        "classes": comparison.classes,
        "ours": is_own_network(comparison),
        "backbone": backbone,
        "start": backbone and start_of(backbone, starting_weights(model)),
        "version": transferkit.__version__,
        "seed": comparison.config.seed,
    }


def _title(comparison: Comparison) -> str:
    return PurePath(comparison.manifest.source.rstrip("/\\")).name or "Images"


def _repeats(comparison: Comparison) -> dict[str, Any]:
    """Without the figure, which Markdown cannot show."""
    values = statistics_sections.repeats(comparison)
    assert values is not None
    return {name: values[name] for name in ("spread", "spread_rows")}


def _calibration(comparison: Comparison) -> dict[str, Any]:
    return {"calibration": statistics_sections.calibration(comparison)}


def _counts(comparison: Comparison) -> dict[str, Any]:
    manifest = comparison.manifest
    return {
        "splits": SPLITS,
        "counts": [
            (name, [int(row[split]) for split in SPLITS])
            for name, row in manifest.counts().iterrows()
        ],
        "notes": manifest.notes,
    }


def start_of(row: BackboneSpec, weights: str) -> str:
    """Return in words which weights a network of `row` started from."""
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
            f"ImageNet weights ({checked}), which were trained on images that are provided for "
            f"non-commercial research; their licence: {row.licence}"
        )
    return (
        f"the weights in {weights}, not verified: what they were trained on, and their licence, "
        "are their own"
    )


def escaped(text: object) -> str:
    """Return `text` escaped for Markdown, on one line, without HTML."""
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
    """The classes with the lowest recall: `(name, recall)`."""
    known = [
        (name, scores["recall"])
        for name, scores in entry["per_class"].items()
        if scores["recall"] is not None
    ]
    return [(name, percent(recall)) for name, recall in sorted(known, key=_recall)[:MAX_WEAKEST]]


def _recall(pair: tuple[str, float]) -> float:
    return pair[1]
