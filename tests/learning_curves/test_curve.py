"""What a learning curve says: its table, its sentences, its forms."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import numpy as np
import pytest

from transferkit.learning_curves.curve import CurveLine
from transferkit.learning_curves.doubling import Correctness
from transferkit.learning_curves.summary import LearningCurveSummary

SIZES = np.array([1.0, 2, 5, 10, 20, 50, 100])
TESTS = 1000
DRAWS = [3, 3, 3, 3, 3, 2, 1]
FALLING = [60, 50, 40, 32, 27, 21.5, 18.5]  # errors in per cent: 10 + 50 / sqrt(n), about
FLAT = [40, 30, 10.2, 10.1, 10, 10, 10]


def marks(errors, *, groups=(), shift=2) -> Correctness:
    """Errors in per cent at `SIZES`; each draw errs on a few images more than the one before."""
    right = [
        np.array([np.arange(TESTS) >= error * 10 + draw * shift for draw in range(draws)])
        for error, draws in zip(errors, DRAWS, strict=True)
    ]
    return Correctness(SIZES, right, groups)


def line(name: str, errors, kind="baseline", **options) -> CurveLine:
    return fitted(name, tuple(errors), kind, **options)


@cache
def fitted(name: str, errors, kind, **options) -> CurveLine:
    return CurveLine.of(name, kind, f"{name} on pixels", marks=marks(errors, **options), seed=0)


def curve(*lines: CurveLine) -> LearningCurveSummary:
    return LearningCurveSummary("photos", ("a", "b"), SIZES * 2, TESTS, np.array(DRAWS), lines, 0.5)


def network(errors, **options) -> CurveLine:
    return line("net", errors, "network", **options)


@pytest.fixture(scope="module")
def found() -> LearningCurveSummary:
    return curve(network(FALLING), line("forest", [each + 10 for each in FALLING]))


def test_the_table_has_one_row_per_size_and_one_column_per_classifier(found):
    lines = str(found).splitlines()
    assert lines[0].split() == ["images", "per", "class", "net", "forest", "images", "draws"]
    assert lines[2].split() == ["1", "39.8", "%", "±", "0.2", "29.8", "%", "±", "0.2", "2", "3"]
    assert lines[8].split() == ["all:", "100", "81.5", "%", "71.5", "%", "200", "1"]


def test_the_plot_has_a_line_for_each_classifier(found):
    (axes,) = found.plot().axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["net", "forest"]


def test_a_law_that_goes_on_falling_promises_a_gain(found):
    gain = found.lines[0].gain
    # From 10 + 85 * 100 ** -0.5 to 10 + 85 * 200 ** -0.5, were it exact.
    assert gain.gain == pytest.approx(0.025, abs=0.006)
    assert gain.interval.low < gain.gain < gain.interval.high


def test_the_verdict_says_the_gain_and_who_leads(found):
    low, high = found.lines[0].gain.interval.low * 100, found.lines[0].gain.interval.high * 100
    points = found.lines[0].gain.gain * 100
    assert found.verdict == [
        f"Twice the images would bring net about {points:.1f} points ({low:.1f} to {high:.1f}).",
        "net leads over forest by 10.0 points with all of them, at no size clearly behind.",
    ]


def test_a_flat_curve_is_called_flat_and_few_images_enough():
    first, second = curve(network(FLAT, shift=0)).verdict
    assert first.startswith("The curve is flat: twice the images would bring net hardly anything")
    assert second == "It is within a point of its 90.0 % with 5 images per class already, of 100."


def test_a_baseline_that_overtakes_is_said():
    rival = [70, 60, 50, 40, 20, 15, 10]
    assert curve(network(FALLING), line("forest", rival)).verdict[-1] == (
        "forest overtakes net between 10 and 20 images per class: it is clearly behind with 10, "
        "by 8.0 points, and clearly ahead with 20; it leads by 8.5 points with all of them."
    )


def test_a_network_that_leads_late_is_said():
    late = [70, 60, 50, 40, 30, 15, 10]
    assert curve(network(late), line("forest", FALLING)).verdict[-1] == (
        "net overtakes forest between 20 and 50 images per class: it is clearly behind with 20, "
        "by 3.0 points, and clearly ahead with 50; it leads by 8.5 points with all of them."
    )


def test_what_the_test_images_cannot_tell_apart_is_level():
    close = [*FALLING[:-1], FALLING[-1] + 0.1]
    assert curve(network(FALLING), line("forest", close)).verdict[-1] == (
        "With all of them, 1,000 test images cannot tell net (81.5 %) and forest (81.4 %) apart."
    )


def scored(right: np.ndarray, groups=()) -> CurveLine:
    """A line of three sizes, right on the same test images at all of them."""
    return CurveLine(
        "net", "network", "", Correctness(SIZES[:3], [right[None]] * 3, groups), None, None
    )


def said_of(wins: int, *, ties: int = 0, groups=()) -> str:
    """The last sentence on a network that is right on `wins` more of all test images."""
    first, second = np.ones(wins + ties, bool), np.arange(wins + ties) >= wins
    rival = dataclasses.replace(scored(second, groups), name="forest", kind="baseline")
    lines = (scored(first, groups), rival)
    found = LearningCurveSummary(
        "photos", ("a", "b"), SIZES[:3] * 2, wins + ties, np.ones(3, int), lines, 0.5
    )
    return found.verdict[-1]


@pytest.mark.parametrize(("wins", "ties"), [(1, 0), (3, 0), (4, 0), (5, 0), (5, 95)])
def test_who_wins_on_so_few_is_level_as_the_test_of_a_comparison_says(wins, ties):
    assert said_of(wins, ties=ties).endswith(" %) apart.")


def test_who_wins_on_six_images_and_loses_on_none_leads():
    assert said_of(6, ties=94) == "net leads over forest by 6.0 points with all of them."


def test_wins_on_the_images_of_few_groups_are_level():
    groups = tuple("abc"[place % 3] for place in range(30))
    assert said_of(30, groups=groups).endswith(" %) apart.")


def test_of_one_draw_nobody_is_said_to_be_behind():
    right = np.ones((3, 100), bool)
    right[0, :50] = False
    early, rival = scored(right[1]), np.arange(100) >= 50
    early.marks.right[0] = right[0][None]
    second = dataclasses.replace(scored(rival), name="forest", kind="baseline")
    second.marks.right[0] = right[1][None]
    lines = (early, second)
    found = LearningCurveSummary(
        "photos", ("a", "b"), SIZES[:3] * 2, 100, np.ones(3, int), lines, 0.5
    )
    assert found.verdict[-1] == "net leads over forest by 50.0 points with all of them."


def test_without_a_network_nobody_leads():
    assert len(curve(line("forest", FALLING)).verdict) == 1


def test_too_few_sizes_promise_nothing():
    few = Correctness(SIZES[:3], marks(FALLING).right[:3], ())
    one = CurveLine.of("net", "network", "", marks=few, seed=0)
    short = LearningCurveSummary(
        "photos", ("a", "b"), SIZES[:3] * 2, TESTS, np.array(DRAWS[:3]), (one,), 0.5
    )
    assert one.law is None
    assert short.verdict == [
        "With 5 images per class there are too few sizes to estimate the gain from more."
    ]


def test_one_draw_says_nothing_of_how_far_to_trust_it():
    single = Correctness(SIZES, [each[:1] for each in marks(FALLING).right], ())
    one = CurveLine.of("net", "network", "", marks=single, seed=0)
    found = LearningCurveSummary(
        "photos", ("a", "b"), SIZES * 2, TESTS, np.ones(7, int), (one,), 0.5
    )
    assert found.verdict == [
        f"Twice the images would bring net about {one.gain.gain * 100:.1f} points; a single "
        "subset gives no interval."
    ]


def test_a_small_test_set_widens_the_interval():
    wide, narrow = (
        CurveLine.of("net", "network", "", marks=each, seed=0).gain.interval
        for each in (
            Correctness(SIZES, [right[:, ::20] for right in marks(FALLING).right], ()),
            marks(FALLING),
        )
    )
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_test_images_of_one_group_widen_the_interval():
    groups = tuple(f"{place // 20}" for place in range(TESTS))
    wide, narrow = network(FALLING, groups=groups).gain, network(FALLING).gain
    assert wide.gain == narrow.gain
    assert wide.interval.high > narrow.interval.high


def test_the_frame_has_a_row_for_each_draw(found):
    frame = found.frame()
    assert list(frame) == ["classifier", "images", "images_per_class", "draw", "accuracy"]
    assert len(frame) == 2 * sum(DRAWS)
    assert frame.iloc[0].tolist() == ["net", 2, 1, 1, 0.4]


def test_its_json_has_no_nan(found):
    text = json.dumps(found.to_json(), allow_nan=False)
    assert json.loads(text)["classifiers"][0]["deviation"][-1] is None


def test_a_notebook_shows_it_escaped():
    shown = curve(line("<b>", FALLING))._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown


def test_its_repr_says_how_far_it_goes(found):
    assert repr(found) == "<Curve up to 200 images of 2 classes: net, forest>"
