"""The page of a look: what it says first, what it shows, and what it leaves to findings.csv."""

import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.inspection import DatasetInspection, look
from transferkit.report.inspection.page import look_page, next_command_of
from transferkit.report.inspection.sections import sections, shown_path
from transferkit.report.inspection.verdict import by_class, finding_groups, labels_by_path, verdict

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)<"


@pytest.fixture
def spoilt(drawn):
    """Three classes of twelve pictures, some of which are copied, mislabelled, empty or blank."""
    folder = drawn(images=12, image_size=96)
    circles, squares = folder / "circles", folder / "squares"
    shutil.copy(circles / "000.png", circles / "copy.png")
    shutil.copy(circles / "001.png", circles / "copy1.png")
    shutil.copy(circles / "002.png", squares / "mislabelled.png")
    (squares / "no image.png").write_bytes(b"nothing")
    Image.new("RGB", (96, 96), "white").save(folder / "stripes" / "blank.png")
    return folder


@pytest.fixture(scope="session")
def good(shapes):
    return look(shapes)


def kinds(found: DatasetInspection) -> list[str]:
    return [each.kind.name for each in finding_groups(found)]


def test_the_worst_comes_first_and_what_is_only_good_to_know_last(spoilt):
    with Image.open(spoilt / "stripes" / "000.png") as picture:
        picture.convert("RGBA").save(spoilt / "stripes" / "000.png")
    assert kinds(look(spoilt)) == ["contradiction", "unreadable", "copy", "blank", "alpha"]


def test_the_verdict_says_what_can_be_learnt_from_and_what_to_look_at(spoilt):
    found = look(spoilt)
    assert verdict(found, finding_groups(found)) == (
        "38 images of 3 classes can be used; 3 of 41 files are left out. Start with the same "
        "file under two labels (2), files that cannot be used (1), exact copies of other files "
        "(2) and 1 more finding."
    )


def test_the_verdict_on_good_images_is_short(good):
    assert verdict(good, finding_groups(good)) == (
        "60 images of 3 classes can be used. Nothing was found that would harm a network or "
        "flatter its score."
    )


def test_the_verdict_names_a_class_that_is_not_scored(drawn):
    folder = drawn("photos", ("x", "y"), images=2)
    (folder / "y" / "001.png").unlink()
    found = look(folder)
    assert verdict(found, finding_groups(found)) == (
        "3 images of 2 classes can be used. But the class 'y' cannot be scored. Nothing else was "
        "found that would harm a network or flatter its score."
    )


def test_the_verdict_counts_the_classes_that_are_not_scored(drawn):
    folder = drawn("photos", ("x", "y", "z"), images=2)
    for name in ("y", "z"):
        (folder / name / "001.png").unlink()
    (folder / "x" / "no image.png").write_bytes(b"nothing")
    found = look(folder)
    assert verdict(found, finding_groups(found)) == (
        "4 images of 3 classes can be used; 1 of 5 files is left out. But 2 classes cannot be "
        "scored. Start with files that cannot be used (1)."
    )


def test_the_verdict_is_at_the_top(spoilt):
    html = look_page(look(spoilt))
    assert html.index("38 images of 3 classes can be used") < html.index("<main>")


def test_every_finding_has_a_section_with_its_advice(spoilt):
    html = look_page(look(spoilt))
    assert re.findall(r"<h2 id=\"\w+\">(.*?)</h2>", html) == [
        "What to do next",
        "Findings",
        "Classes and splits",
        "Sizes and formats",
        "The same file under two labels: 2",
        "Files that cannot be used: 1",
        "Exact copies of other files: 2",
        "Pictures of nearly one colour: 1",
    ]
    assert "They hold nothing to learn: remove them." in html


def test_copies_are_side_by_side_with_label_split_and_path(spoilt):
    found = {each.group.kind.name: each for each in sections(look(spoilt), DataConfig())}
    copies, labels = found["copy"], found["contradiction"]
    assert [[one.shown for one in members] for members in copies.sets] == [
        ["circles/000.png", "circles/copy.png"],
        ["circles/001.png", "circles/copy1.png"],
    ]
    assert [(one.label, one.split) for one in labels.sets[0]] == [
        ("circles", "left out"),
        ("squares", "left out"),
    ]
    assert all(one.uri.startswith("data:image/jpeg") for one in copies.sets[0])


def test_a_file_that_cannot_be_read_is_named_with_its_reason(spoilt):
    html = look_page(look(spoilt))
    assert "<code>squares/no image.png</code></th><td>is not an image of a known format" in html


def test_what_there_is_no_room_for_is_counted(spoilt):
    section = sections(look(spoilt), DataConfig(), room=0)[-1]
    assert (section.sets, section.more) == ([[]], 1)
    html = look_page(look(spoilt))
    assert "in findings.csv.</p>\n</details>" not in html


