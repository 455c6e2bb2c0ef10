"""The map of the test images as a reader has it: by mouse, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Visit, chromium, visit
from explained_worlds import rendered

from transferkit.report.comparison.feature_map import FeatureMap, Point, _sheet
from transferkit.report.html.render import STATIC

pytestmark = pytest.mark.slow

SPOTS = {"left": (100, 100), "middle": (200, 110), "right": (300, 100), "low": (210, 280)}
KINDS = {"left": "right", "middle": "wrong", "right": "train", "low": "right"}


def drawn_map() -> FeatureMap:
    """Four images: two of the first class, to the left and in the middle, two of the second."""
    points = [
        Point(x, y, number // 2, f"the {name} one", KINDS[name], number)
        for number, (name, (x, y)) in enumerate(SPOTS.items())
    ]
    tiles = [np.full((48, 48, 3), 60 * number, np.uint8) for number in range(4)]
    legend = (("first", 2), ("<b>second", 2))
    return FeatureMap(tuple(points), legend, "Pocket", "", _sheet(tiles, 2), 2, 480.0, 300.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ("page.css", "feature_map.css", "feature_map.js")
    page, own, script = ((STATIC / name).read_text("utf-8") for name in names)
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{page}{own}</style></head><body><main>"
        f"{rendered('feature_map.html', feature_map=drawn_map())}</main>"
        f"<script>{script}</script></body></html>"
    )
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def visited(browser: Any, html: Path) -> Iterator[Visit]:
    with visit(browser, html) as seen:
        yield seen
        assert (seen.problems, seen.requests) == ([], [])


def point_at(seen: Visit, number: int) -> None:
    box = seen.page.locator("circle:not(.ring)").nth(number).bounding_box()
    seen.page.mouse.move(box["x"] + box["width"] / 2 + 4, box["y"] + box["height"] / 2)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (375, 700)], ids=["desktop", "phone"])
def test_it_opens_without_a_complaint_or_a_request(
    browser: Any, html: Path, dark: bool, size: tuple[int, int]
) -> None:
    with visit(browser, html, dark=dark, size=size) as seen:
        assert seen.page.locator("circle.ring").count() == 1
        assert not seen.page.locator(".pointed").is_visible()
        assert not seen.scrolls_sideways
        assert (seen.problems, seen.requests) == ([], [])


def test_pointing_near_a_dot_shows_its_picture_and_what_it_is(visited: Visit) -> None:
    point_at(visited, 1)
    assert visited.page.locator(".pointed p").inner_text() == "the middle one"
    tile = visited.page.locator(".tile")
    assert tile.is_visible()
    assert tile.evaluate("each => getComputedStyle(each).backgroundPosition") == "100% 0%"
    point_at(visited, 3)
    assert visited.page.locator(".pointed p").inner_text() == "the low one"
    assert tile.evaluate("each => getComputedStyle(each).backgroundPosition") == "100% 100%"
    visited.page.mouse.move(2, 2)
    assert not visited.page.locator(".pointed").is_visible()


def test_the_card_stays_within_the_window(browser: Any, html: Path) -> None:
    with visit(browser, html, size=(375, 700)) as seen:
        for number in range(4):
            point_at(seen, number)
            box = seen.page.locator(".pointed").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 375


def test_the_arrow_keys_go_from_dot_to_dot(visited: Visit) -> None:
    visited.page.locator(".plane").focus()
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight"):
        visited.page.keyboard.press(key)
        said.append(visited.page.locator(".pointed p").inner_text())
    assert said == [f"the {name} one" for name in ("left", "middle", "low", "middle", "right")]
    visited.page.keyboard.press("Escape")
    assert not visited.page.locator(".pointed").is_visible()


def test_a_class_of_the_legend_stands_out_and_back(visited: Visit) -> None:
    button = visited.page.get_by_role("button", name="<b>second 2")
    button.click()
    faint = "circles => circles.filter(c => Number(getComputedStyle(c).opacity) < 0.5).length"
    assert visited.page.locator("circle").evaluate_all(faint) == 3  # with the ring
    point_at(visited, 0)
    assert not visited.page.locator(".pointed").is_visible()
    point_at(visited, 2)
    assert visited.page.locator(".pointed p").inner_text() == "the right one"
    button.click()
    assert visited.page.locator("circle").evaluate_all(faint) == 0


def test_the_browser_shows_no_text_of_its_own(visited: Visit) -> None:
    assert visited.page.locator("circle title").count() == 0
