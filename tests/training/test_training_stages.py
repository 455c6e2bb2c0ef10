from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.config.settings import Config
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError
from transferkit.evaluation.summary import EpochRecord
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import build_classifier
from transferkit.models.freezing import layer_decay_multipliers, unfreeze_blocks
from transferkit.training import head
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState, require_finite_loss

pytestmark = pytest.mark.slow

ROW = find_backbone("pocket")


def fit(manifest: Manifest, config: Config, **train: object) -> TrainingState:
    """Fit the stages, with validation images that choose."""
    settings = {"refit": False, **train}
    config = dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))
    return fit_stages(start_fit(manifest, config, choose_device(config.compute)))


def moving_statistics(model: keras.Model) -> list[np.ndarray]:
    layers = model.get_layer(ROW.name).layers
    normalising = [each for each in layers if isinstance(each, keras.layers.BatchNormalization)]
    return [value for layer in normalising for value in layer.get_weights()[2:]]


def below_last_block(model: keras.Model) -> list[np.ndarray]:
    layers = model.get_layer(ROW.name).layers
    first = [layer.name for layer in layers].index(ROW.blocks[-1])
    return [value for layer in layers[:first] for value in layer.get_weights()]


@pytest.fixture(scope="module")
def tuned(manifest: Manifest, pretrained: Config) -> TrainingState:
    """Fitted by both stages, all blocks released."""
    return fit(manifest, pretrained, unfreeze="all", fine_tune_learning_rate=1e-2)


@pytest.fixture
def start(manifest: Manifest, pretrained: Config) -> keras.Model:
    """The classifier before it learns."""
    return build_classifier(pretrained.model, manifest.classes, image_size=32)


def test_the_head_comes_first_and_then_the_blocks(tuned: TrainingState) -> None:
    assert [row.stage for row in tuned.history] == ["head", "fine-tune"]


