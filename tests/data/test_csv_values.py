"""Columns that are the split or the group by what they hold, and lists without ours."""

import pytest

from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.errors import DataError


def read(tmp_path, header, rows):
    path = tmp_path / "list.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return read_csv_list(path)


SPLITS = [
    ("is_train", {"1": "train", "0": "test"}),
    ("is_train", {"True": "train", "False": "test"}),
    ("isTest", {"0": "train", "1": "test"}),
    ("is_valid", {"False": "train", "True": "validation"}),
    ("train_test", {"train": "train", "test": "test"}),
    ("type", {"Train": "train", "Test": "test", "Val": "validation"}),
    ("data_split", {"training": "train", "testing": "test"}),
    ("fold", {"train": "train", "valid": "validation"}),
    ("Usage", {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}),
    ("set", {"train": "train", "test": "test", "": ""}),
]


@pytest.mark.parametrize(("name", "splits"), SPLITS)
def test_a_column_of_splits_is_the_split_whatever_it_is_called(name, splits, tmp_path):
    rows = [f"{value}{n}.png,c{n % 2},{value}" for value in splits for n in range(2)]
    images = read(tmp_path, f"path,label,{name}", rows)
    assert images.frame["split"].tolist() == [splits[row.split(",")[2]] for row in rows]
    assert f"{name!r} as the split" in images.notes[0]


NO_SPLITS = [
    ("fold", ["0", "1", "2"], "add a column split"),
    ("k_fold", ["1", "2", "1"], "add a column split"),
    ("type", ["test", "test", "test"], ""),
    ("type", ["indoor", "train", "test"], ""),
    ("camera", ["0", "1", "1"], ""),
]


@pytest.mark.parametrize(("name", "values", "note"), NO_SPLITS)
def test_other_columns_are_no_split(name, values, note, tmp_path):
    rows = [f"{n}.png,c{n % 2},{value}" for n, value in enumerate(values)]
    images = read(tmp_path, f"path,label,{name}", rows)
    assert "split" not in images.frame
    assert [note in said for said in images.notes] == ([True] if note else [])


def test_of_two_columns_of_splits_none_is_taken_and_both_are_named(tmp_path):
    rows = ["a.png,x,train,test", "b.png,y,test,train"]
    images = read(tmp_path, "path,label,one,two", rows)
    assert images.notes == [
        "The columns 'one', 'two' hold splits, and none is read as the split: call the one that "
        "counts split."
    ]


OWNERS = ["patient_id", "PatientID", "Patient ID", "patient", "subject", "lesion_id", "case"]
OWNERS += ["video", "person", "participant_id"]


@pytest.mark.parametrize("name", OWNERS)
def test_a_column_of_patients_or_the_like_is_the_group(name, tmp_path):
    rows = [f"{n}.png,c{n % 2},p{n // 3}" for n in range(12)]
    images = read(tmp_path, f"path,label,{name}", rows)
    assert images.frame["group"].tolist() == [f"p{n // 3}" for n in range(12)]
    assert images.notes == [
        f"Columns of 'list.csv' were read by other names: {name!r} as the group."
    ]


NO_GROUPS = [
    ("patient", lambda n: n, []),
    ("patient", lambda n: 0, []),
    ("case", lambda n: ("upper", "lower")[n % 2], ["since it has few values"]),
    ("camera", lambda n: n // 3, []),
]


@pytest.mark.parametrize(("name", "value", "said"), NO_GROUPS)
def test_a_column_that_says_not_what_belongs_together_is_no_group(name, value, said, tmp_path):
    images = read(
        tmp_path, f"path,label,{name}", [f"{n}.png,c{n % 2},{value(n)}" for n in range(12)]
    )
    assert name in images.frame
    assert [part in note for part, note in zip(said, images.notes, strict=True)] == [True] * len(
        said
    )


def test_of_patients_and_their_lesions_the_patients_are_the_groups(tmp_path):
    rows = [f"{n}.png,c{n % 2},l{n // 2},p{n // 4}" for n in range(16)]
    images = read(tmp_path, "path,label,lesion_id,patient_id", rows)
    assert images.frame["group"].tolist() == [f"p{n // 4}" for n in range(16)]


def test_patients_across_videos_are_named_and_not_chosen(tmp_path):
    rows = [f"{n}.png,c{n % 2},v{n % 3},p{n // 4}" for n in range(12)]
    images = read(tmp_path, "path,label,video,patient", rows)
    assert "The columns 'video', 'patient' may each say which images belong" in images.notes[0]


MISSING = [
    ("id,diagnosis", "{n},{c}", "'id' names files, so call it path; call 'diagnosis' label."),
    ("id_code,level", "{n}.png,{b}", "'id_code' names files, so call it path; call 'level' label."),
    ("image,dx,age", "{n},{c},{n}", "; call 'dx' label."),
    ("Image Index,Finding Labels,Age", "{n}.png,{c},{b}", "call 'Finding Labels' label."),
    ("filename,cat,dog", "{n}.png,{b},{z}", "'cat', 'dog' are one column for each class"),
    ("image,MEL,NV", "{n},{b}.0,{z}.0", "'MEL', 'NV' are one column for each class"),
    ("0.png,cat", "{n}.png,{c}", "put the line path,label above it."),
    ("'path','label'", "'{n}.png','{c}'", "in single quotes"),
    ("# my list", "{n}.png", "begins with the comment '# my list'"),
]


@pytest.mark.parametrize(("header", "row", "advice"), MISSING)
def test_a_list_without_our_columns_is_refused_with_what_to_change(header, row, advice, tmp_path):
    for n in range(4):
        (tmp_path / f"{n}.png").touch()
    rows = [row.format(n=n, c="ab"[n % 2], b=n % 2, z=1 - n % 2) for n in range(4)]
    with pytest.raises(DataError) as caught:
        read(tmp_path, header, rows)
    assert advice in str(caught.value)
