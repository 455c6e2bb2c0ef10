"""What a frozen backbone says of images, kept on disk between runs, by the images' content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.progress import say
from transferkit.training.blocks import (
    ENDING,
    Block,
    DamagedError,
    size_of,
    write_blocks,
    write_whole,
)
from transferkit.training.kept import ABOUT, kept_folder, locked, make_room

ROWS = 4096  # images of a block, and how many are read before they are kept: 10 MB of MobileNetV2's
MANY = 32  # blocks of less than half that, before they are made one
TINY = 2.0**-10  # below it float16 is coarser than 16 bits need to be
_said: set[str] = set()  # sentences that a process says once
_saved = [0.0]


@dataclass(frozen=True)
class Reading:
    """`values` is `(images, width)` float32, of which `kept` images were read back.

    `seconds` is what the network took for all of them, `kept_seconds` for those, at their time.
    """

    values: np.ndarray
    seconds: float
    kept: int = 0
    kept_seconds: float = 0.0


Compute = Callable[[list[int]], Reading]
"""What the network says of the images at these positions."""


class Table:
    """The features by one network of one decoding: `facts` is everything that decides them.

    `bound` is in bytes, of all tables together; `root` is where they all are.
    """

    def __init__(
        self, facts: Mapping[str, Any], *, bound: int, root: Path | None = None, rows: int = ROWS
    ) -> None:
        self.root = root or kept_folder()
        self.about = json.dumps(facts, indent=2, sort_keys=True).encode()
        self.folder = self.root / hashlib.sha256(self.about).hexdigest()[:16]
        self.bound, self.rows = bound, rows

    def read(self, keys: Sequence[bytes], compute: Compute) -> Reading:
        """What is kept of each key, in order, and of the others what `compute` says, kept too.

        An empty key is of an image that could not be looked into: it is computed, and not kept.
        """
        found, kept_seconds = self._find(set(keys) - {b""})
        seconds = kept_seconds
        names: list[Hashable] = [key or place for place, key in enumerate(keys)]
        kept = sum(name in found for name in names)
        lost: dict[Hashable, int] = {}
        for place, name in enumerate(names):
            if name not in found:
                lost.setdefault(name, place)
        for places in _chunks(lost.values(), self.rows):
            computed = compute(places)
            seconds += computed.seconds
            self._keep([keys[place] for place in places], computed)
            found.update(zip((names[place] for place in places), computed.values, strict=True))
        values = np.stack([found[name] for name in names]) if names else compute([]).values
        return Reading(values, seconds, kept, kept_seconds)

    def _find(self, keys: set[bytes]) -> tuple[dict[Hashable, np.ndarray], float]:
        """The rows of those `keys` that are kept, and the seconds that they took."""
        found: dict[Hashable, np.ndarray] = {}
        seconds = 0.0
        for block in self._blocks():
            wanted = keys - found.keys()
            places = [place for place, key in enumerate(block.keys) if key in wanted]
            if not places:
                continue
            try:
                rows = block.rows(places)
            except DamagedError:
                _discard(block.path)
                continue
            found.update(zip((block.keys[place] for place in places), rows, strict=True))
            seconds += sum(block.seconds[place] for place in places)
            _touch(block.path)
        return found, seconds

    def _keep(self, keys: Sequence[bytes], computed: Reading) -> None:
        """Write the rows that have a key, if there is room; where that fails it is said once."""
        places = [place for place, key in enumerate(keys) if key]
        if not places:
            return
        each = computed.seconds / len(keys)
        try:
            with locked(self.root):
                chosen = [keys[place] for place in places]
                self._write(chosen, [each] * len(places), computed.values[places])
                self._merge()
        except OSError as error:
            _say_once(
                f"Features cannot be kept in {str(self.root)!r} ({error.strerror or error}): free "
                "some space, name another folder in TRANSFERKIT_CACHE, or pass --cache-size 0."
            )

    def _write(self, keys: Sequence[bytes], seconds: Sequence[float], values: np.ndarray) -> None:
        width = values.shape[1]
        rows = max(1, min(self.rows, self.bound // (4 * size_of(1, width))))
        for part in _chunks(range(len(keys)), rows):
            size = size_of(len(part), width) + len(self.about)
            if size > self.bound:
                return
            make_room(self.root, self.bound - size)
            if not (self.folder / ABOUT).exists():
                write_whole(self.folder / ABOUT, self.about)
            first, last = part[0], part[-1] + 1
            write_blocks(
                self.folder, keys[first:last], seconds[first:last], values=values[first:last]
            )

    def _merge(self) -> None:
        """Make one block of many small ones: each is a file to open."""
        small = [block for block in self._blocks() if 2 * len(block.keys) < self.rows]
        if len(small) <= MANY:
            return
        rows: dict[bytes, tuple[float, np.ndarray]] = {}
        for block in small:
            try:
                values = block.rows(range(len(block.keys)))
            except DamagedError:
                _discard(block.path)
                continue
            rows.update(zip(block.keys, zip(block.seconds, values, strict=True), strict=True))
            block.path.unlink(missing_ok=True)
        if not rows:
            return
        seconds, vectors = zip(*rows.values(), strict=True)
        self._write(list(rows), seconds, np.stack(vectors))

    def _blocks(self) -> Iterator[Block]:
        """The blocks of this table, the damaged ones removed."""
        for path in sorted(self.folder.glob(f"*{ENDING}")):
            try:
                yield Block(path)
            except DamagedError:
                _discard(path)
            except OSError:  # another process has removed it, or it is not ours to read
                continue


def rounded(values: np.ndarray) -> np.ndarray:
    """`(images, width)` float32 with the digits of float16, rows that it cannot hold as they are.

    Those are the ones beyond its range, and those with nothing but tiny numbers.
    """
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16).astype(np.float32)
    held = np.isfinite(halves).all(axis=1) & (np.abs(values).max(axis=1, initial=0) >= TINY)
    return np.where(held[:, np.newaxis], halves, values)


def saved_seconds() -> float:
    """What reading back, where the network would have been asked, has saved this process so far.

    Who measures what predicting costs adds what was saved meanwhile.
    """
    return _saved[0]


def count_saved(seconds: float) -> None:
    """Add to `saved_seconds`."""
    _saved[0] += seconds


def _chunks(places: Iterable[int], size: int) -> Iterator[list[int]]:
    every = list(places)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def _touch(path: Path) -> None:
    """Mark `path` as used now."""
    try:
        os.utime(path)
    except OSError:  # gone, or another user's: then it is for others to say what was used
        return


def _discard(path: Path) -> None:
    say(f"Kept features were damaged and are computed again: {str(path)!r} is removed.")
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another user's: it is passed over
        return


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        say(sentence)
