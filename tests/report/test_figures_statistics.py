from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from transferkit.evaluation.results import Result
from transferkit.report.figures.statistics import (
    coverage_figure,
    reliability_diagram,
    slice_figure,
    spread_figure,
)

IMAGES = 40
TRUTH = np.arange(IMAGES) % 2


def answering(name, kind, right):
    """A result that is right on the first `right` images, and the surer the earlier they are."""
    predicted = np.where(np.arange(IMAGES) < right, TRUTH, 1 - TRUTH)
    sure = np.linspace(0.99, 0.6, IMAGES)
    rows = np.stack([1 - sure, sure], axis=1)
    return Result(name, kind, np.where(predicted[:, None] == 1, rows, rows[:, ::-1]), 1, 1, 1)


RESULTS = [answering("lenet", "network", 36), answering("forest", "baseline", 20)]
TRIALS = pd.DataFrame({"classifier": ["lenet", "forest"] * 2, "accuracy": [0.9, 0.5, 0.8, 0.6]})
FIGURES = {
    "reliability": (
        reliability_diagram(RESULTS, TRUTH),
        "Accuracy against confidence of lenet and forest; the larger a dot, the more.",
    ),
    "coverage": (
        coverage_figure(RESULTS, TRUTH),
        "Accuracy by the share that is answered: lenet has an accuracy of 90.0 % on 100 %, "
        "100.0 % on 90 %, 100.0 % on 80 %; forest has an accuracy of 50.0 % on 100 %, "
        "55.6 % on 90 %, 62.5 % on 80 %.",
    ),
    "slices": (
        slice_figure({"<old>": (0.5, 0.3, 0.7), "new": (0.9, 0.8, 0.97)}, 0.8, "#010204"),
        "Accuracy of 2 groups; the worst is <old>.",
    ),
    "spread": (
        spread_figure(TRIALS, {"lenet": "network", "forest": "baseline"}),
        "Accuracy over repeats: lenet 85.0 %, from 80.0 to 90.0; forest 55.0 %, from 50.0 to 60.0.",
    ),
}
by_name = pytest.mark.parametrize(("svg", "says"), FIGURES.values(), ids=FIGURES)


@by_name
def test_a_figure_is_xml_that_says_what_it_shows(svg, says):
    assert ElementTree.fromstring(svg).get("aria-label") == says


@by_name
def test_a_figure_takes_its_colours_from_the_page(svg, says):
    assert "var(--network)" in svg
    assert "#01020" not in svg


def test_one_image_is_enough():
    one = [answering("lenet", "network", 36)]
    single = [Result("lenet", "network", one[0].probabilities[:1], 1, 1, 1)]
    assert "100.0 % on 100 %" in coverage_figure(single, TRUTH[:1])
    assert "<svg" in reliability_diagram(single, TRUTH[:1])
