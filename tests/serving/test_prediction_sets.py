"""Prediction sets of `predict`, by `coverage`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, RunError
from transferkit.models.network import Network
from transferkit.serving import predict as predictor
from transferkit.storage.run import Run


def test_a_prediction_set_has_the_likeliest_classes(run: Run, shapes: Path) -> None:
    found = predictor.predict(run.folder, shapes / "circles", coverage=0.8)
    scores = Network.load(run.folder).conformity
    assert scores is not None
    least = 1 - scores.threshold(0.8) - 1e-6
    for _, row in found.iterrows():
        names = sorted(("circles", "squares", "stripes"), key=lambda name: -row[f"p({name})"])
        above = [name for name in names if row[f"p({name})"] >= least]
        assert list(row["prediction_set"]) == (above or names[:1])
    assert list(found)[4] == "prediction_set"


def test_an_unreadable_image_has_an_empty_set(run: Run, mixed: list[str]) -> None:
    found = predictor.predict(run.folder, mixed, coverage=0.8, top_k=1)
    assert [len(names) > 0 for names in found["prediction_set"]] == [True, False, True]


def test_a_coverage_that_has_no_scores_is_one_sentence(run: Run, shapes: Path) -> None:
    from transferkit.baselines.fit import fit_baseline

    fit_baseline("majority", Manifest.read(shapes)).save(run.folder)
    with pytest.raises(RunError) as caught:
        predictor.Predictor.load(run.folder, "majority", coverage=0.9)
    assert str(caught.value) == (
        "The baseline 'majority' has no scores of held-out images, so it has no prediction sets: "
        "use the network of the run, or leave --coverage out."
    )
    network = dataclasses.replace(Network.load(run.folder), conformity=None)
    with pytest.raises(RunError) as caught:
        predictor.Predictor(network, options=predictor.RowOptions(coverage=0.9))
    assert str(caught.value) == (
        "The network 'lenet' has no scores of held-out images, so it has no prediction sets: "
        "train it with validation images, by `transferkit train DIR`."
    )


def test_a_coverage_that_the_images_cannot_give_is_one_sentence(run: Run) -> None:
    with pytest.raises(ConfigError) as caught:
        predictor.Predictor.load(run.folder, coverage=0.999)
    assert str(caught.value).startswith(
        "A coverage of 0.999 needs 999 held-out images (those of one group count as one), and "
    )
