"""`Report.differences_from`: by how much one classifier is ahead of each other."""

import numpy as np
import pytest

from transferkit.errors import ConfigError


def test_the_differences_from_a_classifier_are_those_of_the_accuracies(report):
    table, frame = report.differences_from("lenet"), report.frame().set_index("name")
    assert list(table["other"]) == ["majority", "random_forest_hog"]
    ahead = frame["accuracy"]["lenet"] - frame["accuracy"][table["other"]].to_numpy()
    np.testing.assert_allclose(table["points"], 100 * ahead, atol=0.02)
    assert ((table["low"] <= table["points"]) & (table["points"] <= table["high"])).all()
    assert list(table["seconds"]) == list(frame["fit_seconds"][table["other"]])


def test_the_differences_from_an_unknown_classifier_name_the_nearest(report):
    with pytest.raises(ConfigError) as caught:
        report.differences_from("lenett")
    assert str(caught.value) == (
        "No classifier of the report is called 'lenett': did you mean 'lenet'?"
    )
