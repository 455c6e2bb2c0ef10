"""The page of a learning curve: one HTML file without external resources."""

from __future__ import annotations

from pathlib import PurePath

from markupsafe import Markup

from transferkit.config.settings import Config
from transferkit.learning_curves.curve import MIN_FITTED_SIZE
from transferkit.learning_curves.summary import LearningCurveSummary
from transferkit.report.html.formatting import percent, points
from transferkit.report.html.render import standalone
from transferkit.report.learning_curve.figure import growth


def curve_page(curve: LearningCurveSummary, config: Config) -> str:
    """Return the whole page; all names from the user are escaped."""
    source = curve.source.rstrip("/\\")
    return standalone(
        "curve.html",
        styles=["page.css", "curve.css"],
        scripts=["page.js"],
        title=PurePath(source).name or "Images",
        source=source,
        verdict=" ".join(curve.verdict),
        headlines=headlines(curve),
        curve=curve,
        figure=Markup(growth(curve)),
        rows=curve.rows(),
        extrapolated=extrapolated(curve),
        fitted=MIN_FITTED_SIZE,
        settings=config.to_yaml(),
    )


def headlines(curve: LearningCurveSummary) -> list[tuple[str, str, str]]:
    """Return the key figures: `(number, description, details)`."""
    best = max(curve.lines, key=lambda line: line.means[-1])
    numbers = [(percent(best.means[-1]), f"with all {curve.images[-1]:,.0f} images", best.name)]
    if best.gain is not None:
        several = len(best.accuracies) > 1
        within = f"{best.gain.interval.in_percent}, {best.name}" if several else best.name
        numbers.append((f"+{points(best.gain.gain)}", "with twice the images", within))
    return [
        *numbers,
        (percent(curve.majority_share), "majority class", "without any training"),
    ]


def extrapolated(curve: LearningCurveSummary) -> list[str]:
    """Return the last row of the table: the gain from twice the images, by the power laws."""
    gains = ["–" if line.gain is None else f"+{points(line.gain.gain)}" for line in curve.lines]
    size, images = (f"{2 * values[-1]:,.0f}" for values in (curve.sizes, curve.images))
    return [f"twice: {size}", *gains, images, "extrapolated"]
