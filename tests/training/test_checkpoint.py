"""Training that ends early: the best network so far and its history are in the run folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import RunError
from transferkit.models.network import Network
from transferkit.storage.active_run import making
from transferkit.storage.files import write_text
from transferkit.storage.run import Run
from transferkit.training import checkpoint as checkpoint_module
from transferkit.training import stages
from transferkit.training import train as train_module
from transferkit.training.callbacks import HistoryLogger
from transferkit.training.checkpoint import MIN_INTERVAL_FACTOR, Checkpoint
from transferkit.training.train import train

pytestmark = pytest.mark.slow

TUNED = {"unfreeze": "last", "calibrate": False, "tta": False, "fine_tune_learning_rate": 1e-3}


def changed(config: Config, **settings: Any) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))


def stop_after(epoch: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise `error` in the epoch after `epoch`."""

    class Stopping(HistoryLogger):
        def on_train_batch_end(self, batch_size: int, logs: Any = None) -> None:
            super().on_train_batch_end(batch_size, logs)
            if sum(row.stage == self.stage for row in self.history) == epoch:
                raise error

    monkeypatch.setattr(stages, "HistoryLogger", Stopping)


def test_fine_tuning_that_is_stopped_leaves_its_best_epoch(
    manifest: Manifest,
    pretrained: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop_after(2, KeyboardInterrupt(), monkeypatch)
    # A head with smoothed labels is learnt, not solved: fine-tuning finds a lower loss at once.
    config = changed(pretrained, **TUNED, epochs=9, head_epochs=1, label_smoothing=0.1)
    run = Run.create(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(manifest, config, run=run)
    network = Network.load(run.folder)
    rows = [row for row in network.history if row.stage == "fine-tune"]
    best = min(rows, key=lambda row: row.val_loss)
    assert len(rows) == 2
    assert len(pd.read_csv(run / "history.csv")) == len(network.history)
    what = f"fine-tune, epoch {best.epoch}, validation loss {best.val_loss:.3f}"
    assert network.summary.interrupted == what
    assert network.summary.kept_stage == "fine-tune"
    said = f"The best network so far ({what}) and its history are saved in {str(run.folder)!r}."
    assert said in capsys.readouterr().err
    assert not list(run.folder.glob(".partial-*"))


def test_fine_tuning_that_did_harm_until_then_leaves_the_head(
    manifest: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(1, KeyboardInterrupt(), monkeypatch)
    harmful = changed(pretrained, **TUNED | {"fine_tune_learning_rate": 1.0}, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, harmful, run=Run.create(tmp_path / "run"))
    network = Network.load(tmp_path / "run")
    head = train(manifest, changed(pretrained, **TUNED | {"unfreeze": "none", "refit": False}))
    assert network.summary.interrupted.startswith("head, epoch ")
    pairs = zip(network.model.get_weights(), head.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert [row.stage for row in network.history] == ["head", "fine-tune"]


def test_the_head_is_in_the_folder_while_fine_tuning_goes_on(
    manifest: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a process that is killed, and can save nothing any more, leaves that."""
    seen: list[str] = []

    class Looking(HistoryLogger):
        def on_train_batch_end(self, batch_size: int, logs: Any = None) -> None:
            seen.append(Network.load(tmp_path / "run").summary.interrupted)

    monkeypatch.setattr(stages, "HistoryLogger", Looking)
    run = Run.create(tmp_path / "run")
    network = train(manifest, changed(pretrained, **TUNED, epochs=1), run=run)
    assert seen[0].startswith("head, epoch 1, validation loss ")
    assert network.summary.interrupted == ""
    assert Network.load(run.folder).summary.interrupted == ""


@pytest.mark.parametrize(
    ("watched", "error"), [(True, MemoryError("no more")), (False, KeyboardInterrupt())]
)
def test_training_from_random_weights_leaves_an_epoch(
    watched: bool,
    error: BaseException,
    manifest: Manifest,
    scratch: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_after(1, error, monkeypatch)
    images = manifest
    if not watched:
        images = Manifest(manifest.frame[manifest.frame["split"] != "validation"])
    with pytest.raises(type(error)):
        train(images, changed(scratch, epochs=5), run=Run.create(tmp_path / "run"))
    what = "validation loss" if watched else "loss"
    interrupted = Network.load(tmp_path / "run").summary.interrupted
    assert interrupted.startswith(f"from scratch, epoch 1, {what} ")


def test_before_the_first_epoch_there_is_nothing_to_save(
    manifest: Manifest, scratch: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(0, KeyboardInterrupt(), monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, scratch, run=Run.create(tmp_path / "run"))
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"config.yaml", "environment.json", "manifest.csv"}


def test_without_a_run_nothing_is_written(
    manifest: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stop_after(1, KeyboardInterrupt(), monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, changed(pretrained, **TUNED, epochs=3))
    assert list(tmp_path.iterdir()) == []


def test_a_temperature_that_is_half_fitted_is_taken_back(
    manifest: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(fit: Any) -> None:
        head = fit.classifier.get_layer("head")
        head.set_weights([values / 8 for values in head.get_weights()])
        raise KeyboardInterrupt

    config = changed(pretrained, unfreeze="none", tta=False)
    plain = train(manifest, changed(config, calibrate=False))
    monkeypatch.setattr(train_module, "calibrate", half)
    with pytest.raises(KeyboardInterrupt):
        train(manifest, config, run=Run.create(tmp_path / "run"))
    pairs = zip(
        Network.load(tmp_path / "run").model.get_weights(), plain.model.get_weights(), strict=True
    )
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_checkpoint_that_cannot_be_written_ends_no_training(
    manifest: Manifest,
    pretrained: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*given: Any) -> None:
        raise RunError("The disk is full.")

    monkeypatch.setattr(checkpoint_module, "save_network", full)
    train(manifest, changed(pretrained, **TUNED, epochs=2), run=Run.create(tmp_path / "run"))
    said = capsys.readouterr().err
    assert said.count("Note: the network so far is not saved: The disk is full.\n") == 1
    assert Network.load(tmp_path / "run").summary.kept_stage in ("head", "fine-tune")


def test_checkpoints_cost_a_twentieth_at_most(manifest: Manifest) -> None:
    checkpoint = Checkpoint(manifest, None)
    assert checkpoint.is_due()
    checkpoint.seconds = 100.0
    assert not checkpoint.is_due()
    checkpoint.ended -= MIN_INTERVAL_FACTOR * 100.0
    assert checkpoint.is_due()


def test_the_report_on_an_earlier_network_goes_with_the_first_checkpoint(
    manifest: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(1, KeyboardInterrupt(), monkeypatch)
    run = Run.create(tmp_path / "run")
    write_text(run / "scores.json", "{}")
    with pytest.raises(KeyboardInterrupt):
        train(manifest, changed(pretrained, **TUNED, epochs=3), run=run)
    assert not (run / "scores.json").exists()


def test_what_the_lines_of_a_recipe_have_finished_is_in_the_active_run(
    manifest: Manifest, scratch: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[Network] = []

    def recipe() -> None:
        finished.append(train(manifest, changed(scratch, epochs=1)))
        fit_baseline("majority", manifest, scratch)
        stop_after(1, KeyboardInterrupt(), monkeypatch)
        train(manifest, changed(scratch, epochs=3))

    run = Run.create(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt), making(run):
        recipe()
    assert (run / "baselines" / "majority.skops").is_file()
    saved = Network.load(run.folder)
    assert saved.history == finished[0].history
    assert saved.summary.interrupted == ""


def test_of_several_networks_that_of_the_lowest_validation_loss_is_kept(
    manifest: Manifest, scratch: Config, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    with making(run):
        found = [train(manifest, changed(scratch, epochs=epochs)) for epochs in (1, 3, 1)]
        fit_baseline("majority", manifest, scratch)
    losses = [min(row.val_loss for row in each.history) for each in found]
    best = found[int(np.argmin(losses))]
    assert Network.load(run.folder).history == best.history
    assert list((run / "baselines").iterdir()) == []  # the report saves them, by its names
