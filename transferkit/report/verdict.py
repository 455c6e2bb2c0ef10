"""The verdict: one honest sentence on which classifier is worth its cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from transferkit.evidence.results import Result
from transferkit.report.wording import percent, points, share_of_time

LEVEL = 0.05  # a difference that chance alone makes more often than this is not called one
COARSE = 0.025  # a standard error above this share is said even beside a clear difference


def verdict(results: Sequence[Result], truth: np.ndarray, classes: Sequence[str]) -> str:
    """One sentence on `results`, of which `truth` `(images,)` holds the class indices.

    The best network is held against the best classic; without one of the two, against the next
    best; a single classifier, against always answering the class that most test images have.
    """
    ranked = ranking(results, truth)
    best, right = ranked[0], correct(ranked[0], truth)
    constant = truth == commonest(truth)
    always = f"always answering {classes[commonest(truth)]!r}"
    if not clearly_better(right, constant):
        return (
            f"{len(truth)} test images do not show that anything was learned: the best classifier, "
            f"{best.name}, is right on {percent(right.mean())} of them, and {always} "
            f"on {percent(constant.mean())}{_resolution(right)}."
        )
    start = (
        f"{_titled(best, ranked)} is right on {percent(right.mean())} of {len(truth)} test images"
    )
    start = start[0].upper() + start[1:]
    if len(ranked) == 1:
        return f"{start}, and {always} on {percent(constant.mean())}{_resolution(right)}."
    return start + _beside(best, rival(ranked), ranked, truth)


def ranking(results: Sequence[Result], truth: np.ndarray) -> list[Result]:
    """The results by accuracy, the highest first; the cheaper first where they are equal.

    One that gives every image the same class is left out where there are others.
    """
    learned = [each for each in results if len(np.unique(each.predicted)) > 1] or results
    return sorted(learned, key=lambda each: (-correct(each, truth).mean(), each.fit_seconds))


def commonest(truth: np.ndarray) -> int:
    """The class that most test images have."""
    return int(np.bincount(truth).argmax())


def rival(ranked: Sequence[Result]) -> Result:
    """Whom the first of several is held against: the best of the other kind, or the next best."""
    others = [each for each in ranked if each.kind != ranked[0].kind]
    return (others or ranked[1:])[0]


def correct(result: Result, truth: np.ndarray) -> np.ndarray:
    """Whether the likeliest class is the true one, `(images,)` bool."""
    return np.asarray(result.predicted == truth)


def clearly_better(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether `first` `(images,)` bool is right on more images than chance explains.

    The exact test of McNemar (1947, doi:10.1007/BF02295996) on the images that one of the two
    is right on and the other is not.
    """
    from scipy.stats import binomtest

    wins, losses = int((first & ~second).sum()), int((second & ~first).sum())
    return wins > losses and bool(binomtest(wins, wins + losses).pvalue < LEVEL)


def standard_error(right: np.ndarray) -> float:
    """The standard error of the accuracy, share 0..1, from `right` `(images,)` bool.

    With the four added trials of Agresti and Coull (1998, doi:10.2307/2685469), so that five
    images out of five do not count as certainty.
    """
    images = len(right) + 4
    share = (right.sum() + 2) / images
    return math.sqrt(share * (1 - share) / images)


def _beside(best: Result, other: Result, ranked: Sequence[Result], truth: np.ndarray) -> str:
    """How `other` does beside `best`, as the rest of the sentence."""
    first, second = correct(best, truth), correct(other, truth)
    gap, images = first.mean() - second.mean(), len(truth)
    name = f"the next, {other.name}," if other.kind == best.kind else _titled(other, ranked)
    time = share_of_time(other.fit_seconds, best.fit_seconds)
    if clearly_better(first, second):
        cost = f", for {time}" if time else ""
        return (
            f"; {name} on {percent(second.mean())}: {points(gap)} less{cost}{_resolution(first)}."
        )
    error = float(np.std(first.astype(float) - second)) / math.sqrt(images)
    cost = f"; {other.name} took {time}" if time else ""
    return (
        f" and {name} on {percent(second.mean())}, which {images} images cannot tell apart: "
        f"the difference is {points(gap)} ± {error * 100:.1f}{cost}."
    )


def _titled(result: Result, ranked: Sequence[Result]) -> str:
    """`the best classic, NAME,` where there are several of the kind; else `the classic NAME`."""
    alone = sum(each.kind == result.kind for each in ranked) == 1
    return (
        f"the {result.kind} {result.name}" if alone else f"the best {result.kind}, {result.name},"
    )


def _resolution(right: np.ndarray) -> str:
    error = standard_error(right)
    if error < COARSE:
        return ""
    return f"; {len(right)} test images resolve no better than ± {points(error)}"
