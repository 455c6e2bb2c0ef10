"""`transferkit report` on one run: its pages are made again from its folder alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

DRAWN = ("report.html", "report.md", "model_card.md", "scores.json", "explanations.json")


@pytest.fixture
def run(compared, tmp_path):
    """A copy of the compared run, under the same name, since its page names no folder."""
    return shutil.copytree(compared, tmp_path / "run")


def test_a_report_that_is_made_again_is_the_same(command, run):
    before = {name: (run / name).read_bytes() for name in DRAWN}
    for name in DRAWN[:-1]:
        (run / name).unlink()
    said = command("report", run)
    assert (said.status, said.err) == (0, f"Report: {run / 'report.html'}\n")
    assert {name: (run / name).read_bytes() for name in DRAWN} == before


def test_pictures_that_were_not_saved_are_made_again(command, run):
    before = {name: (run / name).read_bytes() for name in DRAWN}
    (run / "explanations.json").write_text("{}")
    assert command("report", run).status == 0
    assert {name: (run / name).read_bytes() for name in DRAWN} == before


def test_neither_keras_nor_tensorflow_is_loaded_for_a_report_made_again(run):
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    code = (
        "import sys; from transferkit.cli.main import main; "
        f"main(['report', {str(run)!r}]); "
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "[]")
    assert (run / "report.html").read_bytes() == before


def test_answers_and_networks_stay_as_they_are(command, run):
    kept = ("results.json", "predictions.csv", "model.keras", "manifest.csv", "config.yaml")
    before = {name: (run / name).read_bytes() for name in kept}
    command("report", run)
    assert {name: (run / name).read_bytes() for name in kept} == before


def test_without_the_network_the_sections_that_need_it_say_so(command, run):
    (run / "model.keras").unlink()
    (run / "baselines" / "random_forest_pixels.skops").unlink()
    (run / "explanations.json").unlink()
    assert command("report", run).status == 0
    html = (run / "report.html").read_text("utf-8")
    assert html.count("These sections need lenet itself: There is no network in") == 2
    assert "These sections need random_forest_pixels itself: There is no baseline in" in html
    assert 'id="confusion"' in html


def test_a_run_that_was_stopped_says_how_many_did_not_answer(command, run):
    content = json.loads((run / "results.json").read_text("utf-8"))
    content["classifiers"] = content["classifiers"][:2]
    (run / "results.json").write_text(json.dumps(content), "utf-8")
    assert command("report", run).status == 0
    note = "The run was stopped: 1 of its 3 classifiers have no predictions."
    assert note in (run / "report.html").read_text("utf-8")


def test_without_answers_the_table_is_printed_and_the_pages_stay(command, run):
    (run / "results.json").unlink()
    before = (run / "report.html").read_bytes()
    said = command("report", run)
    assert said.status == 0
    assert "random_forest_pixels" in said.out
    assert said.err.startswith(
        "Note: the pages of the run stay as they are: it has no results.json"
    )
    assert (run / "report.html").read_bytes() == before


def changed_order(path):
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", "utf-8")


def no_classes(path):
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"classes": ["a"]}), "utf-8")


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("predictions.csv", changed_order, "predictions.csv is not of the classifiers"),
        ("predictions.csv", lambda path: path.unlink(), "No such file or directory"),
        ("results.json", no_classes, "results.json has other classes than manifest.csv"),
        ("results.json", lambda path: path.write_text("{}"), "results.json is not as a run"),
        ("results.json", lambda path: path.write_text("{"), "cannot be read"),
    ],
)
def test_a_folder_that_was_changed_is_one_sentence(command, run, name, change, sentence):
    change(run / name)
    said = command("report", run)
    assert said.status == 1
    assert said.err.count("\n") == 1
    assert sentence in said.err


def test_a_page_that_cannot_be_written_leaves_the_table(command, run):
    (run / "report.html").unlink()
    (run / "report.html").mkdir()
    said = command("report", run)
    assert said.status == 1
    assert "random_forest_pixels" in said.out
    assert "is not a regular file" in said.err


def test_a_fault_in_a_section_is_exit_status_1_and_the_page_is_there(command, run, monkeypatch):
    def fail(*given, **named):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("transferkit.report.comparison.page_sections.confusion_matrix", fail)
    said = command("report", run)
    assert said.status == 1
    assert said.err.splitlines()[-1].startswith(
        "transferkit: These parts of the report could not be made: the section 'Confusion'."
    )
    assert "This section could not be made: ZeroDivisionError" in (run / "report.html").read_text(
        "utf-8"
    )


def test_a_run_that_was_killed_in_training_names_what_its_network_is_good_for(command, run):
    for name in ("results.json", "scores.json"):
        (run / name).unlink()
    said = command("report", run)
    assert (said.status, said.err) == (
        1,
        f"transferkit: The run {str(run)!r} has no predictions of a classifier to report on: it "
        f"did not finish; `transferkit predict {run} FILES` uses its network.\n",
    )
