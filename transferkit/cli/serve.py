"""`transferkit serve`: answer requests with images by the models of runs, over HTTP."""

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

    On SIGHUP the runs whose network has changed are read anew, without a failed request; on SIGTERM
    what is under way is finished.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
    """Run folders, each served under its own name, or under NAME as NAME=FOLDER."""
    server: Annotated[ServerConfig, tyro.conf.arg(name="")] = ServerConfig()


def serve(arguments: Sequence[str]) -> None:
    """`transferkit serve RUN`."""
    options = parse_arguments(ServeOptions, arguments, program="transferkit serve")
    require_extra()
    for run in options.runs:
        if "=" not in run:
            Run.open(run)
    serve_runs(options.runs, options.server)
