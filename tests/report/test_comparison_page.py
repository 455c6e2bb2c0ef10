import dataclasses
import re
from pathlib import Path

import pytest

from transferkit.report.comparison.page import page
from transferkit.report.comparison.report import compare


@pytest.fixture(scope="module")
def html(report):
    return page(report)


@pytest.fixture
def hostile(drawn, reported):
    """The page on classes whose names are markup, beside a file that is no image."""
    folder = drawn("sets", ("<script>alert(1)<", '"><img src=x onerror=alert(2)>'), images=6)
    (folder / "<script>alert(1)<" / "no <b>image.png").write_bytes(b"nothing")
    return page(reported(folder))


def test_the_verdict_is_at_the_top(html, report):
    text = html.replace("<wbr>", "").replace("\N{NO-BREAK SPACE}", " ")
    assert text.index(report.verdict) < text.index("<main>")


def test_nothing_is_fetched(html):
    html = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    sources = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')> ]*)", html)
    assert {source.split(":")[0] for source in sources if not source.startswith("#")} == {"data"}
    assert not re.search(r"<link|@import|@font-face", html)


def test_the_browser_is_told_to_fetch_nothing(html):
    assert "content=\"default-src 'none'; img-src data:;" in html


def test_light_and_dark_are_both_there(html):
    assert "color-scheme: light dark" in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_tables_scroll_by_themselves_and_by_keyboard(html):
    assert (
        html.count('class="scroll" role="region" aria-label="Table of results" tabindex="0"') == 1
    )


def test_every_picture_has_a_text(html):
    assert html.count("<img ") == html.count('alt="') > 0
    assert html.count("<svg ") == html.count('role="img"') > 0


def test_every_id_is_there_once(html):
    names = re.findall(r'\bid="([^"]+)"', html)
    assert sorted(set(names)) == sorted(names)


def test_a_head_that_was_solved_has_no_training_curve(manifest, classifiers):
    majority, forest, network = classifiers
    solved = dataclasses.replace(network, history=network.history[:1])
    html = page(compare([majority, forest, solved], manifest))
    assert ">Confusion</h2>" in html
    assert ">Training</h2>" not in html


def test_headings_name_the_sections(html):
    headings = re.findall(r"<h2 id=\"\w+\">(.*?)</h2>", html)
    assert headings == [
        "Results",
        "Which to choose",
        "Differences",
        "Confidence",
        "Training",
        "Confusion",
        "Test images",
        "Data",
        "Details",
        "Settings",
        "Environment",
    ]


def test_settings_and_environment_are_shown(html, report):
    assert "backbone: efficientnet_lite0" in html
    assert '<th scope="row">versions.keras</th><td>3.15</td>' in html


def test_the_page_is_small(html):
    assert len(html) < 1_000_000


def test_a_class_called_script_stays_text(hostile):
    assert hostile.count("<script>") == 1  # the page's own
    assert "&lt;script&gt;alert(1)&lt;" in hostile
    assert "<img src=x" not in hostile


def test_what_was_left_out_is_listed_with_its_reason(hostile):
    assert "Left out: 1 file</h2>" in hostile
    assert "no &lt;b&gt;image.png</code></th><td>is not an image" in hostile


def test_a_picture_that_went_away_is_left_out(drawn, reported):
    report = reported(drawn("sets", images=6))
    for path in report.test["path"]:
        Path(path).unlink()
    assert "<img " not in page(report)
