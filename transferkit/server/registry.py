"""The served models by name; each can be reloaded while requests are in progress."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from transferkit.errors import ConfigError, TransferkitError, brief
from transferkit.runtime.progress import log
from transferkit.server.errors import RequestError
from transferkit.server.served_model import ServedModel
from transferkit.server.settings import ServerConfig
from transferkit.storage.run import Run

NOT_IN_NAMES = "/:"  # separators in the URLs of TensorFlow Serving


def named_runs(arguments: Sequence[str]) -> dict[str, Path]:
    """Return the run folders by name; an argument is a folder, or NAME=FOLDER.

    Raises:
        ConfigError: there is no argument, a name cannot be in a URL, or two runs have one name.
        RunError: a folder is no run.
    """
    runs: dict[str, Path] = {}
    for argument in arguments:
        name, separator, folder = argument.partition("=")
        if not separator or Path(argument).exists():
            folder, name = argument, Path(argument).resolve().name
        if not name or not name.isprintable() or any(mark in name for mark in NOT_IN_NAMES):
            raise ConfigError(
                f"A model cannot be served under the name {name!r}: give it another one, as in "
                f"NAME={folder}."
            )
        if name in runs:
            raise ConfigError(
                f"Two runs have the name {name!r}: give one another name, as in NAME={folder}."
            )
        runs[name] = Run.open(folder).folder
    if not runs:
        raise ConfigError("There is no run to serve: `transferkit serve RUN` takes its folder.")
    return runs


class Registry:
    """The served models by name; the first is the default.

    `observe(name)` returns a function that is called with the size of each batch.
    """

    def __init__(
        self,
        runs: dict[str, Path],
        config: ServerConfig,
        observe: Callable[[str], Callable[[int], None]] = lambda name: lambda size: None,
    ) -> None:
        self.config, self.observe = config, observe
        self.models = {name: self._load(name, run, 1) for name, run in runs.items()}

    def find(self, name: str | None = None, version: str | None = None) -> ServedModel:
        """Return the model `name`, or the first one.

        Raises:
            RequestError: there is no such model, or it has another version (404).
        """
        if name is None:
            return next(iter(self.models.values()))
        model = self.models.get(name)
        if model is None:
            raise RequestError(
                404,
                f"Servable not found for request: Latest({name}); there are "
                f"{', '.join(self.models)}.",
            )
        if version is not None and version != str(model.version):
            raise RequestError(
                404,
                f"Servable not found for request: Specific({name}, {version}); the version is "
                f"{model.version}.",
            )
        return model

    def reload(self) -> None:
        """Reload each model whose file has changed; if it cannot be loaded, the old one stays.

        A new model is warmed up before it gets requests. Requests that have begun with the old one
        end with the old one.
        """
        gc.unfreeze()  # so that the networks that are replaced can be collected
        for name, model in list(self.models.items()):
            if not model.has_changed:
                log(f"Reload: {name} has not changed.")
                continue
            try:
                self.models[name] = self._load(name, model.run, model.version + 1)
            except TransferkitError as error:
                log(f"Reload: {name} stays at version {model.version}: {error}")
            except Exception as error:  # any error: the old model has to stay
                reason = f"{type(error).__name__}: {brief(error)}"
                log(f"Reload: {name} stays at version {model.version}: {reason}.")

    def _load(self, name: str, run: Path, version: int) -> ServedModel:
        started = time.perf_counter()
        model = ServedModel.load(name, run, version, self.config, self.observe(name))
        seconds = time.perf_counter() - started
        title = model.predictor.spec.title
        log(f"Model {name}, version {version}: {title}; ready in {seconds:.1f} s.")
        return model
