"""The report as one HTML file that fetches nothing: its text, figures, pictures and script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import transferkit
from transferkit.baselines.table import BASELINES
from transferkit.data.manifest import SPLITS
from transferkit.evidence.results import Result
from transferkit.report import figures
from transferkit.report.by_class import class_counts, recalls
from transferkit.report.confusion import confusion_matrix
from transferkit.report.gallery import gallery
from transferkit.report.records import plain
from transferkit.report.table import COLUMNS, best_accuracy
from transferkit.report.verdict import commonest, correct, ranking, rival, standard_error
from transferkit.report.wording import percent, points, printable

if TYPE_CHECKING:
    from transferkit.report.report import Report

FOLDER = Path(__file__).parent
MOST_MATRICES = 12  # classes up to which every classifier's confusion matrix is drawn
MOST_QUARANTINED = 200  # rows; the manifest has them all


def page(report: Report) -> str:
    """The whole page; everything that a user named is escaped."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, printable=printable, breakable=breakable)
    style, script = ((FOLDER / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        style=Markup(style),
        script=Markup(script),
        script_digest=digest,
        version=transferkit.__version__,
        made=datetime.now(timezone.utc).strftime("%d %B %Y, %H:%M UTC").lstrip("0"),
        **_results(report),
        **_figures(report),
        **_images(report),
        **_settings(report),
    )


def breakable(text: object) -> Markup:
    """Escaped text whose lines may break after an underscore, and not before a per cent sign."""
    escaped = escape(printable(text))
    return Markup(escaped.replace("_", Markup("_<wbr>")).replace(" %", "\N{NO-BREAK SPACE}%"))


def _results(report: Report) -> dict[str, Any]:
    entries = report.entries
    return {
        "verdict": report.verdict,
        "headlines": headlines(report),
        "entries": entries,
        "columns": COLUMNS,
        "best": best_accuracy(entries),
        "titles": {baseline.name: baseline.title for baseline in BASELINES},
        "classes": report.classes,
        "images": len(report.truth),
    }


def headlines(report: Report) -> list[tuple[str, str, str]]:
    """The few numbers that matter: `(number, what it is, what qualifies it)`."""
    ranked, truth = ranking(report.results, report.truth), report.truth
    pair = [ranked[0], *([rival(ranked)] if len(ranked) > 1 else [])]
    found = []
    for each in sorted(pair, key=lambda result: result.kind != "network"):
        right, alike = correct(each, truth), [one for one in ranked if one.kind == each.kind]
        place = "" if len(alike) == 1 else "best " if each is alike[0] else "next "
        error = points(standard_error(right))
        found.append((percent(right.mean()), f"{place}{each.kind}", f"{each.name}, ± {error}"))
    always = commonest(truth)
    share = percent((truth == always).mean())
    return [*found, (share, "always one class", f"the answer {report.classes[always]!r}")]


def _figures(report: Report) -> dict[str, Any]:
    results = {each.name: each for each in ranking(report.results, report.truth)}
    entries = [each for each in report.entries if each["name"] in results]
    curves = {
        name: [
            Markup(figures.learning_curve(results[name].history, quantity, name))
            for quantity in ("loss", "accuracy")
        ]
        for name in (entry["name"] for entry in entries)
        if results[name].history
    }
    return {
        "cost": Markup(figures.cost(entries)),
        "recalls": Markup(recalls(entries, report.classes)),
        "counts_figure": Markup(class_counts(report.manifest.counts())),
        "curves": curves,
        "large": len(report.classes) > MOST_MATRICES,
        "matrices": [Markup(each) for each in _matrices(report)],
    }


def _matrices(report: Report) -> list[str]:
    """Every classifier's confusion matrix where they are small, else the best of each kind's."""
    shown = ranking(report.results, report.truth)
    if len(report.classes) > MOST_MATRICES:
        shown = [shown[0], *([rival(shown)] if len(shown) > 1 else [])]
    counts = {
        each.name: one.confusion for each, one in zip(report.results, report.scores, strict=True)
    }
    return [
        confusion_matrix(counts[each.name], report.classes, name=each.name, kind=each.kind)
        for each in shown
    ]


def _images(report: Report) -> dict[str, Any]:
    best = most_telling(ranking(report.results, report.truth))
    manifest = report.manifest
    lost = manifest.quarantined
    source = manifest.source.rstrip("/\\")
    return {
        "seen_by": best.name,
        "gallery": gallery(best, report.test, report.classes, report.config.data),
        "source": source,
        "title": PurePath(source).name or "Images",
        "notes": manifest.notes,
        "splits": SPLITS,
        "counts": manifest.counts(),
        "lost": list(lost[["path", "problem"]].head(MOST_QUARANTINED).itertuples(index=False)),
        "lost_count": len(lost),
        "file_name": lambda path: PurePath(path).name,
    }


def most_telling(ranked: Sequence[Result]) -> Result:
    """The best network, or the best of all where there is none."""
    return next((each for each in ranked if each.kind == "network"), ranked[0])


def _settings(report: Report) -> dict[str, Any]:
    return {
        "details": {
            each["name"]: list(flat(each["details"])) for each in report.entries if each["details"]
        },
        "settings": report.config.to_yaml(),
        "environment": list(flat(plain(report.environment))),
    }


def flat(values: Mapping[str, Any], start: str = "") -> list[tuple[str, str]]:
    """Nested values as rows of a table: the dotted name, and what it is."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += flat(value, f"{start}{name}.")
        else:
            text = f"{value:.6g}" if isinstance(value, float) else str(value)
            found.append(
                (start + name, ", ".join(map(str, value)) if isinstance(value, list) else text)
            )
    return found
