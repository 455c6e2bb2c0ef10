"""`transferkit look`: what is in a folder, and the contact sheet."""

from __future__ import annotations

import pytest
from PIL import Image


def test_a_look_is_on_standard_output(command, shapes):
    said = command("look", shapes)
    assert said.status == 0
    first, *rest = said.out.splitlines()
    assert first == "<Manifest of 3 classes: 42 train, 6 validation, 12 test images>"
    assert "Formats: PNG 60; modes: RGB 60" in rest


def test_a_file_that_cannot_be_read_is_named(command, drawn):
    folder = drawn(images=3)
    (folder / "circles" / "zzz.png").write_bytes(b"")
    said = command("look", folder)
    assert f"Left out: '{folder}/circles/zzz.png' is empty (0 bytes)." in said.out


def test_a_contact_sheet_is_a_picture(command, shapes, tmp_path):
    sheet = tmp_path / "sheet.png"
    said = command("look", shapes, "--augment", "photo", "--out", sheet)
    assert (said.status, said.err) == (0, f"Contact sheet: {sheet}\n")
    with Image.open(sheet) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert min(picture.size) > 1000  # six rows of eight pictures


def test_the_sheet_is_called_after_its_policy(command, shapes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("look", shapes, "--augment", "flip").err == (
        "Contact sheet: contact-sheet-flip.png\n"
    )


def test_a_sheet_that_is_there_is_replaced_only_if_asked(command, shapes, tmp_path):
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(b"mine")
    given = ["look", shapes, "--augment", "flip", "--out", sheet]
    assert command(*given) == (
        1,
        "",
        f"transferkit: '{sheet}' exists already: choose another file with --out, "
        "or pass --overwrite to replace it.\n",
    )
    assert sheet.read_bytes() == b"mine"
    assert command(*given, "--overwrite").status == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            ["--out", "sheet.png"],
            "The contact sheet 'sheet.png' was asked for without a policy to draw: "
            "name one with --augment, such as photo.",
        ),
        (
            ["--augment", "flip", "--out", "sheet.gif"],
            "The contact sheet 'sheet.gif' is a PNG picture: give it a name that ends in .png.",
        ),
        (["--seed", "-1"], "The setting 'seed' is -1: it should be between 0 and 4294967295."),
    ],
)
def test_what_cannot_be_drawn_is_said_first(command, given, error):
    assert command("look", "nowhere", *given) == (1, "", f"transferkit: {error}\n")