def test_each_epoch_says_all_its_numbers(tuned: TrainingState) -> None:
    names = ["stage", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    names += ["learning_rate", "seconds"]
    solved, tuning = tuned.history
    assert list(tuning.to_json()) == names
    assert list(solved.to_json()) == [name for name in names if name != "learning_rate"]


def test_a_hidden_head_is_learnt_step_by_step(manifest: Manifest, pretrained: Config) -> None:
    model = dataclasses.replace(pretrained.model, head="hidden", hidden_units=8)
    found = fit(manifest, dataclasses.replace(pretrained, model=model), unfreeze="none")
    assert [row.stage for row in found.history] == ["head"] * 3
    assert not found.summary.stages["head"].solved


def test_a_head_of_smoothed_labels_is_learnt_step_by_step(
    manifest: Manifest, pretrained: Config
) -> None:
    found = fit(manifest, pretrained, unfreeze="none", label_smoothing=0.1)
    assert [row.stage for row in found.history] == ["head"] * 3


def test_the_solved_head_says_what_its_history_does(manifest: Manifest, pretrained: Config) -> None:
    found = fit(manifest, pretrained, unfreeze="none")
    images = read_images(found.validation.paths, 32, pretrained.data)
    said = found.classifier.predict(images.astype("float32"), verbose=0)
    truth = found.validation.labels
    losses = -np.log(said[np.arange(len(truth)), truth])
    assert found.history[-1].val_loss == pytest.approx(float(losses.mean()), abs=0.02)
    assert found.history[-1].val_accuracy == pytest.approx((said.argmax(1) == truth).mean())


def test_moving_statistics_stay_even_with_all_blocks_released(
    tuned: TrainingState, start: keras.Model
) -> None:
    """Keras lets them drift in `fit` once the backbone is trainable (keras#20285)."""
    pairs = zip(moving_statistics(start), moving_statistics(tuned.classifier), strict=True)
    assert all(np.array_equal(before, after) for before, after in pairs)


def test_nothing_below_the_last_block_moves(
    manifest: Manifest, pretrained: Config, start: keras.Model
) -> None:
    found = fit(manifest, pretrained, unfreeze="last", fine_tune_learning_rate=1e-2)
    pairs = zip(below_last_block(start), below_last_block(found.classifier), strict=True)
    assert all(np.array_equal(before, after) for before, after in pairs)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_solved_head_stays_while_the_last_block_learns(
    smoothing: float, manifest: Manifest, pretrained: Config
) -> None:
    tuned = fit(manifest, pretrained, unfreeze="last", label_smoothing=smoothing)
    assert tuned.summary.stages["head"].solved is (smoothing == 0)
    assert tuned.classifier.get_layer("head").trainable is (smoothing > 0)


def test_the_head_stage_leaves_the_whole_backbone_alone(
    manifest: Manifest, pretrained: Config, start: keras.Model
) -> None:
    found = fit(manifest, pretrained, unfreeze="none")
    before = start.get_layer(ROW.name).get_weights()
    after = found.classifier.get_layer(ROW.name).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert found.summary.kept_stage == "head"


def test_fine_tuning_that_does_harm_is_undone(manifest: Manifest, pretrained: Config) -> None:
    harmful = fit(manifest, pretrained, unfreeze="all", fine_tune_learning_rate=10.0, clip_norm=0.0)
    plain = fit(manifest, pretrained, unfreeze="none")
    assert harmful.summary.kept_stage == "head"
    pairs = zip(harmful.classifier.get_weights(), plain.classifier.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_fine_tuning_whose_loss_is_no_number_is_undone(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    found = fit(
        manifest,
        pretrained,
        unfreeze="all",
        fine_tune_learning_rate=10.0,
        optimizer="sgd",
        clip_norm=0.0,
    )
    assert found.summary.kept_stage == "head"
    assert all(np.isfinite(each).all() for each in found.classifier.get_weights())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("watched", [True, False])
def test_a_loss_that_is_no_number_is_one_sentence(tuned: TrainingState, watched: bool) -> None:
    validation = tuned.validation if watched else dataclasses.replace(tuned.validation, paths=[])
    row = EpochRecord("head", val_loss=np.nan if watched else None)
    lost = dataclasses.replace(tuned, validation=validation, history=[row])
    with pytest.raises(ConfigError) as caught:
        require_finite_loss(lost, "head")
    assert str(caught.value) == (
        "The loss of the stage 'head' is not a number any more: "
        "lower --train.learning-rate, which is 0.001, or give other --weights."
    )


def test_without_validation_images_the_last_loss_has_to_be_a_number(tuned: TrainingState) -> None:
    rows = [EpochRecord("from scratch", loss=each) for each in (0.5, np.nan)]
    unwatched = dataclasses.replace(tuned.validation, paths=[])
    with pytest.raises(ConfigError):
        require_finite_loss(
            dataclasses.replace(tuned, validation=unwatched, history=rows), "from scratch"
        )


def test_an_epoch_without_a_number_after_a_good_one_is_passed_over(tuned: TrainingState) -> None:
    losses = [0.5, 0.4, np.nan]
    rows = [EpochRecord("head", loss=each, val_loss=each) for each in losses]
    assert dataclasses.replace(tuned, history=rows).best("head") == 0.4


def test_a_file_that_is_gone_by_then_is_one_sentence(
    drawn: Callable[..., Path], scratch: Config
) -> None:
    folder = drawn()
    manifest = Manifest.read(folder)
    lost = Path(manifest.part("train")["path"].iloc[5])
    lost.unlink()
    with pytest.raises(DataError) as caught:
        fit(manifest, scratch)
    assert str(caught.value) == f"'{lost}' cannot be opened: No such file or directory."


def test_random_weights_are_trained_in_one_stage(manifest: Manifest, scratch: Config) -> None:
    found = fit(manifest, scratch)
    assert {row.stage for row in found.history} == {"from scratch"}


def test_the_best_epoch_is_restored(manifest: Manifest, scratch: Config) -> None:
    """A rate so high that the first epoch is the best: the last one is not what is kept."""
    found = fit(manifest, scratch, epochs=6, learning_rate=3e-3, patience=6, warmup=0.0)
    losses = [row.val_loss for row in found.history]
    found.classifier.compile(loss="categorical_crossentropy")
    images = read_images(found.validation.paths, 32, found.config.data).astype("float32")
    kept = found.classifier.evaluate(images, found.validation.targets, verbose=0, return_dict=True)[
        "loss"
    ]
    assert losses[-1] > 1.1 * min(losses)
    assert kept == pytest.approx(min(losses), rel=0.05)  # bfloat16 while training, float32 now


def test_the_same_seed_gives_the_same_network(manifest: Manifest, pretrained: Config) -> None:
    first, second = (fit(manifest, pretrained, augment="photo", mix="mixup") for _ in range(2))
    pairs = zip(first.classifier.get_weights(), second.classifier.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_another_seed_gives_another_network(manifest: Manifest, scratch: Config) -> None:
    first = fit(manifest, scratch, epochs=1)
    second = fit(manifest, dataclasses.replace(scratch, seed=1), epochs=1)
    weights = first.classifier.get_weights()[0], second.classifier.get_weights()[0]
    assert not np.array_equal(*weights)


def test_a_manifest_without_validation_images_trains_every_epoch(
    manifest: Manifest, scratch: Config
) -> None:
    frame = manifest.frame[manifest.frame["split"] != "validation"]
    found = fit(Manifest(frame), scratch)
    assert len(found.history) == 2
    assert found.history[0].val_loss is None


def test_rates_fall_towards_the_input_by_blocks(manifest: Manifest, pretrained: Config) -> None:
    model = build_classifier(pretrained.model, manifest.classes, image_size=32)
    unfreeze_blocks(model, ROW, len(ROW.blocks), pretrained=True)
    factors = layer_decay_multipliers(model, ROW, 0.5)
    backbone = model.get_layer(ROW.name)
    last, first = backbone.get_layer("top_conv"), backbone.get_layer("stem_conv")
    assert factors[last.trainable_variables[0].path] == 1.0
    assert factors[first.trainable_variables[0].path] == 0.5**3


def test_an_unknown_policy_is_said_before_anything_is_built(
    manifest: Manifest, pretrained: Config
) -> None:
    with pytest.raises(ConfigError):
        fit(manifest, pretrained, augment="photos")


def test_the_solved_head_weighs_rarer_classes_and_knows_the_groups(
    manifest: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, solve = {}, head.solve_probe
    monkeypatch.setattr(
        head, "solve_probe", lambda *a, **named: handed.update(named) or solve(*a, **named)
    )
    frame = manifest.frame.copy()
    rare = frame.index[(frame["split"] == "train") & (frame["label"] == manifest.classes[0])]
    frame.loc[rare[2:], "split"] = ""
    frame.loc[rare[:2], "group"] = "pair"
    found = fit(Manifest(frame, "uneven"), pretrained, unfreeze="none")
    np.testing.assert_array_equal(handed["weights"], found.train.weights)
    assert handed["weights"].max() > 2 * handed["weights"].min()
    assert list(handed["groups"]) == found.train.groups
    assert found.train.groups.count("pair") == 2


def test_validation_images_of_a_class_without_training_images_are_left_out(
    manifest: Manifest, pretrained: Config
) -> None:
    frame = manifest.frame.copy()
    lost = frame["label"] == manifest.classes[0]
    frame.loc[lost & (frame["split"] == "train"), "split"] = "validation"
    unlearnt = Manifest(frame, "unlearnt")
    found = fit(unlearnt, pretrained, unfreeze="none")
    assert not (found.validation.labels == 0).any()
    known = (unlearnt.part("validation")["label"] != manifest.classes[0]).sum()
    assert len(set(found.validation.paths)) == known
