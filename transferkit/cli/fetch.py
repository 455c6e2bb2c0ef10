"""`transferkit fetch`: write a tensorflow-datasets data set as a folder of class folders."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import show


@dataclasses.dataclass(frozen=True)
class FetchOptions:
    """Write an image classification data set of tensorflow-datasets as class folders."""

    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """Its name in tensorflow-datasets, such as tf_flowers or tfds:tf_flowers."""
    folder: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The folder to make."""


def fetch(arguments: Sequence[str]) -> None:
    """`transferkit fetch NAME DIR`: write a data set as a folder."""
    options = parse_arguments(FetchOptions, arguments, program="transferkit fetch")
    silence_tensorflow()
    from transferkit.data.sources.tfds.catalog import fetch as fetch_set

    show(fetch_set(options.name, options.folder))
