"""`transferkit look`: what is in a folder, and the page on it."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from transferkit.data.manifest import Manifest

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_look_is_on_standard_output(command, shapes):
    said = command("look", shapes)
    assert said.status == 0
    first, *rest = said.out.splitlines()
    assert first == "<Manifest of 3 classes: 42 train, 6 validation, 12 test images>"
    assert "Formats: PNG 60; modes: RGB 60" in rest


def test_a_page_is_left_and_said_last(command, drawn, tmp_path):
    folder = drawn("photos", images=6)
    assert command("look", folder).err == "Page: looks/photos/look.html\n"
    assert command("look", folder).err == "Page: looks/photos-2/look.html\n"
    assert names(tmp_path / "looks" / "photos") == ["findings.csv", "look.html"]


def test_a_file_that_cannot_be_read_is_named(command, drawn, tmp_path):
    folder = drawn(images=3)
    (folder / "circles" / "zzz.png").write_bytes(b"")
    said = command("look", folder, "--out", "there")
    assert f"Left out: '{folder}/circles/zzz.png' is empty (0 bytes)." in said.out
    lines = (tmp_path / "there" / "findings.csv").read_text().splitlines()
    assert lines == [
        "finding,path,detail,group",
        f"unreadable,{folder}/circles/zzz.png,is empty (0 bytes),",
    ]


def test_a_fixed_manifest_is_what_compare_reads(command, drawn, tmp_path):
    folder = drawn("photos", images=8)
    Image.new("RGB", (48, 48), "white").save(folder / "circles" / "blank.png")
    shutil.copy(folder / "circles" / "000.png", folder / "circles" / "copy.png")
    said = command("look", folder, "--fix", "manifest")
    assert said.err == (
        "Page: looks/photos/look.html\n"
        "Next: transferkit compare --manifest looks/photos/manifest.csv\n"
    )
    fixed = Manifest.load("looks/photos/manifest.csv")
    read = Manifest.read("looks/photos/manifest.csv")
    assert read.frame.equals(fixed.frame)
    assert [path.rpartition("/")[2] for path in fixed.quarantined["path"]] == ["blank.png"]
    assert "transferkit compare --manifest looks/photos/manifest.csv" in (
        tmp_path / "looks" / "photos" / "look.html"
    ).read_text("utf-8")


def test_the_images_stay_as_they_are(command, drawn):
    folder = drawn("photos", images=4)
    (folder / "circles" / "zzz.png").write_bytes(b"")
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    command("look", folder, "--fix", "manifest")
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before


def test_a_contact_sheet_is_a_picture_and_on_the_page(command, shapes, tmp_path):
    said = command("look", shapes, "--augment", "photo", "--out", "there")
    assert (said.status, said.err) == (0, "Page: there/look.html\n")
    with Image.open(tmp_path / "there" / "contact-sheet-photo.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert min(picture.size) > 1000  # six rows of eight pictures
    assert "Augmented by the policy photo" in (tmp_path / "there" / "look.html").read_text("utf-8")


def test_doubted_labels_are_a_list_and_on_the_page(command, drawn, tmp_path):
    folder = drawn(images=10)
    wrong = (folder / "circles" / "000.png").rename(folder / "stripes" / "circle.png")
    said = command("look", folder, "--label-issues", "--out", "there")
    assert (said.status, said.err.splitlines()[-1]) == (0, "Page: there/look.html")
    heading, first, *rest = (tmp_path / "there" / "label_issues.csv").read_text().splitlines()
    assert heading == "path,label,suggested,doubt,split"
    assert first.startswith(f"{wrong},stripes,circles,0.")
    assert len(rest) == 29
    assert "suggested: circles" in (tmp_path / "there" / "look.html").read_text("utf-8")


@pytest.fixture
def shifted(drawn):
    """A split of which the training images are grey and those of the test in colour."""
    drawn("photos/test", ("circles", "stripes"), images=12, seed=2)
    for path in drawn("photos/train", ("circles", "stripes"), images=24, seed=1).rglob("*.png"):
        with Image.open(path) as picture:
            grey = picture.convert("L")
        grey.save(path)
    return "photos"


def test_a_shift_is_a_note_and_on_the_page_with_pictures_of_both_sides(command, shifted, tmp_path):
    said = command("look", shifted, "--out", "there")
    sentence = "By plain statistics of the pictures, test images can be told from training images"
    assert f"Note: {sentence}" in said.out
    page = (tmp_path / "there" / "look.html").read_text("utf-8")
    assert sentence in page
    shown = page[page.index('id="shift"') :]
    assert "photos/train/circles/" in shown.replace("<wbr>", "")
    assert "photos/test/circles/" in shown.replace("<wbr>", "")
    assert "shift," in (tmp_path / "there" / "findings.csv").read_text()


def test_the_backbone_is_asked_of_a_shift_where_that_is_asked_for(command, shifted):
    said = command("look", shifted, "--shift", "--backbone", "pocket", "--weights", "embedded")
    assert said.status == 0
    assert " By the features of the backbone, test images can be told from" in said.out
    assert "By the features" not in command("look", shifted).out


def test_a_list_without_sequences_that_are_parted_is_one_command_away(command, tmp_path):
    generator = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "films" / label).mkdir(parents=True)
        for film in range(12):
            coarse = Image.fromarray(generator.integers(0, 256, (3, 3, 3), dtype=np.uint8))
            scene = coarse.resize((96, 96), Image.Resampling.BICUBIC)
            for frame in range(3):
                left, top = generator.integers(0, 17, 2).tolist()
                shown = scene.crop((left, top, left + 72, top + 72))
                shown.save(tmp_path / "films" / label / f"{film:03}_{frame * 7:05}.png")
    command("look", "films", "--data.no-near-duplicates", "--out", "there")
    page = html.unescape((tmp_path / "there" / "look.html").read_text("utf-8"))
    (pattern,) = set(re.findall("--data.group-by '(.*?)'", page))
    assert f"transferkit look films --data.group-by '{pattern}' --fix manifest" in page
    given = ["--data.group-by", pattern, "--data.no-near-duplicates", "--fix", "manifest"]
    command("look", "films", *given, "--out", "fixed")
    fixed = Manifest.read(tmp_path / "fixed" / "manifest.csv")
    assert len(set(fixed.usable["group"])) == 24
    assert fixed.usable.groupby("group")["split"].nunique().max() == 1


def test_names_that_are_not_utf_8_are_doubted_and_on_the_contact_sheet(drawn, tmp_path):
    folder = drawn("photos", images=6)
    os.rename(bytes(folder / "circles"), bytes(folder) + b"/caf\xe9")
    os.rename(bytes(folder / "squares/000.png"), bytes(folder) + b"/squares/\xe9.png")
    doubts = ["--label-issues", "--backbone", "pocket", "--weights", "embedded"]
    given = ["look", "photos", "--augment", "flip", *doubts, "--fix", "manifest"]
    # In a process of its own: what pytest captures has to be UTF-8.
    code = "import sys; from transferkit.cli.main import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "looks" / "photos"
    assert names(made) == [
        "contact-sheet-flip.png",
        "findings.csv",
        "label_issues.csv",
        "look.html",
        "manifest.csv",
    ]
    assert b"caf\xe9" in (made / "label_issues.csv").read_bytes()
    assert b"\xe9.png,squares," in (made / "label_issues.csv").read_bytes()


def test_a_page_is_left_where_nothing_can_be_fixed(command, drawn, tmp_path):
    drawn("photos/train", images=4, seed=1)
    drawn("photos/test", images=4, seed=1)
    said = command("look", "photos", "--fix", "manifest")
    assert (said.status, said.err) == (
        1,
        "Page: looks/photos/look.html\n"
        "transferkit: Of 'photos', no image in test can be used well: give no splits, and the "
        "images are split anew, each group on one side.\n",
    )
    assert names(tmp_path / "looks" / "photos") == ["findings.csv", "look.html"]
    page = (tmp_path / "looks" / "photos" / "look.html").read_text("utf-8")
    assert "--fix manifest" not in page


def test_a_list_is_not_overwritten_by_the_look_at_it(command, drawn, tmp_path):
    command("look", drawn("photos", images=6), "--fix", "manifest", "--out", "looks/a")
    before = (tmp_path / "looks" / "a" / "manifest.csv").read_bytes()
    given = ["look", "looks/a/manifest.csv", "--out", "looks/a", "--overwrite"]
    assert command(*given) == (
        1,
        "",
        "transferkit: 'looks/a/manifest.csv' is in 'looks/a', where overwriting a look could "
        "remove it: choose another folder with --out.\n",
    )
    assert (tmp_path / "looks" / "a" / "manifest.csv").read_bytes() == before


def test_a_folder_that_is_there_is_replaced_only_if_asked(command, shapes, tmp_path):
    given = ["look", shapes, "--out", "there"]
    command(*given)
    (tmp_path / "there" / "look.html").write_text("old")
    assert command(*given) == (
        1,
        "",
        "transferkit: 'there' exists already: choose another folder with --out, "
        "or pass --overwrite to replace the look in it.\n",
    )
    assert (tmp_path / "there" / "look.html").read_text() == "old"
    assert command(*given, "--overwrite").status == 0
    assert (tmp_path / "there" / "look.html").read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            ["--augment", "foto"],
            "No augmentation policy is called 'foto': did you mean 'photo'?",
        ),
        (
            ["--label-issues", "--backbone", "resnet5"],
            "No backbone is called 'resnet5': did you mean 'resnet50'? "
            "`transferkit backbones` lists them.",
        ),
        (
            ["--backbone", "resnet50"],
            "--backbone and --weights are for --label-issues and --shift alone: pass one of "
            "these too, or leave them out.",
        ),
        (["--seed", "-1"], "The setting 'seed' is -1: it should be between 0 and 4294967295."),
    ],
)
def test_what_is_wrong_with_the_options_is_said_first(command, given, error):
    assert command("look", "nowhere", *given) == (1, "", f"transferkit: {error}\n")


def test_a_look_needs_no_tensorflow(shapes):
    code = (
        "import sys; from transferkit.cli.main import main; "
        f"main(['look', {str(shapes)!r}]); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
