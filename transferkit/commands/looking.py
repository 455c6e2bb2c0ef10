"""`transferkit look` and `transferkit fetch`: images before anything is trained on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from transferkit.config import DataConfig
from transferkit.data.policies import find_policy
from transferkit.errors import RunError
from transferkit.progress import say
from transferkit.recipe import silence_tensorflow
from transferkit.runs import atomic

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest

SHEET_ROWS = 6  # images on a contact sheet
SHEET_SIDE = 160  # pixels of each picture on it


@dataclasses.dataclass(frozen=True)
class LookOptions:
    """What is in a folder of images: classes, counts, sizes, formats, and what cannot be read."""

    source: Annotated[str, tyro.conf.Positional]
    """A folder with a sub-folder a class, a .csv of path,label[,split,group], or tfds:NAME."""
    data: DataConfig = DataConfig()
    seed: int = 0
    augment: str = ""
    """Also write a contact sheet of the images under this policy: none, flip, photo or strong."""
    out: str = ""
    """Where the contact sheet goes; contact-sheet-POLICY.png if not given."""
    overwrite: bool = False
    """Replace the contact sheet that is there."""


@dataclasses.dataclass(frozen=True)
class FetchOptions:
    """Write an image-classification set of tensorflow-datasets out as a folder of class folders."""

    name: Annotated[str, tyro.conf.Positional]
    """Its name there, such as tf_flowers or tfds:tf_flowers."""
    folder: Annotated[str, tyro.conf.Positional]
    """The folder to make."""


def look(arguments: Sequence[str]) -> None:
    """`transferkit look DIR`: print what is in a folder; with --augment, draw a contact sheet."""
    options = tyro.cli(
        LookOptions,
        prog="transferkit look",
        args=list(arguments),
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    if options.augment:
        find_policy(options.augment)
    from transferkit.data.doctor import look as look_into

    found = look_into(options.source, options.data, seed=options.seed)
    print(found)
    if options.augment:
        _write_sheet(options, found.manifest)


def fetch(arguments: Sequence[str]) -> None:
    """`transferkit fetch NAME DIR`: write a catalogue's set out."""
    options = tyro.cli(FetchOptions, prog="transferkit fetch", args=list(arguments))
    silence_tensorflow()
    from transferkit.data.catalogue import fetch as fetch_set

    print(fetch_set(options.name, options.folder))


def _write_sheet(options: LookOptions, manifest: Manifest) -> None:
    path = Path(options.out or f"contact-sheet-{options.augment}.png")
    if path.exists() and not options.overwrite:
        raise RunError(
            f"{str(path)!r} exists already: choose another file with --out, "
            "or pass --overwrite to replace it."
        )
    silence_tensorflow()
    from transferkit.data.contact_sheet import contact_sheet
    from transferkit.data.decode import read_images

    rows = manifest.part("train").groupby("label").head(-(-SHEET_ROWS // len(manifest.classes)))
    rows = rows.head(SHEET_ROWS)
    images = read_images(rows["path"].tolist(), SHEET_SIDE, options.data)
    sheet = contact_sheet(
        images, find_policy(options.augment), seed=options.seed, labels=rows["label"].tolist()
    )
    with atomic(path) as temporary:
        sheet.save(temporary)
    say(f"Contact sheet: {path}")
