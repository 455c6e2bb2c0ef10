"""Which image is trained on, watched and tested: stratified, seeded, and whole groups together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

SPLITS = ("train", "test", "validation")
WORTH = (1e6, 1.1, 1.0)  # of a class that is in each of them: no train is no class at all
Unit = Counter[str]  # images of each class among those that stay together


def split_groups(
    labels: Sequence[str], groups: Sequence[str], *, validation: float, test: float, seed: int
) -> np.ndarray:
    """One of `SPLITS` for each image, as an array of strings.

    Images with the same non-empty group stay together. Each class is shared out by itself, and is
    in every split that it could be in: with one group (or image) in train, with two in train and
    test, with more in all that are asked for. Where groups hold several classes, that is done as
    far as a search by single moves finds it. A share of 0 leaves a split empty.
    """
    owner, units = _join(labels, groups)
    shares = (1 - validation - test, test, validation)
    order = np.random.default_rng(seed).permutation(len(units)).tolist()
    chosen = _share_out(units, shares, order)
    _fill_gaps(units, chosen, shares)
    return np.array(SPLITS)[np.array(chosen, int)[owner]]


def _join(labels: Sequence[str], groups: Sequence[str]) -> tuple[list[int], list[Unit]]:
    """`(images,)` the number of each image's unit, and the units."""
    keys = [("group", group) if group else ("image", i) for i, group in enumerate(groups)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    owner = [numbers[key] for key in keys]
    units: list[Unit] = [Counter() for _ in numbers]
    for number, label in zip(owner, labels, strict=True):
        units[number][label] += 1
    return owner, units


def _share_out(units: list[Unit], shares: Sequence[float], order: list[int]) -> list[int]:
    """The split of each unit: where it fills most of what is still wanted.

    Units of rare classes choose first, large ones before small ones: what comes late can still
    fit, and what comes early cannot spoil a class that has few.
    """
    totals: Counter[str] = Counter()
    for unit in units:
        totals.update(unit)
    wanted = [
        Counter({label: round(share * totals[label]) for label in totals}) for share in shares
    ]
    for label, total in totals.items():
        wanted[0][label] = total - wanted[1][label] - wanted[2][label]
    rarest = [min(totals[label] for label in unit) for unit in units]
    chosen = [0] * len(units)
    for number in sorted(order, key=lambda each: (rarest[each], -units[each].total())):
        unit = units[number]
        gains = [_gain(unit, still, totals) for still in wanted]
        chosen[number] = max((s for s in range(3) if shares[s] > 0), key=gains.__getitem__)
        wanted[chosen[number]].subtract(unit)
    return chosen


def _gain(unit: Unit, wanted: Counter[str], totals: Counter[str]) -> float:
    """What of the unit is wanted, less what is too much, each as a share of its class."""
    return sum(
        (2 * max(0, min(count, wanted[label])) - count) / totals[label]
        for label, count in unit.items()
    )


def _fill_gaps(units: list[Unit], chosen: list[int], shares: Sequence[float]) -> None:
    """Move units, in place, while that brings classes into more of the splits asked for."""
    holders: dict[str, list[int]] = defaultdict(list)
    present: list[Counter[str]] = [Counter() for _ in SPLITS]  # units with each class
    for number, unit in enumerate(units):
        present[chosen[number]].update(unit.keys())
        for label in unit:
            holders[label].append(number)

    def worth(number: int, to: int) -> float:
        here, there = present[chosen[number]], present[to]
        won = sum(WORTH[to] for label in units[number] if not there[label])
        return won - sum(WORTH[chosen[number]] for label in units[number] if here[label] == 1)

    moved = True
    while moved:
        moved = False
        for to in (split for split, share in enumerate(shares) if share > 0):
            for label in (each for each in holders if not present[to][each]):
                best = max(holders[label], key=lambda n: (worth(n, to), -units[n].total()))
                if worth(best, to) > 0:
                    present[chosen[best]].subtract(units[best].keys())
                    present[to].update(units[best].keys())
                    chosen[best], moved = to, True
