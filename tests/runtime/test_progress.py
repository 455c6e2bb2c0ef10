"""What is said while something works."""

from __future__ import annotations

import re
import time

import pytest

from transferkit.runtime import progress
from transferkit.runtime.progress import Clock, in_words, track


def test_a_long_work_says_how_long_from_its_first_items(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "MIN_LOGGED_SECONDS", 0.1)
    for _ in track(range(8), 1000, doing="Counting"):
        time.sleep(0.02)
    [line] = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"Counting: about \d+ (s|min)\.", line)


def test_a_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(8), 8, doing="Counting")) == list(range(8))
    assert capsys.readouterr().err == ""


def test_the_first_item_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MIN_LOGGED_SECONDS", 0)
    clock = Clock(100)
    time.sleep(0.2)
    found = [clock.tick() for _ in range(5)]
    assert found[3] is not None
    assert found[3] < 15  # seconds; with the first item it would be 20 or more
    assert found[:3] + found[4:] == [None] * 4


@pytest.mark.parametrize(("seconds", "words"), [(7.4, "7 s"), (99, "99 s"), (130, "2 min")])
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
