"""The report's page as a reader has it: in Chromium, from a file, with a mouse or without."""

import shutil

import pytest
from browser import chromium, visit

from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest
from transferkit.report.comparison.page import page
from transferkit.report.comparison.report import compare

pytestmark = pytest.mark.slow

SCRIPT, IMAGE = "<script>alert(1)<", "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory, shapes, answerers):
    """The page of a network and two baselines on classes whose names are markup."""
    folder = tmp_path_factory.mktemp("browsed") / "sets"
    shutil.copytree(shapes / "circles", folder / SCRIPT)
    shutil.copytree(shapes / "squares", folder / IMAGE)
    manifest = Manifest.read(folder, DataConfig(test_split=0.4))
    html = folder.parent / "report.html"
    html.write_text(page(compare(answerers(manifest), manifest)), encoding="utf-8")
    return html


@pytest.fixture
def visited(browser, file):
    with visit(browser, file) as seen:
        yield seen
        assert (seen.problems, seen.requests) == ([], [])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (375, 700)], ids=["desktop", "phone"])
def test_it_opens_without_a_complaint_or_a_request(browser, file, dark, size):
    with visit(browser, file, dark=dark, size=size) as seen:
        assert seen.page.locator("h1").inner_text() == "sets"
        assert not seen.scrolls_sideways
        assert (seen.problems, seen.requests) == ([], [])


def test_class_names_that_are_markup_stay_text(visited):
    assert visited.page.locator("script").count() == 1
    assert visited.page.locator(f"th:text-is('{SCRIPT}')").count() > 0
    assert visited.page.locator("img[src=x]").count() == 0


def names(visited):
    return [
        row.get_attribute("data-value") for row in visited.page.locator(".results tbody th").all()
    ]


def test_a_heading_sorts_the_table_and_turns_it_round(visited):
    assert names(visited) == ["lenet", "random_forest_hog", "majority"]
    heading = visited.page.get_by_role("button", name="fit time")
    heading.click()
    assert names(visited) == ["lenet", "majority", "random_forest_hog"]
    heading.press("Enter")
    assert names(visited) == ["majority", "random_forest_hog", "lenet"]


def test_a_section_folds_by_click_and_by_keyboard(visited):
    summary = visited.page.locator("summary", has=visited.page.locator("#confidence"))
    figure = visited.page.locator("section[aria-labelledby=confidence] svg").first
    summary.click()
    assert not figure.is_visible()
    summary.press("Enter")
    assert figure.is_visible()


def test_a_test_image_enlarges_and_closes_by_escape(visited):
    shown, dialog = visited.page, visited.page.locator("dialog")
    shown.locator(".gallery .enlarge").first.press("Enter")
    assert dialog.locator("img").bounding_box()["width"] > 400
    shown.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_everything_is_open_on_paper(visited):
    for summary in visited.page.locator("summary").all():
        summary.click()
    visited.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visited.page.locator("details:not([open])").count() == 0


def test_a_thousand_test_images_are_less_than_five_megabytes(drawn, answerers):
    folder = drawn("many", ("circles", "squares"), images=1000)
    manifest = Manifest.read(folder, DataConfig(test_split=0.5, near_duplicates=False))
    assert len(manifest.part("test")) == 1000
    assert len(page(compare(answerers(manifest), manifest)).encode()) < 5_000_000
