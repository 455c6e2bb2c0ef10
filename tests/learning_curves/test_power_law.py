"""The power law through the errors at several sizes, and what twice the images would bring."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from transferkit.learning_curves.power_law import Gain, PowerLaw, doubling, fit_power_law

SIZES = np.array([5, 10, 20, 40])


def law(images: np.ndarray, floor: float, scale: float, exponent: float) -> np.ndarray:
    return floor + scale * images**-exponent


@pytest.mark.parametrize(
    ("floor", "scale", "exponent"), [(0.05, 0.8, 0.5), (0, 0.9, 0.3), (0.2, 2, 1.25)]
)
def test_a_law_is_found_in_its_own_errors(floor: float, scale: float, exponent: float) -> None:
    found = fit_power_law(SIZES, PowerLaw(floor, scale, exponent).error(SIZES))
    assert (found.floor, found.scale, found.exponent) == pytest.approx(
        (floor, scale, exponent), abs=1e-6
    )


def test_through_noise_the_law_is_as_near_as_scipy_finds() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([4.0, 8, 16, 32, 64, 128])
    errors = PowerLaw(0.1, 0.9, 0.6).error(sizes) + rng.normal(0, 0.01, 6)
    theirs, _ = curve_fit(law, sizes, errors, p0=(0.1, 1, 0.5), bounds=([0, 0, 0.05], [1, 9, 2]))
    left = ((law(sizes, *theirs) - errors) ** 2).sum()
    assert ((fit_power_law(sizes, errors).error(sizes) - errors) ** 2).sum() < left * 1.001


def test_the_error_of_a_law_is_asked_for_by_number_or_array() -> None:
    found = PowerLaw(0.1, 0.8, 1.0)
    assert float(found.error(8)) == pytest.approx(0.2)
    np.testing.assert_allclose(found.error(np.array([[4, 8]])), [[0.3, 0.2]])


@pytest.mark.parametrize(
    "errors", [[0.3, 0.3, 0.3, 0.3], [0.1, 0.2, 0.2, 0.3], [0.0, 0.0, 0.0, 0.0]]
)
def test_errors_that_do_not_fall_promise_nothing(errors: list[float]) -> None:
    found = fit_power_law(SIZES, np.array(errors))
    assert (found.floor, found.scale) == pytest.approx((np.mean(errors), 0), abs=1e-9)
    assert doubling(SIZES, np.array([errors])).gain == pytest.approx(0, abs=1e-9)


def test_errors_that_fall_faster_than_to_nothing_have_no_floor() -> None:
    found = fit_power_law(SIZES, np.array([0.5, 0.4, 0.2, 0.0]))
    assert found.floor == 0
    assert 0 <= found.error(80) < 0.2


def test_two_sizes_are_joined_by_the_usual_exponent() -> None:
    found = fit_power_law(np.array([10, 40]), np.array([0.3, 0.2]))
    assert found.exponent == pytest.approx(0.5)
    np.testing.assert_allclose(found.error(np.array([10, 40])), [0.3, 0.2])


def test_one_size_alone_promises_nothing() -> None:
    assert fit_power_law(np.array([10]), np.array([0.3])).error(20) == pytest.approx(0.3)


def test_the_gain_is_what_the_law_says_of_twice_the_images() -> None:
    found = PowerLaw(0.05, 0.8, 0.5)
    errors = np.array([found.error(SIZES)] * 3)
    gain = doubling(SIZES, errors)
    assert gain.gain == pytest.approx(float(found.error(40) - found.error(80)))
    assert (gain.interval.low, gain.interval.high) == pytest.approx((gain.gain, gain.gain))


def test_draws_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    errors = PowerLaw(0.05, 0.8, 0.5).error(SIZES) + rng.normal(0, 0.01, (5, 4))
    close, far = (doubling(SIZES, errors.mean(0) + k * (errors - errors.mean(0))) for k in (0.3, 1))
    assert close.gain == pytest.approx(far.gain)
    assert far.interval.low <= close.interval.low < close.gain < close.interval.high
    assert close.interval.high < far.interval.high


def test_one_draw_alone_can_gain_anything_up_to_the_error_that_is_left() -> None:
    gain = doubling(SIZES, PowerLaw(0.05, 0.8, 0.5).error(SIZES)[None])
    assert (gain.interval.low, gain.interval.high) == pytest.approx((0, 0.05 + 0.8 * 40**-0.5))


def test_the_same_seed_gives_the_same_gain() -> None:
    errors = np.array([[0.4, 0.3], [0.5, 0.3], [0.45, 0.35]])
    first, second = (doubling(np.array([5, 10]), errors, seed=3) for _ in range(2))
    assert first == second
    assert isinstance(first, Gain)


def test_the_gain_is_of_the_mean_of_all_draws_of_each_size() -> None:
    errors = np.array([[0.5, 0.36, 0.2], [0.5, 0.36, np.nan], [0.5, 0.3, np.nan]])
    alone = doubling(SIZES[:3], np.array([[0.5, 0.34, 0.2]]))
    assert doubling(SIZES[:3], errors).gain == pytest.approx(alone.gain)


def test_the_interval_holds_the_truth_where_large_sizes_have_few_draws() -> None:
    rng, sizes = np.random.default_rng(2), np.array([5, 10, 20, 50, 100, 180])
    draws, true = np.array([5, 5, 5, 2, 2, 1]), PowerLaw(0.05, 0.6, 0.5)
    gain = float(true.error(180) - true.error(360))
    held = []
    for _ in range(60):
        errors = true.error(sizes) + rng.normal(0, 0.004, (5, 6))
        errors[np.arange(5)[:, None] >= draws] = np.nan
        found = doubling(sizes, errors, draws=50).interval
        held.append(found.low <= gain <= found.high)
    assert np.mean(held) > 0.9
