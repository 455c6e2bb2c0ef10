"""`transferkit look` and `transferkit fetch`: images before anything is trained on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from transferkit.arguments import parse_arguments
from transferkit.checks import Between, check_settings
from transferkit.commands.sources import quiet_catalogue
from transferkit.config import DataConfig
from transferkit.data.policies import find_policy
from transferkit.errors import ConfigError, RunError
from transferkit.process import silence_tensorflow
from transferkit.progress import say
from transferkit.runs import atomic

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest

SHEET_ROWS = 6  # images on a contact sheet
SHEET_SIDE = 160  # pixels of each picture on it
SHEET_ENDING = ".png"


@dataclasses.dataclass(frozen=True)
class LookOptions:
    """What is in a folder of images: classes, counts, sizes, formats, and what cannot be read."""

    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """A folder with a sub-folder a class, a .csv of path,label[,split,group], or tfds:NAME."""
    data: DataConfig = DataConfig()
    seed: Annotated[int, Between(0, 2**32 - 1)] = 0
    """Decides the split and the views of the contact sheet."""
    augment: str = ""
    """Also write a contact sheet of the images under this policy: none, flip, photo or strong."""
    out: str = ""
    """Where the contact sheet goes; contact-sheet-POLICY.png if not given."""
    overwrite: bool = False
    """Replace the contact sheet that is there."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.augment:
            find_policy(self.augment)
        elif self.out:
            raise ConfigError(
                f"The contact sheet {self.out!r} was asked for without a policy to draw: "
                "name one with --augment, such as photo."
            )
        if self.out and not self.out.endswith(SHEET_ENDING):
            raise ConfigError(
                f"The contact sheet {self.out!r} is a PNG picture: "
                f"give it a name that ends in {SHEET_ENDING}."
            )


@dataclasses.dataclass(frozen=True)
class FetchOptions:
    """Write an image-classification set of tensorflow-datasets out as a folder of class folders."""

    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """Its name there, such as tf_flowers or tfds:tf_flowers."""
    folder: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The folder to make."""


def look(arguments: Sequence[str]) -> None:
    """`transferkit look DIR`: print what is in a folder; with --augment, draw a contact sheet."""
    options = parse_arguments(LookOptions, arguments, program="transferkit look")
    sheet = _sheet_path(options) if options.augment else None
    quiet_catalogue(options.source)
    from transferkit.data.doctor import look as look_into

    found = look_into(options.source, options.data, seed=options.seed)
    print(found)
    if sheet is not None:
        _write_sheet(sheet, options, found.manifest)


def fetch(arguments: Sequence[str]) -> None:
    """`transferkit fetch NAME DIR`: write a catalogue's set out."""
    options = parse_arguments(FetchOptions, arguments, program="transferkit fetch")
    silence_tensorflow()
    from transferkit.data.catalogue import fetch as fetch_set

    print(fetch_set(options.name, options.folder))


def _sheet_path(options: LookOptions) -> Path:
    """Where the contact sheet goes.

    Raises:
        RunError: it would replace a file that is not to be replaced.
    """
    path = Path(options.out or f"contact-sheet-{options.augment}{SHEET_ENDING}")
    if path.exists() and not options.overwrite:
        raise RunError(
            f"{str(path)!r} exists already: choose another file with --out, "
            "or pass --overwrite to replace it."
        )
    return path


def _write_sheet(path: Path, options: LookOptions, manifest: Manifest) -> None:
    silence_tensorflow()
    from transferkit.data.contact_sheet import contact_sheet
    from transferkit.data.decode import read_images

    rows = manifest.part("train")
    turn = rows.groupby("label").cumcount()  # the first of every class before any second
    rows = rows.assign(turn=turn).sort_values(["turn", "label"]).head(SHEET_ROWS)
    images = read_images(rows["path"].tolist(), SHEET_SIDE, options.data)
    sheet = contact_sheet(
        images, find_policy(options.augment), seed=options.seed, labels=rows["label"].tolist()
    )
    with atomic(path) as temporary:
        sheet.save(temporary)
    say(f"Contact sheet: {path}")
