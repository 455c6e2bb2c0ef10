"""Sentences on classes and splits: few of them, however many classes there are."""

import pandas as pd
import pytest

from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.data.splits import rare_classes
from transferkit.errors import DataError
from transferkit.report.comparison.report import compare
from transferkit.training.train import train


def frame_of(rare):
    """Two classes in every split, and `rare` classes of one training image each."""
    rows = [("a", split) for split in ("train", "validation", "test")]
    rows += [(f"p{number:03}", "train") for number in range(rare)]
    frame = pd.DataFrame(rows, columns=["label", "split"], dtype=object)
    return frame.assign(problem="")


@pytest.mark.parametrize(
    ("rare", "last"),
    [
        (5, "Class 'p004' has no image in test (of 1): it is not scored."),
        (6, "1 more class has no image in test: it is not scored."),
        (150, "145 more classes have no image in test: they are not scored."),
    ],
)
def test_of_many_rare_classes_five_are_named_and_the_rest_counted(rare, last):
    notes = rare_classes(frame_of(rare))
    assert notes[0] == "Class 'p000' has no image in test (of 1): it is not scored."
    assert notes[-1] == last
    assert len(notes) == min(rare, 6)


@pytest.fixture
def unsplit(drawn):
    """A manifest made by hand, with no split."""
    paths = sorted(map(str, drawn(images=3, image_size=24).rglob("*.png")))
    labels = [path.split("/")[-2] for path in paths]
    return Manifest(pd.DataFrame({"path": paths, "label": labels}))


JOBS = (
    lambda manifest: train(manifest, Config(model=ModelConfig(backbone="lenet"))),
    lambda manifest: fit_baseline("knn_pixels", manifest),
)


@pytest.mark.parametrize("job", JOBS)
def test_a_list_without_splits_is_one_sentence(job, unsplit):
    with pytest.raises(DataError) as caught:
        job(unsplit)
    assert str(caught.value) == (
        "No image of the manifest is in train: mark some in its column split as train, validation "
        "and test, or have them split by `Manifest.read` of a folder or a .csv with path,label."
    )


def test_a_list_without_splits_is_nothing_to_compare_on(unsplit):
    with pytest.raises(DataError) as caught:
        compare([], unsplit)
    assert str(caught.value) == (
        "The manifest has no test image to compare classifiers on: mark some as test, or leave the "
        "split out and one is made."
    )
