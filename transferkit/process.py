"""What a script does to its process: exit statuses, output in any bytes, and quiet libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper

from transferkit.errors import TransferkitError
from transferkit.progress import say


def exit_with(action: Callable[[], None]) -> None:
    """Run `action`; a `TransferkitError` is one line on standard error and exit status 1.

    What it prints goes out in the bytes that it came in: a file name need not be UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a notebook's is another
            stream.reconfigure(errors="surrogateescape")
    try:
        action()
    except TransferkitError as error:
        say(f"transferkit: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say("transferkit: stopped; what was finished is in the run folder.")
        raise SystemExit(130) from None


def silence_tensorflow() -> None:
    """Import TensorFlow without its lines about itself, which come before any setting is read.

    They are written by its C++ part straight to file descriptor 2.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import tensorflow
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    # It warns of every graph that is traced anew; here each model has its own.
    tensorflow.get_logger().setLevel("ERROR")
