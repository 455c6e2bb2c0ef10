"""A real browser for the tests of pages: Chromium, driven by Playwright; skipped without them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Visit:
    """A page that is open: Playwright's `page`, and what it asked for and complained of."""

    page: Any
    problems: list[str] = field(default_factory=list)
    """Errors and warnings on the console, and exceptions."""
    requests: list[str] = field(default_factory=list)
    """Addresses that were asked for, but for the page itself and data in it."""

    @property
    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser to `visit` with."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Any,
    path: Path,
    *,
    dark: bool = False,
    size: tuple[int, int] = (1280, 800),
    touch: bool = False,
) -> Iterator[Visit]:
    """The file `path`, open in a window of `size` pixels, in light or `dark`."""
    scheme = "dark" if dark else "light"
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=touch)
    page, address = context.new_page(), path.absolute().as_uri()
    seen = Visit(page)

    def asked(request: Any) -> None:
        if request.url != address and not request.url.startswith("data:"):
            seen.requests.append(request.url)

    def complained(message: Any) -> None:
        if message.type in ("error", "warning"):
            seen.problems.append(message.text)

    page.on("request", asked)
    page.on("console", complained)
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.on("dialog", lambda box: (seen.problems.append(f"alert: {box.message}"), box.dismiss()))
    page.goto(address)
    try:
        yield seen
    finally:
        context.close()
