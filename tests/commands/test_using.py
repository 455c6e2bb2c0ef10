"""`transferkit predict` and `report` on a run."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest


@pytest.fixture(scope="module")
def circles(shapes):
    return sorted(map(str, (shapes / "circles").iterdir()))


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
    assert said.err.endswith(f"Left out: '{bad}' is empty (0 bytes).\n")
    assert said.status == 0


def test_in_json_a_bad_file_has_its_problem_and_no_numbers(command, compared, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    said = command("predict", compared, tmp_path, "--format", "json")
    (found,) = map(json.loads, said.out.splitlines())
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
