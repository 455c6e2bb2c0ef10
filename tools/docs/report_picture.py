"""Make the picture of a report that the README shows, with headless Chromium.

    transferkit demo --sample patches
    python -m tools.docs.report_picture transferkit-demo/run-patches/report.html

It needs Chromium and Playwright (extra `test`), and writes docs/images/report.png.
"""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WINDOW = {"width": 1200, "height": 1500}  # pixels: verdict, table, figures
PICTURE = Path("docs/images/report.png")
COLORS = 128  # of the palette: text and plots need few, and the file stays under 250 kB


def screenshot(page: Path) -> Image.Image:
    """Return the first screen of the HTML file `page`, in light colours."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed: the picture is not made.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport=WINDOW, color_scheme="light", device_scale_factor=1.25)
        tab.goto(page.absolute().as_uri())
        data = tab.screenshot()
        browser.close()
    return Image.open(BytesIO(data)).convert("RGB")


def main() -> None:
    """Write the picture of the report that the command line names."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture = screenshot(Path(sys.argv[1])).quantize(COLORS)
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
