"""The page of the server as its visitor has it: in Chromium, with a mouse or without."""

import base64
import sys
from pathlib import Path

import pytest
from server_process import serving

sys.path.append(str(Path(__file__).parents[1] / "report"))

from browser import chromium

pytestmark = pytest.mark.slow
SECONDS = 60_000  # milliseconds that a machine with other work may take
DROP = """(box, [name, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "dataTransfer", { value: transfer });
  box.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def server(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    with serving(str(run), "--feedback", str(folder), "--abstain", "1") as child:
        child.folder = folder
        yield child


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(params=[(1280, 800, "light"), (375, 700, "dark")], ids=["desktop", "phone"])
def page(browser, server, request):
    """The page, whose console stays empty, and which asks nobody else."""
    width, height, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    opened, problems, strangers = context.new_page(), [], []
    opened.set_default_timeout(SECONDS)

    def asked(request):
        if not request.url.startswith((server.address, "data:", "blob:")):
            strangers.append(request.url)

    opened.on("console", lambda message: problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", asked)
    opened.goto(server.address)
    yield opened
    assert (problems, strangers) == ([], [])
    context.close()


def drop(page, file, name="dropped <b>.png"):
    text = base64.b64encode(file.read_bytes()).decode()
    page.locator("#drop").evaluate(DROP, [name, text])
    page.locator(".bars button").first.wait_for()


def test_a_dropped_image_is_predicted_explained_and_marked(page, server, files):
    drop(page, files[0])
    assert page.locator(".bars button").count() == 3
    assert page.locator(".name").inner_text() == "dropped <b>.png"
    assert page.locator(".unsure").is_visible()
    page.locator(".evidence input").focus()
    page.keyboard.press("End")
    page.locator(".overlay:not([hidden])").wait_for()
    assert page.locator(".overlay").evaluate("image => image.style.opacity") == "1"
    page.locator(".mark select").select_option("stripes")
    page.get_by_role("button", name="Mark as wrong").press("Enter")
    page.get_by_text("Saved as stripes.").wait_for()
    rows = (server.folder / "labels.csv").read_text("utf-8").splitlines()
    assert rows[0] == "path,label"
    assert [row.partition(",")[2] for row in rows[1:]] == ["stripes"]


def test_several_images_are_a_grid_that_fits_the_window(page, files):
    page.set_input_files("#files", list(map(str, files)))
    for number in range(len(files)):
        page.locator(".bars").nth(number).locator("button").first.wait_for()
    root = "document.documentElement"
    assert page.locator(".card").count() == 3
    assert not page.evaluate(f"{root}.scrollWidth > {root}.clientWidth")
    page.get_by_role("button", name="Clear").press("Enter")
    assert page.locator(".card").count() == 0


def test_a_missing_section_is_a_sentence(page, files):
    drop(page, files[1])
    page.locator(".similar summary").press("Enter")
    sentence = page.get_by_text("There are no similar training images")
    sentence.wait_for()
    assert sentence.is_visible()


def test_a_token_is_asked_for_once(browser, run):
    with serving(str(run), "--token", "open sesame") as server:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(SECONDS)
        page.goto(server.address)
        page.get_by_label("Token of this server").fill("open sesame")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Choose images").wait_for()
        page.reload()
        assert page.locator("h1").inner_text() == "shapes"
        context.close()
