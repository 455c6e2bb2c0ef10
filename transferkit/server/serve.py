"""Start of the server: from run folders to a listening socket."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from threading import Event

from transferkit.errors import ConfigError
from transferkit.runtime.process import hangups_noted, silence_tensorflow
from transferkit.runtime.progress import log
from transferkit.server.settings import TOKEN_VARIABLE, ServerConfig

EXTRA = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


def require_extra() -> None:
    """Check that the packages of the extra `serve` are installed.

    Raises:
        ConfigError: one of them is not.
    """
    from importlib.util import find_spec

    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"The server needs {missing[0]}, which is not installed: "
            "`pip install 'transferkit[serve]'`."
        )


def serve(runs: Sequence[str], config: ServerConfig = ServerConfig()) -> None:
    """Serve the networks of `runs`, folders or NAME=FOLDER, until a signal stops it.

    SIGHUP while they are being loaded causes a reload afterwards.

    Raises:
        ConfigError: a name or an address cannot be used, or the extra `serve` is not installed.
        RunError: a folder is no run.
    """
    require_extra()
    with hangups_noted() as hangup:
        _serve(runs, config, hangup)


def _serve(runs: Sequence[str], config: ServerConfig, hangup: Event) -> None:
    silence_tensorflow()
    from transferkit.server.app import create_app
    from transferkit.server.metrics import Metrics
    from transferkit.server.process import listen, run_server
    from transferkit.server.registry import Registry, named_runs
    from transferkit.server.service import Service

    folders = named_runs(runs)
    bound = listen(config)
    if not config.is_local and not config.secret:
        log(
            f"Warning: everyone who can reach {config.host} can use this server: require a "
            f"secret with --token, or with {TOKEN_VARIABLE} in the environment."
        )
    metrics = Metrics()
    registry = Registry(folders, config, metrics.observe_batches)
    service = Service(registry, config, metrics)
    # TensorFlow's objects stay: to scan them takes a second of each garbage collection.
    gc.collect()
    gc.freeze()
    run_server(create_app(service), service, bound, hangup)
