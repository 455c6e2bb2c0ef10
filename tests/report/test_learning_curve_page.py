"""The page of a learning curve: its figure and what surrounds it."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

from transferkit.config.settings import Config
from transferkit.learning_curves.curve import CurveLine
from transferkit.learning_curves.doubling import Correctness
from transferkit.learning_curves.summary import LearningCurveSummary
from transferkit.report.learning_curve.figure import growth
from transferkit.report.learning_curve.page import curve_page, extrapolated, headlines

SIZES = np.array([1.0, 2, 5, 10, 20, 50])
DRAWS = np.array([2, 2, 2, 2, 2, 1])


def line(name: str, kind, best: float, sizes: int = 6) -> CurveLine:
    right = [
        np.array([np.arange(200) >= 200 * (1 - best + 0.4 / n) + draw for draw in range(draws)])
        for n, draws in zip(SIZES[:sizes], DRAWS, strict=False)
    ]
    return CurveLine.of(
        name, kind, f"title of {name}", marks=Correctness(SIZES[:sizes], right, ()), seed=0
    )


@pytest.fixture(scope="module")
def curve() -> LearningCurveSummary:
    lines = (
        line("net", "network", 0.9),
        line("<forest>", "baseline", 0.7),
        line("b", "baseline", 0.6),
    )
    return LearningCurveSummary("/home/me/<photos>", ("a", "b"), SIZES * 2, 200, DRAWS, lines, 0.5)


@pytest.fixture(scope="module")
def page(curve: LearningCurveSummary) -> str:
    return curve_page(curve, Config())


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", ""))).split())


def test_the_verdict_and_the_title_are_there(page, curve):
    assert "<title>&lt;photos&gt;: learning curve</title>" in page
    shown = re.search(r'<p class="verdict">(.*?)</p>', page, re.DOTALL).group(1)
    assert text_of(shown).replace("\N{NO-BREAK SPACE}", " ") == " ".join(curve.verdict)


def test_nothing_that_a_user_named_is_markup(page):
    assert "<photos>" not in page
    assert "<forest>" not in page


def test_the_headlines_are_of_the_best(curve):
    gain = curve.lines[0].gain
    within = f"{gain.interval.low * 100:.1f} to {gain.interval.high * 100:.1f}"
    assert headlines(curve) == [
        ("89.0 %", "with all 100 images", "net"),
        (
            f"+{gain.gain * 100:.1f} points",
            "with twice the images",
            f"{within}, net",
        ),
        ("50.0 %", "majority class", "without any training"),
    ]


def test_the_last_row_foretells_twice_the_images(curve):
    row = extrapolated(curve)
    assert row[0] == "twice: 100"
    assert row[-2:] == ["200", "extrapolated"]
    assert row[1] == f"+{curve.lines[0].gain.gain * 100:.1f} points"


def test_a_curve_without_a_law_foretells_nothing():
    short = line("net", "network", 0.9, sizes=3)
    few = LearningCurveSummary("photos", ("a", "b"), SIZES[:3] * 2, 200, DRAWS[:3], (short,), 0.5)
    assert extrapolated(few) == ["twice: 10", "–", "20", "extrapolated"]
    assert "too few sizes" in curve_page(few, Config())


def test_the_figure_reads_itself_out(curve):
    assert (
        'aria-label="Accuracy from 1 to 50 images per class: net rises from 49.8 % to 89.0 %; '
        '&lt;forest&gt; rises from 29.8 % to 69.0 %; b rises from 19.8 % to 59.0 %."'
    ) in growth(curve)


def test_the_figure_goes_on_to_twice_the_images_in_the_colours_of_the_page(curve):
    figure = growth(curve)
    assert "stroke-dasharray" in figure
    assert "var(--network)" in figure
    assert "var(--baseline)" in figure
    assert ">100<" in figure


def test_the_page_runs_no_script_but_its_own(page):
    assert page.count("<script") == 1
    assert re.search(r"default-src 'none'; img-src data:; .*script-src 'sha256-", page)


def test_names_of_lines_that_end_close_together_do_not_touch():
    lines = [line(name, "baseline", best) for name, best in (("a", 0.9), ("b", 0.89), ("c", 0.88))]
    crowded = LearningCurveSummary("photos", ("a", "b"), SIZES * 2, 200, DRAWS, tuple(lines), 0.5)
    heights = {
        name: float(re.search(rf'y="([-\d.]+)"[^>]*>{name}<', growth(crowded)).group(1))
        for name in "abc"
    }
    assert heights["b"] - heights["a"] > 12
    assert heights["c"] - heights["b"] > 12
