"""Progress of a stream: how many, how fast, how long it will take."""

from __future__ import annotations

import re
import sys

import pytest

from transferkit.runtime.rate import Rate, shown_rate


def test_a_line_has_count_rate_and_time_left() -> None:
    rate = Rate(1000)
    rate.started -= 10  # seconds ago
    rate.done = 200
    assert rate.line("images") == "200 of 1,000 images, 20 images/s, about 40 s left"


def test_an_unknown_total_has_no_time_left() -> None:
    rate = Rate(None)
    rate.started -= 10
    rate.done = 2000
    assert rate.line("images") == "2,000 images, 200 images/s"


def test_items_of_an_earlier_process_tell_nothing_of_the_rate() -> None:
    rate = Rate(1000, done=900)
    assert rate.line("images") == "900 of 1,000 images, 0 images/s"
    rate.started -= 10
    rate.done += 50
    assert rate.line("images") == "950 of 1,000 images, 5 images/s, about 10 s left"


def test_lines_come_after_longer_and_longer_times(capsys: pytest.CaptureFixture[str]) -> None:
    rate, counts = Rate(None), []
    with shown_rate(rate, "images", bar=True) as count:
        for _ in range(60):
            rate.started -= 1
            count(10)
            if line := capsys.readouterr().err:
                counts.append(int(line.split()[0]))
    assert counts == [100, 200, 400]


def test_the_last_item_needs_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    rate = Rate(10)
    rate.started -= 100
    with shown_rate(rate, "images", bar=True) as count:
        count(10)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("total", [10, None])
def test_on_a_terminal_it_is_a_bar(
    total: int | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    rate = Rate(total)
    with shown_rate(rate, "images", bar=True) as count:
        count(10)
    assert re.search(r"10 (of 10 )?images, [\d,]+ images/s", capsys.readouterr().err)
