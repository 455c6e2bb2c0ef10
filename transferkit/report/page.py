"""The report as one HTML file that fetches nothing: its text, figures, pictures and script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from transferkit.baselines.table import BASELINES
from transferkit.data.manifest import SPLITS
from transferkit.report import figures
from transferkit.report.by_class import class_counts, recalls
from transferkit.report.confusion import confusion_matrix
from transferkit.report.evidence_sections import evidence
from transferkit.report.explanation import explanations
from transferkit.report.feature_map import feature_map
from transferkit.report.gallery import gallery
from transferkit.report.pixel_maps import pixel_maps
from transferkit.report.records import flat, plain
from transferkit.report.standalone import standalone
from transferkit.report.table import COLUMNS, MORE_COLUMNS, Column, best_accuracy
from transferkit.report.verdict import commonest, correct, most_telling, ranking, rival
from transferkit.report.wording import percent
from transferkit.training.network import Network

if TYPE_CHECKING:
    from transferkit.report.report import Report

MOST_MATRICES = 12  # classes up to which every classifier's confusion matrix is drawn
MOST_QUARANTINED = 200  # rows; the manifest has them all


def page(report: Report) -> str:
    """The whole page; everything that a user named is escaped."""
    return standalone(
        "page.html",
        styles=("page.css", "enlarge.css", "explanation.css", "feature_map.css"),
        scripts=("page.js", "enlarge.js", "feature_map.js"),
        **_results(report),
        **evidence(report),
        **_figures(report),
        **_images(report),
        **_explained(report),
        **_settings(report),
    )


def _results(report: Report) -> dict[str, Any]:
    entries = report.entries
    return {
        "verdict": report.verdict,
        "headlines": headlines(report),
        "entries": entries,
        "columns": _known_columns(entries),
        "best": best_accuracy(entries),
        "titles": {baseline.name: baseline.title for baseline in BASELINES},
        "images": len(report.truth),
    }


def _known_columns(entries: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns of the table, without those that no classifier has a number in."""
    more = [each for each in MORE_COLUMNS if any(one.get(each.key) is not None for one in entries)]
    return [*COLUMNS, *more]


def headlines(report: Report) -> list[tuple[str, str, str]]:
    """The few numbers that matter: `(number, what it is, what qualifies it)`."""
    ranked, truth, headline = (
        ranking(report.results, report.truth),
        report.truth,
        report.judgement.headline,
    )
    pair = [ranked[0], *([rival(ranked)] if len(ranked) > 1 else [])]
    names = [each.name for each in report.results]
    found = []
    for each in sorted(pair, key=lambda result: result.kind != "network"):
        share = percent(headline.value(correct(each, truth)))
        alike = [one for one in ranked if one.kind == each.kind]
        place = "" if len(alike) == 1 else "best " if each is alike[0] else "next "
        within = report.judgement.accuracies[names.index(each.name)].in_percent
        what = f", {headline.name}" if headline.is_balanced else ""
        found.append((share, f"{place}{each.kind}{what}", f"{each.name}, {within}"))
    always = commonest(truth)
    return [
        *found,
        (percent(headline.constant), "always one class", f"the answer {report.classes[always]!r}"),
    ]


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
    }


def _explained(report: Report) -> dict[str, Any]:
    """Where the best network looked, and the map of the test images; None where there is none."""
    best = most_telling(ranking(report.results, report.truth))
    place = [each.name for each in report.results].index(best.name)
    network = report.classifiers[place] if place < len(report.classifiers) else None
    maps = {"pixel_maps": pixel_maps(report.classifiers, report.test)}
    if not isinstance(network, Network):
        return {"explanations": None, "feature_map": None, **maps}
    manifest, config = report.manifest, report.config
    return {
        "explanations": explanations(network, manifest, best, truth=report.truth, config=config),
        "feature_map": feature_map(network, manifest, best, truth=report.truth, config=config),
        **maps,
    }


def _settings(report: Report) -> dict[str, Any]:
    return {
        "details": {
            each["name"]: list(flat(each["details"])) for each in report.entries if each["details"]
        },
        "settings": report.config.to_yaml(),
        "environment": list(flat(plain(report.environment))),
    }
