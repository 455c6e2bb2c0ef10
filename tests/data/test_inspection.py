import csv
import os

import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.inspection import look
from transferkit.data.manifest import Manifest
from transferkit.data.quality.file_info import COLUMNS
from transferkit.errors import DataError


@pytest.fixture
def folder(drawn):
    """Two classes of four PNG images, one JPEG turned and named .png, and one file of nothing."""
    folder = drawn("images", ("cat", "dog"), 4, image_size=24)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (40, 30)).save(folder / "cat/turned.png", "JPEG", exif=exif)
    (folder / "dog/broken.jpg").write_bytes(b"")
    return folder


def lines(folder):
    return str(look(folder)).splitlines()


def test_it_begins_with_what_there_is(folder):
    assert lines(folder)[0] == (
        "<Manifest of 2 classes: 5 train, 2 validation, 2 test images; 1 left out>"
    )


def test_the_frame_has_a_row_for_each_kind_of_finding(folder):
    frame = look(folder).frame()
    assert dict(zip(frame["finding"], frame["images"], strict=True))["unreadable"] == 1
    assert frame["advice"].str.endswith(".").all()


def test_the_plot_has_a_bar_for_each_class_and_split(folder):
    (axes,) = look(folder).plot().axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["cat", "dog"]
    assert sum(bar.get_width() for bar in axes.patches) == 9


def test_formats_and_modes_are_counted(folder):
    assert lines(folder)[1] == "Formats: PNG 8, JPEG 1; modes: RGB 8, L 1"


def test_sizes_are_from_the_smallest_to_the_largest(folder):
    assert lines(folder)[2].startswith(
        "Sizes: 24 to 40 pixels wide (median 24), 24 to 30 high (median 24); 0.0 MB"
    )


def test_classes_are_counted_by_split(folder):
    text = [line.split() for line in lines(folder)]
    assert ["dog", "2", "1", "1"] in text


def test_it_ends_with_what_was_left_out(folder):
    assert lines(folder)[-1] == f"Left out: '{folder}/dog/broken.jpg' is empty (0 bytes)."


def test_notes_name_what_is_odd(folder):
    assert [line for line in lines(folder) if line.startswith("Note")] == [
        "Note: Each folder in images/ is a class; 2 classes.",
        "Note: 1 of 10 files were left out; the list names each.",
        "Note: Pictures of nearly one colour (1): 'cat/turned.png'.",
        "Note: Files with the ending of another format (1): 'cat/turned.png'.",
        "Note: Files turned by EXIF, which are put upright (1): 'cat/turned.png'.",
        "Note: Grey files among others in colour (1): 'cat/turned.png'.",
    ]


def test_there_is_a_row_a_file(folder):
    found = look(folder)
    assert found.files["path"].tolist() == found.manifest.frame["path"].tolist()
    assert found.files.columns.tolist() == list(COLUMNS)


def test_the_settings_count(folder):
    assert len(look(folder, DataConfig(max_pixels=600)).manifest.quarantined) == 2


def test_a_strict_look_ends_at_a_broken_file(folder):
    with pytest.raises(DataError):
        look(folder, DataConfig(strict=True))


def test_at_most_five_files_are_named_that_were_left_out(folder):
    for number in range(6):
        (folder / f"dog/broken{number}.jpg").write_bytes(b"")
    assert lines(folder)[-2:] == [
        f"Left out: '{folder}/dog/broken3.jpg' is empty (0 bytes).",
        "Left out: 2 more.",
    ]


def test_findings_are_rows_of_text(folder):
    (folder / "dog/copy.png").write_bytes((folder / "dog/000.png").read_bytes())
    findings = look(folder).findings
    assert findings.columns.tolist() == ["finding", "path", "detail", "group"]
    assert findings[["finding", "path"]].to_numpy().tolist() == [
        ["unreadable", f"{folder}/dog/broken.jpg"],
        ["copy", f"{folder}/dog/000.png"],
        ["copy", f"{folder}/dog/copy.png"],
        ["blank", f"{folder}/cat/turned.png"],
        ["wrong_ending", f"{folder}/cat/turned.png"],
        ["rotated", f"{folder}/cat/turned.png"],
        ["grey", f"{folder}/cat/turned.png"],
    ]