def test_a_big_folder_makes_no_big_page(tmp_path):
    generator = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(12):
            noise = generator.integers(0, 256, (256, 256, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{number}.png")
            shutil.copy(tmp_path / name / f"{number}.png", tmp_path / name / f"{number}-copy.png")
    html = look_page(look(tmp_path))
    assert len(html) < 5_000_000
    assert re.search(r"<p class=\"note\">\d+ more are in findings.csv.</p>", html)


def test_a_class_that_has_all_of_something_is_warned_of(drawn):
    folder = drawn(images=10)
    for number in range(8):
        with Image.open(folder / "circles" / f"00{number}.png") as picture:
            picture.convert("RGBA").save(folder / "circles" / f"00{number}.png")
    found = look(folder)
    (alpha,) = finding_groups(found)
    assert by_class(alpha, labels_by_path(found)) == "circles 8 of 10"
    assert alpha.giveaway == (
        "All of them are of the class 'circles': a network may take it for a mark of that class."
    )
    assert verdict(found, [alpha]) == (
        "30 images of 3 classes can be used. Start with files with an alpha channel (8)."
    )


@pytest.mark.parametrize(
    ("doubt", "says"),
    [
        (0.913, ["Possible label errors: 1</h2>", "suggested: circles", "91.3 %"]),
        (0.49, ["No image is more likely of another class than of its own."]),
    ],
)
def test_labels_are_doubted_where_another_is_likelier(good, doubt, says):
    row = good.manifest.frame.query("label == 'stripes'").iloc[0]
    frame = pd.DataFrame(
        [(row.path, row.label, "circles", doubt, row.split)],
        columns=["path", "label", "suggested", "doubt", "split"],
    )
    html = look_page(good, label_issues=frame)
    assert [each for each in says if each not in html] == []


def test_a_contact_sheet_is_in_the_page(good):
    html = look_page(good, sheet=Image.new("RGB", (300, 200), "red"), policy="flip")
    assert "Augmented by the policy flip</h2>" in html
    assert 'title="contact-sheet-flip.png"' in html


def test_good_images_are_for_comparing_at_once(good, shapes):
    assert next_command_of(good) == f"transferkit compare {shapes}"


def test_what_a_list_can_leave_out_is_for_fixing_first(spoilt):
    assert next_command_of(look(spoilt)) == f"transferkit look {spoilt} --fix manifest"


def test_names_with_blanks_are_quoted_in_commands(drawn):
    folder = drawn("my photos", images=6)
    assert next_command_of(look(folder)) == f"transferkit compare '{folder}'"


@pytest.mark.parametrize(
    ("path", "source", "shown"),
    [
        ("/data/photos/train/cat/1.png", "/data/photos", "train/cat/1.png"),
        ("/data/photos/train/cat/1.png", "list.csv", "cat/1.png"),
    ],
)
def test_a_path_is_shown_within_its_source(path, source, shown):
    assert shown_path(path, source) == shown


def test_nothing_is_fetched(spoilt):
    html = look_page(look(spoilt))
    sources = re.findall(r"(?:src|href)=\"([^\"]*)\"", html)
    assert {source.split(":")[0] for source in sources if source[0] != "#"} == {"data"}
    assert "content=\"default-src 'none'; img-src data:;" in html


def test_what_a_user_named_stays_text(drawn):
    folder = drawn("sets", (HOSTILE, '"><img src=x onerror=alert(2)>'), images=6)
    (folder / HOSTILE / "no <b>image.png").write_bytes(b"nothing")
    shutil.copy(folder / HOSTILE / "000.png", folder / HOSTILE / "<i>copy.png")
    html = look_page(look(folder))
    assert html.count("<script>") == 1  # the page's own
    assert "&lt;script&gt;alert(1)&lt;" in html
    assert "<img src=x" not in html
    assert "<i>copy" not in html
    assert "<b>image" not in html


def test_names_that_are_not_utf_8_are_shown_as_far_as_they_are_text(drawn):
    folder = drawn(images=6)
    name = os.fsdecode(b"caf\xe9")
    shutil.copytree(folder / "circles", folder / name)
    (folder / name / os.fsdecode(b"\xe9.png")).write_bytes(b"")
    html = look_page(look(folder))
    assert "caf\N{REPLACEMENT CHARACTER}" in html
    assert html.encode("utf-8").decode("utf-8") == html


def test_what_is_below_is_not_said_twice(spoilt):
    html = look_page(look(spoilt))
    assert "3 of 41 files were left out; the list names each." in html
    assert "Exact copies of other files, one group for each (2)" not in html


def test_every_id_is_there_once(spoilt):
    names = re.findall(r'\bid="([^"]+)"', look_page(look(spoilt)))
    assert sorted(set(names)) == sorted(names)
