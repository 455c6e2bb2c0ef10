from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from transferkit.config.settings import TrainConfig
from transferkit.data.class_weights import class_weights, image_weights
from transferkit.data.manifest import Manifest
from transferkit.training.dataset import SplitData, read_split
from transferkit.training.head import head_batch


def manifest_of(counts: dict[str, int]) -> Manifest:
    rows = [(f"/{label}/{k}", label) for label, number in counts.items() for k in range(number)]
    frame = pd.DataFrame(rows, columns=["path", "label"])
    return Manifest(frame.assign(split="train", group="", problem=""))


def test_even_classes_are_not_weighted() -> None:
    assert class_weights(manifest_of({"a": 15, "b": 10}), TrainConfig()) is None


def test_uneven_classes_weigh_the_same_in_all() -> None:
    found = class_weights(manifest_of({"a": 30, "b": 10}), TrainConfig())
    assert found is not None
    assert found * [30, 10] == pytest.approx([20, 20])


def test_the_setting_switches_the_weights_off() -> None:
    assert class_weights(manifest_of({"a": 30, "b": 10}), TrainConfig(class_weights="off")) is None


def test_the_same_rule_weighs_what_the_baselines_learn_from() -> None:
    manifest = manifest_of({"a": 30, "b": 10})
    frame = manifest.frame.copy()
    frame.loc[frame.index[25:30], "split"] = "validation"  # 25 and 10 to train, 30 and 10 in all
    both = class_weights(Manifest(frame), TrainConfig(), ("train", "validation"))
    assert both * [30, 10] == pytest.approx([20, 20])
    assert class_weights(Manifest(frame), TrainConfig()) * [25, 10] == pytest.approx([17.5, 17.5])


def test_even_training_images_are_not_weighted_whatever_is_learnt_from() -> None:
    frame = manifest_of({"a": 30, "b": 10}).frame
    frame.loc[frame.index[10:30], "split"] = "validation"
    assert class_weights(Manifest(frame), TrainConfig(), ("train", "validation")) is None


def test_images_weigh_by_the_same_rule() -> None:
    truth = np.repeat([0, 2], [30, 10])
    weights = image_weights(truth, TrainConfig())
    assert [weights[0], weights[-1]] == pytest.approx([2 / 3, 2])
    assert image_weights(truth, TrainConfig(class_weights="off")) is None
    assert image_weights(np.repeat([0, 1], [15, 10]), TrainConfig()) is None


def test_images_of_other_classes_can_be_left_out() -> None:
    part = read_split(manifest_of({"a": 2, "b": 3}), "train", only=np.array([False, True]))
    assert part.labels.tolist() == [1, 1, 1]


def test_targets_are_one_hot_and_weights_go_by_class() -> None:
    part = read_split(manifest_of({"a": 1, "b": 2}), "train", by_class=np.array([3.0, 0.5]))
    assert part.targets.tolist() == [[1, 0], [0, 1], [0, 1]]
    assert part.weights.tolist() == [3.0, 0.5, 0.5]
    assert part.paths == ["/a/0", "/b/0", "/b/1"]


@pytest.mark.parametrize(
    ("images", "batch_size", "replicas", "wanted"),
    [(2312, 32, 1, 32), (700, 32, 1, 14), (20, 32, 1, 8), (350, 4, 1, 4), (20, 18, 2, 8)],
)
def test_a_small_set_has_small_batches_for_the_head(
    images: int, batch_size: int, replicas: int, wanted: int
) -> None:
    rows = ["x"] * images
    part = SplitData(rows, np.zeros((images, 2)), np.zeros(images), batch_size, rows)
    found = head_batch(part, replicas)
    assert found == wanted
    assert images % found == 0 or images % found >= replicas


def test_views_of_an_image_stay_in_its_group() -> None:
    part = read_split(manifest_of({"a": 3, "b": 3}), "train")
    twice = part.times(2)
    assert twice.groups == part.groups * 2
    assert len(set(twice.groups)) == 6
