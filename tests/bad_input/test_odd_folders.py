"""Folders that are odd and can be used: what is left out is named, and nothing is lost."""

import csv
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ODD = ("with space", "new\nline", "🐈", "x" * 250, "comma, \"quote\" 'single'", "-dash", "NA", "1")


def test_classes_with_odd_names_are_learnt_and_predicted(command, drawn):
    drawn("photos", ODD, 4, image_size=24)
    flags = ("--backbone", "lenet", "--image-size", "16", "--epochs", "1", "--out", "run")
    outcome = command("train", "photos", *flags)
    assert (outcome.status, outcome.sentences) == (0, [])
    outcome = command("predict", "run", "photos", "--format", "csv")
    header = next(csv.reader(outcome.out.splitlines(keepends=True)))
    assert header[4:] == [f"p({name})" for name in sorted(ODD)]


def test_a_run_is_named_after_a_folder_with_a_name_as_long_as_it_can_be(command, drawn):
    drawn("y" * 250, ("cat", "dog"), 4, image_size=24)
    outcome = command(
        "train", "y" * 250, "--backbone", "lenet", "--image-size", "16", "--epochs", "1"
    )
    assert (outcome.status, outcome.sentences) == (0, [])
    assert "runs/" + "y" * 27 + "..." + "y" * 24 + "-lenet/model.keras" in outcome.new


def test_an_image_of_one_pixel_is_an_image(command, photos, picture):
    picture(photos / "cat/tiny.png", (1, 1))
    assert "Sizes: 1 to 24 pixels wide (median 24), 1 to 24 high" in command("look", "photos").out


def test_an_image_of_30000_pixels_width_is_an_image(command, photos, picture):
    picture(photos / "cat/wide.png", (30_000, 2))
    assert (
        "Sizes: 24 to 30000 pixels wide (median 24), 2 to 24 high" in command("look", "photos").out
    )


LEFT_OUT = (
    (b"", "is empty (0 bytes)"),
    (
        b"<html>",
        "is not an image of a known format (JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM): it starts with "
        "'<html>'",
    ),
)


@pytest.mark.parametrize(("content", "problem"), LEFT_OUT)
def test_a_broken_image_among_good_ones_is_named(content, problem, command, photos):
    (photos / "cat/broken.jpg").write_bytes(content)
    lines = command("look", "photos").out.splitlines()
    assert "Note: 1 of 9 files were left out; the list names each." in lines
    assert f"Left out: '{photos}/cat/broken.jpg' {problem}." in lines


def test_the_same_file_in_two_classes_is_left_out_of_both(command, photos):
    (photos / "dog/copy.png").write_bytes((photos / "cat/000.png").read_bytes())
    lines = command("look", "photos").out.splitlines()
    assert (
        f"Left out: '{photos}/cat/000.png' is the same file as '{photos}/dog/copy.png', which is "
        "under the label 'dog'." in lines
    )
    assert (
        f"Left out: '{photos}/dog/copy.png' is the same file as '{photos}/cat/000.png', which is "
        "under the label 'cat'." in lines
    )


def test_a_link_to_itself_is_named(command, photos):
    (photos / "cat/loop.jpg").symlink_to("loop.jpg")
    assert (
        f"Left out: '{photos}/cat/loop.jpg' cannot be opened: Too many levels of symbolic links."
        in command("look", "photos").out.splitlines()
    )


def test_a_folder_inside_itself_is_named_and_its_images_count_once(command, photos):
    (photos / "cat/again").symlink_to(photos / "cat")
    lines = command("look", "photos").out.splitlines()
    assert lines[0] == "<Manifest of 2 classes: 4 train, 2 validation, 2 test images>"
    assert "Note: Links to a folder around them were left out: 'again'." in lines


def test_a_class_that_is_the_whole_folder_is_left_out(command, photos):
    (photos / "everything").symlink_to(photos)
    lines = command("look", "photos").out.splitlines()
    assert lines[0] == "<Manifest of 2 classes: 4 train, 2 validation, 2 test images>"
    assert "Note: Empty classes were left out: 'everything'." in lines


def test_a_class_of_one_image_is_learnt_and_said_not_to_be_scored(command, photos, picture):
    picture(photos / "owl/only.png")
    assert (
        "Note: Class 'owl' has no image in test (of 1): it is not scored."
        in command("look", "photos").out.splitlines()
    )


def test_hidden_and_loose_files_and_empty_classes_are_named(command, photos):
    (photos / ".DS_Store").write_bytes(b"x")
    (photos / "cat/Thumbs.db").write_bytes(b"x")
    (photos / "README.md").write_bytes(b"x")
    (photos / "owl").mkdir()
    lines = command("look", "photos").out.splitlines()
    assert [line for line in lines if line.startswith("Note")] == [
        "Note: Each folder in photos/ is a class; 2 classes.",
        "Note: Empty classes were left out: 'owl'.",
        "Note: Files outside the class folders were left out: 'README.md'.",
        "Note: Hidden and system files were left out: '.DS_Store', 'Thumbs.db'.",
    ]


def test_names_that_are_not_utf_8_are_looked_at_learnt_and_predicted(drawn, tmp_path):
    drawn("photos", ("cat", "dog"), 6, image_size=24)
    os.rename(bytes(tmp_path / "photos/cat"), bytes(tmp_path / "photos") + b"/caf\xe9")
    settings = "--backbone lenet --image-size 16 --epochs 1 --baselines majority --out run"
    lines = ("look photos", f"compare photos {settings}", "predict run photos --format csv")
    # In one process of its own: what pytest captures has to be UTF-8.
    code = "import sys; from transferkit.cli.main import main\n"
    code += "[main(line.split()) for line in sys.argv[1:]]"
    done = subprocess.run([sys.executable, "-c", code, *lines], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"\ncaf\xe9 " in done.stdout
    assert b"p(caf\xe9)" in done.stdout
    assert b"caf\xe9" in (tmp_path / "run" / "predictions.csv").read_bytes()
