"""Patterns on file names: of the schemes that there are, what each of them groups."""

from __future__ import annotations

import pytest

from transferkit.data.quality.group_pattern import groups_of
from transferkit.data.quality.name_patterns import name_patterns


@pytest.mark.parametrize(
    ("path", "groups"),
    [
        ("joy/S010_004_00000017.png", {"S010_004", "S010", "joy/S010_004", "joy/S010"}),
        ("0/00012_00003.ppm", {"00012", "0/00012"}),
        (
            "sick/C39P4thinF_original_IMG_20150622_105253_cell_12.png",
            {"C39P4thinF", "C39P4thinF_original_IMG_20150622_105253_cell"},
        ),
        ("cat/film (12).jpg", {"film", "cat/film"}),
        ("cat/a.b.12.jpg", {"a.b", "cat/a.b"}),
        ("cat/frame12left.jpg", {"frame", "cat/frame"}),
        ("cat/0017-S010.jpg", {"S010"}),
        ("cat/person1-smile.jpg", {"person1", "cat/person1"}),
        ("cat/p1/7.jpg", {"p1", "cat/p1"}),
        ("test/cat/p1_7.jpg", {"p1", "cat/p1"}),
        ("cat/[x]^{1}_12.png", {"[x]^{1}"}),
    ],
)
def test_what_a_name_may_tell_is_among_them(path, groups) -> None:
    patterns = name_patterns([path], [path.split("/")[-3 if "p1/" in path else -2]])
    assert groups <= {groups_of([path], pattern)[0] for pattern in patterns}


@pytest.mark.parametrize("path", ["cat/0001.jpg", "cat/rose.jpg", "cat/f52e.jpg", "cat/n"])
def test_a_name_without_a_scheme_has_few(path) -> None:
    groups = {groups_of([path], each)[0] for each in name_patterns([path], ["cat"])}
    assert groups <= {"", "f", "cat/f"}


def test_a_scheme_of_few_names_is_none() -> None:
    paths = [f"cat/rose{'abcdefghijklmnopqrst'[n]}.jpg" for n in range(20)]
    assert name_patterns([*paths, "cat/film_1.jpg"], ["cat"] * 21) == []
