"""`train`: fit a network to a manifest, and write its run folder."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.data.splits import require_train
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.inference.devices import Device, choose_device
from transferkit.models.classifier import HEAD
from transferkit.models.network import Network
from transferkit.runtime.environment import environment
from transferkit.runtime.profiling import measure_usage
from transferkit.runtime.progress import log
from transferkit.storage.active_run import active_run, keep_network
from transferkit.storage.files import write_json, write_text
from transferkit.storage.run import Run
from transferkit.training.checkpoint import Checkpoint, in_float32, save_network
from transferkit.training.conformity import held_out_scores
from transferkit.training.refit import refit
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState
from transferkit.training.temperature_scaling import calibrate
from transferkit.training.tta import should_use_tta, with_flip_tta


def train(
    manifest: Manifest,
    config: Config = Config(),
    *,
    run: Run | None = None,
    device: Device | None = None,
    pool: ExtractorPool = DEFAULT_POOL,
) -> Network:
    """Fit a network to the training images of `manifest`.

    With a `run`, its folder gets the settings, the environment and the manifest before the slow
    part, and the history and the model after it. Where training ends early, by Ctrl-C or by an
    error, the best network so far and its history are saved there, and the exception goes on.
    The `device` is that of the settings, and the `pool` of extractors that of the process, where
    no other is given.

    Raises:
        ConfigError, WeightsError, DeviceError: before anything slow.
        DataError: no image of `manifest` is in train.
    """
    require_train(manifest.frame, manifest.source)
    config = manifest.settled(config)
    device = device or choose_device(config.compute)
    log(device.line)
    started = time.perf_counter()
    if run:
        start_run(run, manifest, config, environment(device.line, config.seed))
    checkpoint = Checkpoint(manifest, run or active_run(), replace=run is not None)
    with measure_usage() as usage:
        state = start_fit(manifest, config, device, pool=pool)
        with checkpoint.rescuing(state):
            fit_stages(state, checkpoint)
            model = _finished(state, manifest)
            conformity = held_out_scores(state)
    network = Network(
        name=config.model.backbone,
        model=model,
        classes=manifest.classes,
        data=config.data,
        fit_seconds=time.perf_counter() - started + state.borrowed_seconds,
        summary=replace(state.summary, usage=usage),
        history=state.history,
        engine=config.compute.engine,
        conformity=conformity,
    )
    network = _kept(network, run)
    if run is None:
        keep_network(network, save_network)
    return network


def _finished(state: TrainingState, manifest: Manifest) -> keras.Model:
    """Return the fitted model with its temperature, in float32, with flip TTA where that helps."""
    tta = state.config.train.tta and should_use_tta(state)
    refit(state)
    head = state.classifier.get_layer(HEAD)
    before = head.get_weights()
    try:
        if state.config.train.calibrate:
            calibrate(state)
        model = in_float32(state, manifest.classes)
        return with_flip_tta(model) if tta else model
    except BaseException:
        head.set_weights(before)  # they may be divided by half a way's temperature
        raise


def start_run(run: Run, manifest: Manifest, config: Config, environment: dict[str, Any]) -> None:
    """Write the settings, environment and manifest of a run."""
    write_text(run / "config.yaml", manifest.settled(config).to_yaml())
    write_json(run / "environment.json", environment)
    manifest.save(run / "manifest.csv")


def _kept(network: Network, run: Run | None) -> Network:
    """Return `network` with its size on disk, saved in the folder of `run` if there is one.

    The report on an earlier one goes.
    """
    if run:
        run.remove_report()
    with tempfile.TemporaryDirectory() as scratch:
        folder = run.folder if run else Path(scratch)
        save_network(network, folder)
        size = (folder / "model.keras").stat().st_size / 1e6
    return replace(network, megabytes=size)
