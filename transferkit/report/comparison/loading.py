"""A report loaded from its run folder: predictions, settings and images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from transferkit.baselines.baseline import load_baseline
from transferkit.config.loading import read_config
from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, RunError, TransferkitError
from transferkit.evaluation.results import Classifier, Result
from transferkit.export.record import exports_of
from transferkit.report.comparison.report import Report
from transferkit.report.comparison.results_file import read_answers
from transferkit.report.comparison.visuals import are_complete, load_visuals
from transferkit.runtime.process import silence_tensorflow
from transferkit.storage.run import Run

ROUNDING = 1e-9  # seconds by which the same time may differ in two files


def load_report(run: Run) -> Report:
    """Return the report of `run`, with the classifiers that are in its folder.

    Raises:
        RunError: the predictions are not in it, or not of its manifest.
        DataError: it has no manifest.csv.
    """
    answered = read_answers(run, Manifest.load(run / "manifest.csv"))
    manifest, test, results = answered.manifest, answered.test, answered.results
    if not results:
        raise RunError(f"No classifier of {str(run.folder)!r} has predictions yet: it was stopped.")
    if missing := answered.asked - len(results):
        note = (
            f"The run was stopped: {missing} of its {answered.asked} classifiers have no "
            "predictions."
        )
        manifest = Manifest(manifest.frame, manifest.source, [note, *manifest.notes])
    labels, classes = manifest.label_indices(test), manifest.classes
    config, text = _settings(run)
    visuals = load_visuals(run)
    # They take seconds to load, and only what was never drawn needs them.
    classifiers, absent = ([], {}) if are_complete(visuals) else _classifiers(run, results)
    return Report(
        classes=classes,
        test=test,
        labels=labels,
        results=results,
        manifest=manifest,
        config=config,
        environment=run.json("environment.json"),
        classifiers=tuple(classifiers),
        repeats=answered.repeats,
        created=answered.created,
        absent=absent,
        settings_text=text,
        predictions_in=run.folder,
        visuals=visuals,
        exports=tuple(exports_of(run)),
    )


def _settings(run: Run) -> tuple[Config, str]:
    """Return the settings of the run, and the text of all of them: a recipe has more."""
    settings = run.settings()
    known = {field.name for field in dataclasses.fields(Config)}
    try:
        text = (run / "config.yaml").read_text(encoding="utf-8")
        if set(settings) <= known:
            return read_config(run / "config.yaml"), text
        return _config_of({name: settings[name] for name in known & set(settings)}), text
    except (OSError, UnicodeError, TypeError, ConfigError) as error:
        raise RunError(f"The settings in {str(run / 'config.yaml')!r}: {error}") from error


def _config_of(settings: dict[str, Any]) -> Config:
    """Return the settings of a recipe that are those of `Config`."""
    default = Config()
    values = {
        name: type(getattr(default, name))(**value) if isinstance(value, dict) else value
        for name, value in settings.items()
    }
    return Config(**values)


def _classifiers(
    run: Run, results: Sequence[Result]
) -> tuple[list[Classifier | None], dict[str, str]]:
    """Return the classifier of each result, None for a missing one, and the reason."""
    silence_tensorflow()
    classifiers: list[Classifier | None] = []
    absent: dict[str, str] = {}
    for result in results:
        try:
            find = _network if result.kind == "network" else _baseline
            classifiers.append(find(run, result))
        except TransferkitError as error:
            classifiers.append(None)
            absent[result.name] = f"These sections need {result.name} itself: {error}"
    return classifiers, absent


def _network(run: Run, result: Result) -> Classifier:
    """Return the network of the run, if it is the one of `result`: a recipe may have several."""
    from transferkit.models.network import Network

    network = Network.load(run.folder)
    if abs(network.fit_seconds - result.fit_seconds) > ROUNDING:
        raise RunError(f"model.keras in {str(run.folder)!r} is another network.")
    return network


def _baseline(run: Run, result: Result) -> Classifier:
    return load_baseline(run / "baselines" / f"{result.name}.skops")
