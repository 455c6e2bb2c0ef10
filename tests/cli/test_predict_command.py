"""`transferkit predict` and `report` on a run."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys

import pytest

from transferkit.serving.predict import CHUNK_SIZE


def test_text_is_path_class_and_probability(command, compared, shapes, circles):
    said = command("predict", compared, shapes / "circles")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert said.status == 0
    assert [path for path, _, _ in rows] == circles
    assert {name for _, name, _ in rows} <= {"circles", "squares", "stripes"}
    assert all(1 / 3 <= float(probability) <= 1 for _, _, probability in rows)


def test_csv_has_every_probability(command, compared, circles):
    said = command("predict", compared, *circles[:2], "--format", "csv")
    head, *rows = csv.reader(io.StringIO(said.out))
    classes = ["p(circles)", "p(squares)", "p(stripes)"]
    assert head == ["path", "class", "probability", "problem", *classes]
    assert [row[0] for row in rows] == circles[:2]
    assert all(abs(sum(map(float, row[4:])) - 1) < 1e-5 for row in rows)


def test_json_is_an_object_a_line(command, compared, circles):
    said = command("predict", compared, *circles[:2], "--format", "json")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [each["path"] for each in found] == circles[:2]
    assert all(each["probability"] == each[f"p({each['class']})"] for each in found)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_probabilities_have_six_figures(command, compared, circles, kind):
    said = command("predict", compared, circles[0], "--format", kind)
    numbers = re.findall(r"\d\.\d+", said.out.replace(circles[0], ""))
    assert len(numbers) == 4
    assert all(len(each.lstrip("0.")) <= 6 for each in numbers)


def test_predictions_are_those_of_the_report(command, compared):
    with (compared / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    said = command("predict", compared, *(row["path"] for row in rows))
    found = [line.split("\t")[1] for line in said.out.splitlines()]
    assert found == [row["lenet:predicted"] for row in rows]


def test_a_baseline_predicts_by_its_name(command, compared):
    with (compared / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    name = "random_forest_pixels"
    said = command("predict", compared, *(row["path"] for row in rows), "--classifier", name)
    found = [line.split("\t")[1] for line in said.out.splitlines()]
    assert found == [row[f"{name}:predicted"] for row in rows]


def test_a_file_that_is_no_image_is_said_and_the_others_are_predicted(
    command, compared, circles, tmp_path
):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    said = command("predict", compared, bad, circles[0])
    assert [line.split("\t")[0] for line in said.out.splitlines()] == [circles[0]]
    assert said.err.endswith(
        f"Left out: '{bad}' is empty (0 bytes).\ntransferkit: 1 of 2 files could not be read.\n"
    )
    assert said.status == 3


def test_in_json_a_bad_file_has_its_problem_and_no_numbers(command, compared, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    said = command("predict", compared, tmp_path, "--format", "json")
    (found,) = map(json.loads, said.out.splitlines())
    assert said.status == 1
    assert (found["class"], found["problem"]) == ("", "is empty (0 bytes)")
    assert found["probability"] is found["p(circles)"] is None


def test_what_is_wrong_with_the_call_is_said_at_once(command, compared, tmp_path):
    assert command("predict", tmp_path, "x.png") == (
        1,
        "",
        f"transferkit: '{tmp_path}' is not a run folder: it has no config.yaml; "
        "`transferkit train DIR --out RUN` makes one.\n",
    )
    assert command("predict", compared, tmp_path / "no.png") == (
        1,
        "",
        f"transferkit: There is no file or folder '{tmp_path}/no.png' to predict.\n",
    )


def test_an_unknown_classifier_is_one_line(command, compared, circles):
    said = command("predict", compared, circles[0], "--classifier", "knn_hog")
    assert (said.status, said.out, said.err) == (
        1,
        "",
        f"transferkit: The run '{compared}' has no baseline 'knn_hog': "
        "it has majority, random_forest_pixels, and the network, which needs no name.\n",
    )


def test_a_report_of_runs_has_a_line_for_each_classifier(command, compared, monkeypatch):
    monkeypatch.chdir(compared.parent)
    said = command("report", compared.name, compared.name)
    assert (said.status, said.err) == (0, "")
    for word in ("run", "classifier", "lenet", "random_forest_pixels", "majority"):
        assert word in said.out.split()


def test_a_report_of_no_run_is_one_line(command, tmp_path):
    said = command("report", tmp_path / "none")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"transferkit: '{tmp_path}/none' is not a run folder")


@pytest.mark.parametrize("kind", ["text", "csv", "json"])
def test_where_not_one_file_can_be_read_the_status_says_so(command, compared, tmp_path, kind):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    said = command("predict", compared, tmp_path, "--format", kind)
    assert said.status == 1
    assert said.err.endswith(
        "transferkit: None of the 2 files can be read as an image, so nothing was predicted: each "
        "is listed with its reason.\n"
    )


@pytest.mark.parametrize("flag", ["--max-pixels", "--data.max-pixels"])
@pytest.mark.parametrize("classifier", ["", "random_forest_pixels"])
def test_the_flag_that_the_reason_names_is_taken(command, compared, circles, flag, classifier):
    which = ("--classifier", classifier) if classifier else ()
    said = command("predict", compared, circles[0], flag, "100", *which)
    assert "more than the 100 of --data.max-pixels" in said.err
    assert said.status == 1
    again = command("predict", compared, circles[0], flag, "5000", *which)
    assert (again.status, len(again.out.splitlines())) == (0, 1)


def test_every_image_is_one_line_of_three_columns(command, compared, circles, tmp_path):
    for name in ("new\nline.png", "tab\there.png", "\x1b[2J.png"):
        shutil.copy(circles[0], tmp_path / name)
    said = command("predict", compared, tmp_path)
    names = [line.split("\t")[0].rpartition("/")[2] for line in said.out.splitlines()]
    assert names == ["\\x1b[2J.png", "new\\nline.png", "tab\\there.png"]
    assert all(line.count("\t") == 2 for line in said.out.splitlines())


def test_json_gives_names_back_exactly_and_commands_nothing(command, compared, circles, tmp_path):
    name = "a\x1b[2J\x9b1m\u202e.png"
    shutil.copy(circles[0], tmp_path / name)
    said = command("predict", compared, tmp_path, "--format", "json")
    assert said.out.strip().isprintable()
    assert json.loads(said.out)["path"] == str(tmp_path / name)


def test_csv_has_one_header_however_many_images_there_are(command, compared, circles):
    many = circles * (CHUNK_SIZE // len(circles) + 1)
    said = command("predict", compared, *many, "--format", "csv")
    assert [row[0] for row in csv.reader(io.StringIO(said.out))] == ["path", *many]


def test_csv_holds_no_formula(command, compared, circles, tmp_path, monkeypatch):
    shutil.copy(circles[0], tmp_path / "=1+1.png")
    monkeypatch.chdir(tmp_path)
    said = command("predict", compared, "=1+1.png", "--format", "csv")
    assert said.out.splitlines()[1].startswith("'=1+1.png,")


def test_the_likeliest_classes_are_pairs(command, compared, circles):
    said = command("predict", compared, circles[0], "--top-k", "2")
    ((path, first, p_1, second, p_2),) = (line.split("\t") for line in said.out.splitlines())
    assert (path, {first, second} < {"circles", "squares", "stripes"}) == (circles[0], True)
    assert float(p_1) >= float(p_2)
    head = command("predict", compared, circles[0], "--top-k", "2", "--format", "csv").out
    assert head.splitlines()[0] == "path,class,probability,problem,class_1,p_1,class_2,p_2"


def test_unsure_images_have_no_class(command, compared, circles):
    said = command("predict", compared, *circles, "--abstain", "1", "--top-k", "1")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert {row[1] for row in rows} == {"unsure"}
    assert {row[3] for row in rows} <= {"circles", "squares", "stripes"}
    assert all(row[2] == row[4] for row in rows)


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_a_list_on_standard_input_is_predicted(compared, circles, separator):
    ended = subprocess.run(
        [sys.executable, "-m", "transferkit", "predict", str(compared), "-"],
        input=separator.join(circles[:3]),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line.split("\t")[0] for line in ended.stdout.splitlines()] == circles[:3]


def test_a_coverage_adds_the_set_and_says_what_it_is(command, compared, circles):
    said = command("predict", compared, *circles, "--coverage", "0.5")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert said.status == 0
    assert all(re.fullmatch(r"\{\w+(, \w+)*\}", cells[3]) for cells in rows)
    assert all(cells[3][1:].startswith(cells[1]) for cells in rows)
    assert re.fullmatch(
        r"Prediction sets of coverage 0\.5 are split conformal, from \d+ validation images: "
        r"the classes with a probability of 0\.\d{4} or more\.\n",
        said.err,
    )
    for kind in ("csv", "json"):
        out = command("predict", compared, circles[0], "--coverage", "0.5", "--format", kind).out
        row = next(csv.DictReader(io.StringIO(out))) if kind == "csv" else json.loads(out)
        names = json.loads(row["prediction_set"]) if kind == "csv" else row["prediction_set"]
        assert names[0] == row["class"]


def test_a_file_of_a_list_that_is_not_there_has_a_problem(command, compared, circles, tmp_path):
    (tmp_path / "list.csv").write_text(f"path\n{circles[0]}\nno.png\n")
    said = command("predict", compared, tmp_path / "list.csv")
    assert (said.status, len(said.out.splitlines())) == (3, 1)
    assert said.err.splitlines()[0] == (
        f"Left out: '{tmp_path}/no.png' cannot be opened: No such file or directory."
    )


def test_a_list_within_a_folder_is_a_file_of_it(command, compared, circles, tmp_path):
    (tmp_path / "list.csv").write_text(f"path\n{circles[0]}\n")
    shutil.copy(circles[0], tmp_path / "1.png")
    said = command("predict", compared, tmp_path, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["path"] for row in rows] == [str(tmp_path / "1.png"), str(tmp_path / "list.csv")]
    assert [not row["problem"] for row in rows] == [True, False]
