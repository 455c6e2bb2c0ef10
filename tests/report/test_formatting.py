import pytest

from transferkit.report.html.formatting import (
    amount,
    chance,
    duration,
    energy,
    listed,
    printable,
    share_of,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.42, "0.42 s"),
        (9.97, "10 s"),
        (41, "41 s"),
        (59.7, "1 min 0 s"),
        (410, "6 min 50 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_in_the_unit_that_fits(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0.0421, "0.042"), (3.14, "3.1"), (1234.5, "1234")])
def test_an_amount_has_two_or_three_figures(value, text):
    assert amount(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1200, "12 times the training time"),
        (100, "about the same training time"),
        (50, "half the training time"),
        (33, "a third of the training time"),
        (10, "a tenth of the training time"),
        (0.281, "1/360 of the training time"),
        (0, ""),
        (float("nan"), ""),
    ],
)
def test_a_cost_is_told_as_a_share_of_another_s(seconds, text):
    assert share_of(seconds, 100, "training time") == text


@pytest.mark.parametrize(
    ("joules", "text"), [(35, "35.0 J"), (1234, "1.2 kJ"), (100_000, "100 kJ"), (1.44e6, "0.4 kWh")]
)
def test_energy_is_in_the_unit_that_fits(joules, text):
    assert energy(joules) == text


@pytest.mark.parametrize(
    ("p_value", "text"),
    [
        (1, "p = 1.00"),
        (0.64, "p = 0.64"),
        (0.0312, "p = 0.03"),
        (0.0497, "p = 0.0497"),
        (0.0502, "p = 0.0502"),
        (0.00042, "p = 0.0004"),
        (0.00009, "p < 0.0001"),
    ],
)
def test_a_chance_has_the_figures_that_matter(p_value, text):
    assert chance(p_value) == text


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed(names, text):
    assert listed(names) == text


def test_what_xml_cannot_hold_is_replaced():
    assert printable("a\x00b\udcff") == "a�b�"
