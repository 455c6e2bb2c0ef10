"""What is said while something works."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from transferkit.runtime.progress import Clock, in_words, quiet_progress, track


def test_a_long_work_says_how_long_from_its_first_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in track(range(8), 1000, doing="Counting"):
        time.sleep(0.02)
    [line] = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"Counting: about \d+ (s|min)\.", line)


def test_a_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(8), 8, doing="Counting")) == list(range(8))
    assert capsys.readouterr().err == ""


def test_the_first_item_is_not_timed() -> None:
    clock, found = Clock(1000), []
    time.sleep(1)
    for _ in range(5):
        found.append(clock.tick())
        time.sleep(0.02)
    assert found[3] is not None
    assert 20 <= found[3] < 300  # seconds; with the first item it would be 340 or more
    assert found[:3] + found[4:] == [None] * 4


@pytest.mark.parametrize(("seconds", "words"), [(7.4, "7 s"), (99, "99 s"), (130, "2 min")])
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize("how", ["within a larger work", "in a thread"])
def test_a_part_of_a_work_says_nothing(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in track(range(8), 10_000, doing="Counting"):
            time.sleep(0.005)

    if how == "in a thread":
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()
    else:
        with quiet_progress():
            work()
    assert capsys.readouterr().err == ""
