"""Real servers in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STOP_SECONDS = 60
LISTENING = re.compile(r"on (http://\S+) ")


@dataclass
class Child:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def stderr(self) -> str:
        """Return its log since the start, once it has ended."""
        return self.process.communicate(timeout=STOP_SECONDS)[1]


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Child]:
    """A server on a free port, of which `transferkit serve` is given `arguments`."""
    command = [sys.executable, "-m", "transferkit", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        yield Child(process, _listening(process))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _listening(process: subprocess.Popen[str]) -> str:
    """The address that the server logs."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if match := LISTENING.search(line):
            return match[1]
    raise AssertionError(f"the server does not listen: {lines}")
