"""A manifest of a frame that somebody made, not of what was read."""

import numpy as np
import pandas as pd
import pytest

from transferkit.data.manifest import Manifest
from transferkit.errors import DataError


def test_a_frame_made_by_hand_is_completed():
    rows = [("a.png", 1, "Val", float("nan")), ("b.png", 2, None, "g")]
    frame = Manifest(pd.DataFrame(rows, columns=["path", "label", "split", "group"])).frame
    assert frame.to_numpy().tolist() == [
        ["a.png", "1", "validation", "", ""],
        ["b.png", "2", "", "g", ""],
    ]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (
            {"path": ["a"], "class": ["b"]},
            "A manifest's frame has no column 'label': it should have path and label, and may have "
            "split, group and problem.",
        ),
        (
            {"path": ["a"], "label": ["b"], "split": ["trian"]},
            "A manifest's frame has the split 'trian': it should be train, validation or test, or "
            "empty for a row that is not used.",
        ),
        (
            {"path": ["a", "b"], "label": ["x", None]},
            "Row 1 of a manifest's frame has no label: each image needs a path and a label.",
        ),
        (
            {"path": ["a"], "label": ["b"], 0: ["c"], "0": ["d"]},
            "A manifest's frame has two columns of one name: give each its own.",
        ),
    ],
)
def test_a_frame_that_is_no_manifest_is_a_sentence(frame, sentence):
    with pytest.raises(DataError) as caught:
        Manifest(pd.DataFrame(frame))
    assert str(caught.value) == sentence


def test_columns_and_paths_of_a_frame_may_be_of_any_type():
    frame = pd.DataFrame({"path": [b"caf\xe9.png"], "label": [True], 0: ["cam"]})
    found = Manifest(frame).frame
    assert found.loc[0, ["path", "label", "0"]].tolist() == ["caf\udce9.png", "True", "cam"]
    assert set(found.dtypes) == {np.dtype(object)}
