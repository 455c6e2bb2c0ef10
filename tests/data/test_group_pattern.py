"""Groups by a pattern on the paths: what it finds, what it joins, and what is refused."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.config.loading import read_config
from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest
from transferkit.data.quality.group_pattern import groups_of, merge_groups, paths_below
from transferkit.errors import ConfigError, DataError


@pytest.fixture
def films(drawn):
    """Two classes of ten films of three frames each."""
    folder = drawn("films", ("cat", "dog"), 30)
    for path in sorted(folder.rglob("*.png")):
        film, frame = divmod(int(path.stem), 3)
        path.rename(path.with_name(f"{film:05}_{frame:05}.png"))
    return folder


FRAMES = r"([^/]+/[^/]*)_[0-9]+"


def splits_of_groups(manifest: Manifest) -> list[set[str]]:
    return [set(rows["split"]) for _, rows in manifest.usable.groupby("group")]


@pytest.mark.parametrize(
    ("pattern", "path", "group"),
    [
        (r"S[0-9]+", "joy/S010_004_00000017.png", "S010"),
        (r"(S[0-9]+)_([0-9]+)_", "joy/S010_004_00000017.png", "S010/004"),
        (r"^([^/]+)/", "joy/S010_004_00000017.png", "joy"),
        (r"(x)?(S[0-9]+)", "joy/S010_004.png", "/S010"),
        (r"T[0-9]+", "joy/S010_004.png", ""),
        (r"T*", "joy/S010_004.png", ""),
        (r"(T?)", "joy/S010_004.png", ""),
    ],
)
def test_the_capture_groups_are_the_group_or_the_whole_match(pattern, path, group) -> None:
    assert groups_of([path], pattern) == [group]


def test_frames_of_one_film_stay_on_one_side(films) -> None:
    manifest = Manifest.read(films, DataConfig(group_by=FRAMES, near_duplicates=False))
    assert len(set(manifest.usable["group"])) == 20
    assert all(len(splits) == 1 for splits in splits_of_groups(manifest))
    assert set(manifest.usable["split"]) == {"train", "validation", "test"}


def test_without_the_pattern_a_random_split_parts_them(films) -> None:
    manifest = Manifest.read(films, DataConfig(near_duplicates=False))
    frame = manifest.frame.assign(
        group=groups_of(paths_below(str(films), manifest.frame["path"]), FRAMES)
    )
    assert any(len(splits) > 1 for splits in splits_of_groups(Manifest(frame)))


def test_a_note_counts_the_groups(films) -> None:
    (films / "cat" / "lonely.png").write_bytes((films / "cat" / "00000_00000.png").read_bytes())
    notes = Manifest.read(films, DataConfig(group_by=FRAMES, near_duplicates=False)).notes
    sentence = (
        f"By the pattern {FRAMES!r} of --data.group-by, 60 of 61 files are in 20 groups, "
        "and 1 in none."
    )
    assert sentence in notes


def test_a_copy_joins_the_groups_of_both(films) -> None:
    first, other = films / "cat" / "00000_00000.png", films / "cat" / "00001_00000.png"
    other.write_bytes(first.read_bytes())
    frame = Manifest.read(films, DataConfig(group_by=FRAMES, near_duplicates=False)).frame
    group = dict(zip(frame["path"], frame["group"], strict=True))
    assert group[str(first)] == group[str(films / "cat" / "00001_00002.png")] == "cat/00000"
    assert len(set(group.values())) == 19


def test_the_groups_of_a_list_are_kept_and_joined(films) -> None:
    with open(films / "list.csv", "w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["path", "label", "group"])
        for path in sorted(films.rglob("*.png")):
            mother = "litter" if path.name in ("00000_00000.png", "00001_00001.png") else ""
            lines.writerow([path.relative_to(films), path.parent.name, mother])
    frame = Manifest.read(
        films / "list.csv", DataConfig(group_by=FRAMES, near_duplicates=False)
    ).frame
    assert (frame["group"] == "litter").sum() == 12  # two films of each of two classes
    assert len(set(frame["group"])) == 17


def test_a_source_s_own_split_that_parts_groups_is_a_leak(films, tmp_path) -> None:
    for path in sorted(films.rglob("*.png")):
        split = "test" if path.stem.endswith("2") else "train"
        place = tmp_path / "split" / split / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    manifest = Manifest.read(tmp_path / "split", DataConfig(group_by=FRAMES, near_duplicates=False))
    assert len(manifest.leaked) == 20


def test_paths_are_searched_below_the_source(films) -> None:
    path = str(films / "cat" / "00000_00000.png")
    assert paths_below(str(films), [path]) == ["cat/00000_00000.png"]
    assert paths_below(str(films / "list.csv"), [path]) == ["cat/00000_00000.png"]


def test_files_elsewhere_are_searched_below_what_holds_all(films, tmp_path) -> None:
    paths = [str(films / "cat" / "00000_00000.png"), str(films / "dog" / "00000_00000.png")]
    assert paths_below(str(tmp_path / "run" / "manifest.csv"), paths) == [
        "cat/00000_00000.png",
        "dog/00000_00000.png",
    ]


def test_a_pattern_that_matches_nothing_is_refused_with_a_path(films) -> None:
    with pytest.raises(DataError) as caught:
        Manifest.read(films, DataConfig(group_by="S[0-9]+"))
    assert str(caught.value) == (
        "The pattern 'S[0-9]+' of --data.group-by gives none of 60 files a group: it is searched "
        "in paths such as 'cat/00000_00000.png'; change it, or leave it out."
    )


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{2,1}", "(?P<n>a)(?P<n>b)"])
def test_what_is_no_pattern_is_refused_with_an_example(pattern) -> None:
    with pytest.raises(ConfigError) as caught:
        DataConfig(group_by=pattern)
    first, last = f"The setting 'group_by' is {pattern!r}", "in 'cat/film1_0017.jpg'."
    assert str(caught.value).startswith(f"{first}, which is no regular expression (")
    assert str(caught.value).endswith(last)


def test_a_settings_file_has_it(tmp_path) -> None:
    (tmp_path / "my.yaml").write_text("data:\n  group_by: '([^/]*)_[0-9]+'\n")
    assert read_config(tmp_path / "my.yaml").data.group_by == "([^/]*)_[0-9]+"


NAMES = st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from(["", "a", "c", "d"])))


@given(NAMES)
@settings(max_examples=100, deadline=None)
def test_merged_groups_are_the_finest_that_both_lists_agree_with(pairs) -> None:
    one, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    merged = merge_groups(one, other)
    owner = list(range(len(pairs)))  # by repeated joining, as slow as can be
    for _ in pairs:
        for i in range(len(pairs)):
            for j in range(len(pairs)):
                if (one[i] and one[i] == one[j]) or (other[i] and other[i] == other[j]):
                    owner[i] = owner[j] = min(owner[i], owner[j])
    for i in range(len(pairs)):
        assert (merged[i] == "") == (one[i] == other[i] == "")
        for j in range(len(pairs)):
            if merged[i]:
                assert (merged[i] == merged[j]) == (owner[i] == owner[j])
