import os

import pytest

from transferkit.data.manifest import Manifest
from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.errors import DataError


def splits_of(manifest, folder):
    """The split of each usable file, by its path below `folder`."""
    rows = manifest.usable
    return {
        os.path.relpath(path, folder): split
        for path, split in zip(rows["path"], rows["split"], strict=True)
    }


def write_list(folder, rows, columns="path,label"):
    (folder / "list.csv").write_text("\n".join([columns, *rows, ""]))
    return folder / "list.csv"


def test_a_list_of_paths_and_labels_is_read(drawn):
    folder = drawn(images=3)
    rows = [f"{name}/{n:03}.png,{name}" for name in ("circles", "squares") for n in range(3)]
    manifest = Manifest.read(write_list(folder, rows))
    assert manifest.classes == ("circles", "squares")
    assert manifest.counts().to_numpy().tolist() == [[1, 1, 1]] * 2


def test_the_splits_of_a_list_are_kept(drawn):
    folder = drawn(images=3)
    rows = [
        f"{name}/{n:03}.png,{name},{split}"
        for name in ("circles", "squares")
        for n, split in enumerate(("Train", "valid", "test"))
    ]
    found = splits_of(Manifest.read(write_list(folder, rows, "path,label,split")), folder)
    assert found["circles/000.png"] == "train"
    assert found["circles/001.png"] == "validation"


def test_the_groups_of_a_list_stay_together(drawn):
    folder = drawn(images=20)
    rows = [
        f"{name}/{n:03}.png,{name},{name}-{n // 4}"
        for name in ("circles", "squares")
        for n in range(20)
    ]
    usable = Manifest.read(write_list(folder, rows, "path,label,group")).usable
    assert (usable.groupby("group")["split"].nunique() == 1).all()
    assert usable["group"].nunique() == 10


def test_a_list_from_a_spreadsheet_has_a_mark_in_front(drawn):
    folder = drawn(images=3)
    rows = [f"{name}/{n:03}.png,{name}" for name in ("circles", "squares") for n in range(3)]
    text = "\r\n".join(["path,label", *rows, ""])
    (folder / "list.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(Manifest.read(folder / "list.csv")) == 6


def test_a_missing_file_of_a_list_is_quarantined(drawn):
    folder = drawn(images=3)
    rows = [f"{name}/{n:03}.png,{name}" for name in ("circles", "squares") for n in range(4)]
    manifest = Manifest.read(write_list(folder, rows))
    assert (
        manifest.quarantined["problem"].tolist()
        == ["cannot be opened: No such file or directory"] * 2
    )


def test_other_columns_are_kept_through_the_manifest_and_divide_the_images(drawn, tmp_path):
    folder = drawn(images=3)
    rows = [
        f"{name}/{n:03}.png,{name},{camera}"
        for name in ("circles", "squares")
        for n, camera in enumerate(("old", "new", "new"))
    ]
    manifest = Manifest.read(write_list(folder, rows, "path,label,camera"))
    manifest.save(tmp_path / "manifest.csv")
    again = Manifest.read(tmp_path / "manifest.csv")
    assert manifest.slice_columns == again.slice_columns == ["camera"]
    assert sorted(again.frame["camera"]) == ["new"] * 4 + ["old"] * 2


def test_groups_divide_the_images_where_all_have_one(drawn):
    folder = drawn(images=4)
    rows = [f"{name}/{n:03}.png,{name},{n}" for name in ("circles", "squares") for n in range(4)]
    listed = write_list(folder, rows, "path,label,group")
    assert Manifest.read(listed).slice_columns == ["group"]
    listed.write_text(
        listed.read_text().replace("circles/000.png,circles,0", "circles/000.png,circles,")
    )
    assert Manifest.read(listed).slice_columns == []


def test_two_columns_of_one_name_are_a_sentence(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("path,label,camera,camera\na.png,x,1,2\n")
    with pytest.raises(DataError) as caught:
        read_csv_list(path)
    assert str(caught.value) == (
        f"{str(path)!r} has two columns called 'camera': give each its own name."
    )
