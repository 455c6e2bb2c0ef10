"""Values for the macros of page_sections.html.

Those that both show are in `statistics_sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from transferkit.baselines.catalog import BASELINES
from transferkit.data.sources.split_names import SPLITS
from transferkit.evaluation.headline import majority_class
from transferkit.evaluation.ranking import competitor
from transferkit.evaluation.results import is_correct
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.gallery import gallery
from transferkit.report.comparison.serialize import flat, plain
from transferkit.report.comparison.table import COLUMNS, MORE_COLUMNS, Column, best_accuracy
from transferkit.report.comparison.training_note import training_note
from transferkit.report.comparison.visuals import explanations_of, feature_map_of, pixel_maps_of
from transferkit.report.figures import curves as figures
from transferkit.report.figures.confusion_matrix import confusion_matrix
from transferkit.report.figures.per_class import class_counts, recalls
from transferkit.report.html.formatting import percent

MAX_MATRIX_CLASSES = 12  # classes up to which every classifier's confusion matrix is drawn
MAX_QUARANTINED = 200  # rows; the manifest has them all


def results(comparison: Comparison) -> dict[str, Any]:
    """Values of the table of results; a figure that fails leaves the table."""
    entries = comparison.entries
    return {
        "entries": entries,
        "columns": _known_columns(entries),
        "best": best_accuracy(entries),
        "titles": {baseline.name: baseline.title for baseline in BASELINES},
        "images": len(comparison.labels),
        "cost": _figure(comparison, "accuracy by training time", lambda: figures.cost(entries)),
        "training_note": training_note(comparison.results),
        "recalls": _figure(
            comparison, "recall by class", lambda: recalls(entries, comparison.classes)
        ),
    }


def _figure(comparison: Comparison, what: str, draw: Callable[[], str]) -> Markup:
    """Return the figure, or a line with the reason why there is none."""
    part = f"the figure of {what}"
    figure = comparison.faults.attempt(part, draw, None)
    if figure is None:
        error = comparison.faults.of(part)
        return Markup('<p class="note">{} could not be drawn: {}.</p>').format(part, error)
    return Markup(figure)


def _known_columns(entries: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return the columns of the table that have a value for some classifier."""
    more = [
        column
        for column in MORE_COLUMNS
        if any(entry.get(column.key) is not None for entry in entries)
    ]
    return [*COLUMNS, *more]


def headlines(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return the key figures: `(number, description, details)`."""
    ranked, labels, headline = (
        comparison.ranked,
        comparison.labels,
        comparison.statistics.headline,
    )
    pair = [ranked[0], *([competitor(ranked)] if len(ranked) > 1 else [])]
    names = [result.name for result in comparison.results]
    numbers = []
    for result in sorted(pair, key=lambda result: result.kind != "network"):
        share = percent(headline.value(is_correct(result, labels)))
        alike = [other for other in ranked if other.kind == result.kind]
        rank = "" if len(alike) == 1 else "best " if result is alike[0] else "next "
        within = comparison.statistics.accuracies[names.index(result.name)].in_percent
        what = f", {headline.name}" if headline.is_balanced else ""
        numbers.append((share, f"{rank}{result.kind}{what}", f"{result.name}, {within}"))
    always = majority_class(labels)
    return [
        *numbers,
        (
            percent(headline.constant),
            "majority class",
            f"always {comparison.classes[always]!r}",
        ),
    ]


def curves(comparison: Comparison) -> dict[str, Any] | None:
    """Return the training curves of each classifier with two epochs or more.

    The most accurate is first.
    """
    by_name = {result.name: result for result in comparison.ranked}
    by_classifier = {
        name: [
            Markup(figures.training_curve(by_name[name].history, quantity, name))
            for quantity in ("loss", "accuracy")
        ]
        for name in (entry["name"] for entry in comparison.entries)
        if name in by_name and len(by_name[name].history) > 1
    }
    return {"curves": by_classifier} if by_classifier else None


def confusion(comparison: Comparison) -> dict[str, Any]:
    """Return every confusion matrix if they are small, else the best one of each kind."""
    large = len(comparison.classes) > MAX_MATRIX_CLASSES
    shown = comparison.ranked
    if large:
        shown = [shown[0], *([competitor(shown)] if len(shown) > 1 else [])]
    counts = {
        result.name: scores.confusion
        for result, scores in zip(comparison.results, comparison.scores, strict=True)
    }
    matrices = [
        confusion_matrix(
            counts[result.name], comparison.classes, name=result.name, kind=result.kind
        )
        for result in shown
    ]
    return {"matrices": [Markup(matrix) for matrix in matrices], "large": large}


def images(comparison: Comparison) -> dict[str, Any] | None:
    """Return test images with the predictions of the best network, or of the best classifier."""
    best = comparison.main_result
    shown = gallery(best, comparison.test, comparison.classes, comparison.config.data)
    return {"gallery": shown, "seen_by": best.name} if shown else None


def explanation(comparison: Comparison) -> dict[str, Any] | str | None:
    """Return the values of the Grad-CAM section; None if the best classifier is no network."""
    return _named("explanations", explanations_of(comparison))


def feature_map(comparison: Comparison) -> dict[str, Any] | str | None:
    """Values of the map of the test images by the features of the best network's backbone."""
    return _named("feature_map", feature_map_of(comparison))


def pixels(comparison: Comparison) -> dict[str, Any] | str | None:
    """Values of the section on the pixel importance of the baselines on pixels."""
    return _named("pixel_maps", pixel_maps_of(comparison))


def _named(name: str, visual: Any) -> dict[str, Any] | str | None:
    return visual if isinstance(visual, str) else {name: visual}


def data(comparison: Comparison) -> dict[str, Any]:
    """The source, the notes on it, and the images by class and split."""
    counts = comparison.manifest.counts()
    return {
        "source": comparison.manifest.source.rstrip("/\\"),
        "notes": comparison.manifest.notes,
        "splits": SPLITS,
        "counts": counts,
        "counts_figure": _figure(comparison, "images by class", lambda: class_counts(counts)),
    }


def lost(comparison: Comparison) -> dict[str, Any] | None:
    """The files that were left out, with their problems."""
    rows = comparison.manifest.quarantined
    if rows.empty:
        return None
    shown = rows[["path", "problem"]].head(MAX_QUARANTINED)
    return {"lost": list(shown.itertuples(index=False)), "lost_count": len(rows)}


def details(comparison: Comparison) -> dict[str, Any] | None:
    """Details of each classifier."""
    rows = {
        entry["name"]: list(flat(entry["details"]))
        for entry in comparison.entries
        if entry["details"]
    }
    return {"details": rows} if rows else None


def settings(comparison: Comparison) -> dict[str, Any]:
    """Every setting, as the YAML of config.yaml."""
    return {"settings": comparison.settings_text or comparison.config.to_yaml()}


def environment(comparison: Comparison) -> dict[str, Any] | None:
    """Environment of the run."""
    rows = list(flat(plain(comparison.environment)))
    return {"environment": rows} if rows else None