def test_blank_pictures_are_left_out_of_the_fixed_manifest(folder):
    fixed = look(folder).fixed()
    assert fixed.quarantined[["path", "split", "problem"]].to_numpy().tolist() == [
        [f"{folder}/cat/turned.png", "", "shows nearly one colour"],
        [f"{folder}/dog/broken.jpg", "", "is empty (0 bytes)"],
    ]
    assert fixed.notes == ("2 of 10 files were left out; the list names each.",)


@pytest.fixture
def leaking(drawn):
    """Train and test of two classes, of which one image of each is in both."""
    folder = drawn("images/train", ("cat", "dog"), 6, image_size=24, seed=1).parent
    drawn("images/test", ("cat", "dog"), 3, image_size=24, seed=2)
    for name in ("cat", "dog"):
        (folder / f"test/{name}/copy.png").write_bytes(
            (folder / f"train/{name}/000.png").read_bytes()
        )
    return folder


def test_test_images_that_leak_are_left_out_of_the_fixed_manifest(leaking):
    found = look(leaking)
    fixed = found.fixed()
    assert found.manifest.leaked["path"].tolist() == [
        f"{leaking}/test/cat/copy.png",
        f"{leaking}/test/dog/copy.png",
    ]
    assert fixed.quarantined["path"].tolist() == found.manifest.leaked["path"].tolist()
    assert len(fixed.part("train")) == len(found.manifest.part("train"))
    assert fixed.leaked.empty
    assert set(fixed.quarantined["problem"]) <= {
        "has a copy, a near copy or one of its group in train",
        "has a copy, a near copy or one of its group in validation",
    }


def test_a_fixed_manifest_that_is_saved_is_read_as_it_is(leaking, tmp_path):
    fixed = look(leaking).fixed()
    fixed.save(tmp_path / "fixed.csv")
    again = Manifest.read(tmp_path / "fixed.csv")
    assert again.frame.equals(fixed.frame)
    assert again.leaked.empty


def test_groups_of_a_list_in_latin_1_are_read_and_fixed(drawn, tmp_path):
    folder = drawn("images", ("cat", "dog"), 4, image_size=24)
    with open(tmp_path / "list.csv", "w", encoding="latin-1", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["path", "label", "split", "group"])
        for path in sorted(folder.rglob("*.png")):
            label, number = path.parent.name, int(path.stem)
            group = "René" if number in (1, 2) else f"{label} {number}"
            split = "test" if number > 1 else "train"
            lines.writerow([path, label, split, group])
    found = look(tmp_path / "list.csv")
    rene = os.fsdecode(b"Ren\xe9")
    assert set(found.manifest.leaked["group"]) == {rene}
    fixed = found.fixed()
    assert set(fixed.quarantined["group"]) == {rene}
    assert fixed.leaked.empty


def test_a_test_of_nothing_but_copies_cannot_be_fixed(drawn):
    folder = drawn("images/train", ("cat", "dog"), 4, image_size=24, seed=1).parent
    drawn("images/test", ("cat", "dog"), 4, image_size=24, seed=1)
    with pytest.raises(DataError) as caught:
        look(folder).fixed()
    assert str(caught.value) == (
        f"Of '{folder}', no image in test can be used well: give no splits, and the images are "
        "split anew, each group on one side."
    )


def test_a_strict_look_ends_at_a_split_that_leaks(leaking):
    with pytest.raises(DataError):
        look(leaking, DataConfig(strict=True))


def test_reading_and_fixing_changes_no_file(leaking):
    before = {path: path.stat().st_mtime_ns for path in leaking.rglob("*")}
    look(leaking).fixed()
    assert before == {path: path.stat().st_mtime_ns for path in leaking.rglob("*")}


def test_a_page_of_it_escapes_names(drawn):
    folder = drawn("images", ("<b>", "dog"), 3)
    (folder / "<b>/<i>.png").write_bytes(b"")
    page = look(folder)._repr_html_()
    assert "<b>" not in page
    assert "<i>" not in page
