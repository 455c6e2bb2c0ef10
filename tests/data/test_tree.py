"""What is passed over in a folder: system folders, own outputs, annotations; what is not."""

from __future__ import annotations

import pytest
from layout_worlds import IMAGE, make_world, read

from transferkit.data.sources.folder.folder_names import is_harmless, is_part, is_system
from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.data.sources.folder.tree import is_text
from transferkit.data.sources.folder.walk import walk_files


@pytest.fixture
def world(tmp_path):
    """`world("train/cat:3 train/dog:2")`: the folder `data` laid out so."""
    return lambda text: make_world(tmp_path / "data", text)


SYSTEM = ("@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", ".Trash-1000", ".thumbnails")
SYSTEM += (".ipynb_checkpoints", "__pycache__", "__MACOSX", "@Recycle", "found.000", "~$a.docx")


@pytest.mark.parametrize("name", [*SYSTEM, "System Volume Information", "Icon\r", "THUMBS.DB"])
def test_what_a_system_makes_is_no_data(name):
    assert is_system(name)


@pytest.mark.parametrize("name", ["cat", "@home", "#1", "$5", "recycle", "found", "~sea", "cache"])
def test_a_class_may_have_an_odd_name(name):
    assert not is_system(name)


@pytest.mark.parametrize("name", SYSTEM)
@pytest.mark.parametrize("place", ["", "cat/", "cat/in/"])
def test_a_system_folder_is_left_out_at_every_depth_and_named(name, place, world):
    folder = world(f"cat:2 dog:2 {place}{name}:3 {place}{name}/in/more:1")
    assert read(folder)[0] == {"cat": 2, "dog": 2}
    assert scan_folder(folder).notes[-1] == f"Hidden and system files were left out: {name!r}."
    assert len(list(walk_files(folder))) == 4


OUTPUTS = [
    ("runs/a", ("config.yaml", "environment.json", "model.keras"), "runs/a"),
    ("runs/killed", ("config.yaml", "environment.json"), "runs/killed"),
    ("looks/a", ("look.html", "findings.csv"), "looks/a"),
    ("curves/a", ("config.yaml", "manifest.csv"), "curves/a"),
    ("result", ("config.yaml", "scores.json"), "result"),
    ("cat/result", ("config.yaml", "scores.json"), "cat/result"),
]


@pytest.mark.parametrize(("place", "names", "said"), OUTPUTS)
def test_what_an_earlier_run_left_is_no_class_and_named(place, names, said, world):
    folder = world("cat:2 dog:2 " + " ".join(f"{place}/{name}" for name in names))
    for name in ("repeats.png", "baselines/a.png"):
        (folder / place / name).parent.mkdir(exist_ok=True)
        (folder / place / name).write_bytes(IMAGE)
    assert read(folder)[0] == {"cat": 2, "dog": 2}
    assert scan_folder(folder).notes == [
        "Each folder in data/ is a class; 2 classes.",
        f"Folders that transferkit wrote were left out: {said!r}.",
    ]


def test_a_class_with_a_config_of_its_own_is_a_class(world):
    assert read(world("cat:2 dog:2 cat/config.yaml"))[0] == {"cat": 2, "dog": 2}


def test_text_beside_images_is_counted_in_one_note(world):
    folder = world("cat:2 dog:2 cat/0.xml cat/1.xml dog/0.txt dog/in/a.json")
    assert read(folder)[0] == {"cat": 2, "dog": 2}
    assert scan_folder(folder).notes[-1] == (
        "4 annotation files beside images were left out (.json, .txt, .xml)."
    )


def test_an_image_with_the_ending_of_text_is_an_image(world):
    folder = world("cat:2 dog:2")
    (folder / "cat/photo.txt").write_bytes(IMAGE)
    assert read(folder)[0] == {"cat": 3, "dog": 2}


HEADS = [(b"", True), (b"words\r\n", True), ("käse".encode("utf-16"), True), (b"\xe9t\xe9", True)]
HEADS += [(IMAGE, False), (b"\x89PNG\r\n\x1a\n\0", False), (b"P3\n1 1 255\n", False)]


@pytest.mark.parametrize(("head", "text"), HEADS)
def test_text_is_told_from_images(head, text, tmp_path):
    (tmp_path / "file").write_bytes(head)
    assert is_text(tmp_path / "file") is text


PARTS = ("fold_0", "part1", "batch-03", "2020-01-31", "20200131", "1999", "day 2", "Session10")


@pytest.mark.parametrize("name", PARTS)
def test_what_counts_parts_is_a_part(name):
    assert is_part(name)


@pytest.mark.parametrize("name", ["0", "12", "cat", "part", "golden1", "n02085620", "a1", ""])
def test_what_may_be_a_class_is_no_part(name):
    assert not is_part(name)


@pytest.mark.parametrize(
    "name", ["images", "003", "IMG_02", "s01", "cats_2", "cats", "deadbeef-01"]
)
def test_a_folder_that_says_nothing_of_its_class_is_harmless(name):
    assert is_harmless(name, "cats")


@pytest.mark.parametrize("name", ["tabby", "old cats", "n02085620", "red", "siamese1"])
def test_a_folder_that_says_more_is_not_harmless(name):
    assert not is_harmless(name, "cats")
