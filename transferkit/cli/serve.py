"""`transferkit serve`: serve the networks of runs over HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.server.serve import require_extra
from transferkit.server.serve import serve as serve_runs
from transferkit.server.settings import ServerConfig
from transferkit.storage.run import Run


@dataclasses.dataclass(frozen=True)
class ServeOptions:
    """Serve the networks of runs over HTTP, with a page for a browser.

    SIGHUP reloads the networks that have changed, without a failed request. SIGTERM and Ctrl-C stop
    the server after the requests in progress.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
    """Run folders. The name of a model is that of its folder, or NAME if given as NAME=FOLDER."""
    server: Annotated[ServerConfig, tyro.conf.arg(name="")] = ServerConfig()


def serve(arguments: Sequence[str]) -> None:
    """`transferkit serve RUN`."""
    options = parse_arguments(ServeOptions, arguments, program="transferkit serve")
    require_extra()
    for run in options.runs:
        if "=" not in run:
            Run.open(run)
    serve_runs(options.runs, options.server)
