"""Sources of images: files, folders, patterns and lists, in a fixed order."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from transferkit.errors import DataError
from transferkit.serving.listed_files import listed_paths
from transferkit.serving.sources import count_files, files_of

Make = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path) -> Make:
    """`files("a/1.jpg", ...)`: a folder with these empty files."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / "world" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "world"

    return make


def below(folder: Path, *sources: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in files_of(f"{folder}/{s}" for s in sources)]


def test_a_folder_is_walked_in_the_order_of_its_paths(files: Make) -> None:
    folder = files("b/2.jpg", "b.jpg", "a/x/1.jpg", "a-b/3.jpg", "a/.hidden", "b-.jpg")
    found = below(folder, "")
    assert found == ["a-b/3.jpg", "a/x/1.jpg", "b-.jpg", "b.jpg", "b/2.jpg"]
    assert found == sorted(found)


def test_a_link_to_a_folder_around_it_is_passed_over(files: Make) -> None:
    folder = files("a/1.jpg")
    (folder / "a/loop").symlink_to(folder)
    assert below(folder, "") == below(folder, "**/*.jpg") == ["a/1.jpg"]


def test_a_run_within_a_folder_is_passed_over(files: Make) -> None:
    folder = files("a/1.jpg", "run/config.yaml", "run/model.keras", "run/tensorboard/2.jpg")
    assert below(folder, "") == ["a/1.jpg"]
    assert below(folder, "run") == [
        "run/config.yaml",
        "run/model.keras",
        "run/tensorboard/2.jpg",
    ]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", "1.jpg"),
        ("?.*", "1.jpg 2.png"),
        ("*/*.jpg", "a/3.jpg b/6.jpg"),
        ("**/*.jpg", "1.jpg a/3.jpg a/in/4.jpg b/6.jpg"),
        ("**/[35].*", "a/3.jpg a/in/5.png"),
        ("a/**", "a/3.jpg a/in/4.jpg a/in/5.png"),
        ("**", "1.jpg 2.png a/3.jpg a/in/4.jpg a/in/5.png b/6.jpg"),
        ("**/in", "a/in/4.jpg a/in/5.png"),
        ("*", "1.jpg 2.png a/3.jpg a/in/4.jpg a/in/5.png b/6.jpg"),
        ("**/*", "1.jpg 2.png a/3.jpg a/in/4.jpg a/in/5.png b/6.jpg"),
        ("[ab]/", "a/3.jpg a/in/4.jpg a/in/5.png b/6.jpg"),
    ],
)
def test_a_pattern_names_each_file_once(pattern: str, found: str, files: Make) -> None:
    folder = files("1.jpg", "2.png", "a/3.jpg", "a/in/4.jpg", "a/in/5.png", "b/6.jpg", "a/.no.jpg")
    assert below(folder, pattern) == found.split()


def test_a_file_with_the_name_of_a_pattern_is_that_file(files: Make) -> None:
    assert below(files("[1].jpg", "1.jpg"), "[1].jpg") == ["[1].jpg"]


@pytest.mark.parametrize(
    "text",
    [
        "path\na/1.jpg\n2.jpg\n",
        "label,path\nx,a/1.jpg\nx,2.jpg\n",
        'id;file\n1;"a/1.jpg"\n\n2;2.jpg\n',
        "name\na/1.jpg\n2.jpg\n",
        "a/1.jpg\n2.jpg\n",
        "a/1.jpg,cat\n2.jpg,dog\n",
        "\ufeffPath\r\na/1.jpg\r\n2.jpg\r\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_csv_is_a_list_of_paths_from_its_folder(text: str, encoding: str, files: Make) -> None:
    folder = files("a/1.jpg", "2.jpg")
    if encoding == "utf-16":
        text = text.removeprefix("\ufeff")
    (folder / "list.CSV").write_text(text, encoding=encoding, newline="")
    assert below(folder, "list.CSV") == ["a/1.jpg", "2.jpg"]


def test_a_csv_of_ours_has_its_formulas_back_and_names_in_their_bytes(files: Make) -> None:
    folder = files("=1.jpg", os.fsdecode(b"\xff.jpg"))
    (folder / "list.csv").write_bytes(b"path\r\n'=1.jpg\r\n\xff.jpg\r\nabsent.jpg\r\n")
    assert below(folder, "list.csv") == ["=1.jpg", os.fsdecode(b"\xff.jpg"), "absent.jpg"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,label\n1.jpg,x\n,y\n", "'{}', line 3, has no path."),
        ("label,path\nx\n", "'{}', line 2, has no path."),
        (
            'path\n"a"b\n',
            "'{}' is no CSV of paths (',' expected after '\"'): "
            "it should be text with a column `path`.",
        ),
    ],
)
def test_a_bad_list_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        count_files([path])
    assert str(caught.value) == sentence.format(path)


@pytest.mark.parametrize(
    "text",
    [b"a/1.jpg\nb c.jpg\n", b"a/1.jpg\r\n\r\nb c.jpg", b"a/1.jpg\0b c.jpg\0", b"a/1.jpg\0b c.jpg"],
)
def test_standard_input_is_a_list_by_lines_or_zero_bytes(text: bytes) -> None:
    assert list(listed_paths(io.BytesIO(text))) == ["a/1.jpg", "b c.jpg"]


def test_names_between_zero_bytes_may_hold_line_ends() -> None:
    assert list(listed_paths(io.BytesIO(b"a\nb.jpg\0\xff.jpg\0"))) == ["a\nb.jpg", "\udcff.jpg"]
    assert list(listed_paths(io.BytesIO(b"a\r\0b\r\n\0c"))) == ["a\r", "b\r\n", "c"]


def test_a_long_list_on_standard_input_is_read_whole() -> None:
    names = [f"{number:09}.jpg" for number in range(20_000)]
    assert list(listed_paths(io.BytesIO("\n".join(names).encode()))) == names


def test_standard_input_is_not_counted(files: Make) -> None:
    folder = files("1.jpg", "2.jpg")
    assert count_files([folder]) == 2
    assert count_files([folder, "-"]) is None
    stdin = io.BytesIO(b"x.jpg\n")
    assert list(files_of(["-", folder / "1.jpg"], stdin)) == ["x.jpg", str(folder / "1.jpg")]


@pytest.mark.parametrize("url", ["https://host/1.jpg", "s3://bucket/a", "gs://b/*.jpg"])
@pytest.mark.parametrize("kind", ["argument", "csv", "stdin"])
def test_a_url_is_refused_in_one_sentence(url: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"path\n{url}\n")
    sources = {"argument": [url], "csv": [tmp_path / "list.csv"], "stdin": ["-"]}[kind]
    with pytest.raises(DataError) as caught:
        list(files_of(sources, io.BytesIO(url.encode())))
    assert str(caught.value) == (
        f"{url!r} is a URL, and images are read from disk: download it first, for example with "
        "curl, aws s3 cp or gsutil cp, and give the file or its folder."
    )


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("no.png", "There is no file or folder 'no.png' to predict."),
        ("no/*.png", "No file matches the pattern 'no/*.png'."),
        ("no/**/*.png", "No file matches the pattern 'no/**/*.png'."),
    ],
)
def test_a_source_that_is_not_there_is_one_sentence(source: str, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        count_files([source])
    assert str(caught.value) == sentence


def test_sources_without_a_file_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        count_files([tmp_path])
    assert str(caught.value) == "There is no file to predict: give image files, or folders of them."
