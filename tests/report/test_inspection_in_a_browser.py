"""The page of a look as a reader has it: in Chromium, from a file, with a mouse or without."""

import shutil

import pytest
from browser import chromium, visit

from transferkit.data.inspection import look
from transferkit.report.inspection.page import look_page

pytestmark = pytest.mark.slow

IMAGE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def page_of_copies(tmp_path_factory, shapes):
    """A page with two sets of copies, in classes whose names are markup."""
    folder = tmp_path_factory.mktemp("browsed") / "sets"
    shutil.copytree(shapes / "circles", folder / IMAGE)
    shutil.copytree(shapes / "squares", folder / "<script>alert(1)<")
    for number in (0, 1):
        first = folder / IMAGE / f"00{number}.png"
        shutil.copy(first, first.with_name(f"copy {number}.png"))
    html = folder.parent / "look.html"
    html.write_text(look_page(look(folder)), encoding="utf-8")
    return html


@pytest.fixture
def visited(browser, page_of_copies):
    with visit(browser, page_of_copies) as seen:
        yield seen
        assert (seen.problems, seen.requests) == ([], [])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (375, 700)], ids=["desktop", "phone"])
def test_it_opens_without_a_complaint_or_a_request(browser, page_of_copies, dark, size):
    with visit(browser, page_of_copies, dark=dark, size=size) as seen:
        assert seen.page.locator("h1").inner_text() == "sets"
        assert not seen.scrolls_sideways
        assert (seen.problems, seen.requests) == ([], [])


def test_class_names_that_are_markup_stay_text(visited):
    assert visited.page.locator("#copy").is_visible()
    assert visited.page.locator(".set b").first.inner_text() == IMAGE
    assert visited.page.locator("script").count() == 1


def test_a_section_folds_by_click_and_by_keyboard(visited):
    summary = visited.page.locator("summary", has=visited.page.locator("#copy"))
    picture = visited.page.locator(".set img").first
    summary.click()
    assert not picture.is_visible()
    summary.press("Enter")
    assert picture.is_visible()


def test_a_link_unfolds_its_section(visited):
    visited.page.locator("summary", has=visited.page.locator("#copy")).click()
    visited.page.locator(".found a").first.click()
    assert visited.page.locator(".set img").first.is_visible()


def test_a_picture_enlarges_by_click_and_closes_by_a_click(visited):
    small = visited.page.locator(".set img").first
    dialog = visited.page.locator("dialog")
    width = small.bounding_box()["width"]
    small.click()
    assert dialog.is_visible()
    assert dialog.locator("img").bounding_box()["width"] > 2 * width
    dialog.locator("img").click()
    assert not dialog.is_visible()


def test_a_picture_enlarges_by_enter_and_closes_by_escape(visited):
    page = visited.page
    page.locator(".enlarge").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert page.evaluate("document.activeElement.className") == "enlarge"


def test_arrow_keys_turn_to_the_neighbours(visited):
    page, words = visited.page, visited.page.locator("dialog .path")
    page.locator(".enlarge").first.press("Enter")
    first = words.inner_text()
    page.keyboard.press("ArrowRight")
    assert words.inner_text() != first
    page.keyboard.press("ArrowLeft")
    assert words.inner_text() == first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert words.inner_text() == first


def test_the_text_of_a_picture_stays_on_the_page_when_it_was_enlarged(visited):
    before = visited.page.locator(".sets").inner_text()
    visited.page.locator(".enlarge").first.press("Enter")
    visited.page.keyboard.press("Escape")
    assert visited.page.locator(".sets").inner_text() == before


def test_everything_is_open_on_paper(visited):
    page = visited.page
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0


def test_every_picture_can_be_reached_by_tab(visited):
    page, seen = visited.page, 0
    for _ in range(60):
        page.keyboard.press("Tab")
        seen += page.evaluate("document.activeElement.className === 'enlarge'")
    assert seen >= page.locator(".enlarge").count() == 4
