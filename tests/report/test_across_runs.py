import json

import pytest

from transferkit.errors import RunError
from transferkit.report.comparison.across_runs import runs_side_by_side
from transferkit.storage.files import write_text
from transferkit.storage.run import Run


def write_run(folder, accuracy, manifest="0123456789ab", images=550):
    entry = {
        "name": "lenet",
        "kind": "network",
        "accuracy": accuracy,
        "balanced_accuracy": accuracy,
        "macro_f1": accuracy,
        "log_loss": 0.5,
        "fit_seconds": 60.0,
        "predict_milliseconds": 3.0,
        "megabytes": 9.4,
    }
    folder.mkdir()
    scores = {"manifest": manifest, "test_images": images, "classifiers": [entry]}
    (folder / "scores.json").write_text(json.dumps(scores))
    return Run(folder)


def test_the_runs_are_in_one_table_by_accuracy(tmp_path):
    runs = [write_run(tmp_path / "a", 0.7), write_run(tmp_path / "b", 0.8)]
    found = runs_side_by_side(runs)
    assert [each["run"] for each in found.entries] == [str(tmp_path / "b"), str(tmp_path / "a")]
    assert found.notes == ()


def test_other_test_images_are_said_plainly(tmp_path):
    runs = [
        write_run(tmp_path / "a", 0.7),
        write_run(tmp_path / "b", 0.8, manifest="ba9876543210", images=90),
        write_run(tmp_path / "c", 0.6),
    ]
    assert runs_side_by_side(runs).notes == (
        "These runs were not scored on the same test images, so their numbers do not compare: "
        f"{tmp_path}/a and {tmp_path}/c on 550; {tmp_path}/b on 90.",
    )


def test_the_text_ends_with_the_note(tmp_path):
    runs = [write_run(tmp_path / "a", 0.7), write_run(tmp_path / "b", 0.8, manifest="ba98")]
    found = runs_side_by_side(runs)
    assert str(found).endswith(found.notes[0])
    assert found._repr_html_().endswith(f"<p>{found.notes[0]}</p>")


def test_what_a_report_saves_is_read_back(report, tmp_path):
    run = Run.create(tmp_path / "run")
    report.save(run)
    write_text(run / "config.yaml", "seed: 0")
    assert len(runs_side_by_side([run, str(run.folder)]).entries) == 6
    assert runs_side_by_side([run, run]).notes == ()


def test_no_run_is_an_error():
    with pytest.raises(RunError) as error:
        runs_side_by_side([])
    assert str(error.value) == "There is no run to report on: give the folder of at least one."


def test_a_run_that_did_not_end_is_an_error(tmp_path):
    with pytest.raises(RunError) as error:
        runs_side_by_side([Run(tmp_path)])
    assert str(error.value) == f"The run '{tmp_path}' has no scores.json: it did not finish."


def test_another_scores_json_is_an_error(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    with pytest.raises(RunError) as error:
        runs_side_by_side([Run(tmp_path)])
    assert str(error.value) == (
        f"'{tmp_path}/scores.json' is not what a run writes: it lacks 'classifiers'; "
        "`transferkit train DIR --out RUN` writes one."
    )


@pytest.mark.parametrize(
    "content",
    [
        [],
        7,
        None,
        {"classifiers": None, "manifest": "a", "test_images": 1},
        {"classifiers": [], "manifest": "a", "test_images": 1},
        {"classifiers": ["x"], "manifest": "a", "test_images": 1},
        {"classifiers": [{"name": "x"}], "manifest": "a", "test_images": 1},
    ],
)
def test_scores_of_another_shape_are_one_sentence(content, tmp_path):
    run = write_run(tmp_path / "a", 0.7)
    (run / "scores.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match="is not what a run writes: ") as caught:
        runs_side_by_side([run])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "value"), [("accuracy", "0.7"), ("fit_seconds", None)])
def test_scores_of_another_type_are_one_sentence(key, value, tmp_path):
    run = write_run(tmp_path / "a", 0.7)
    scores = json.loads((run / "scores.json").read_text())
    scores["classifiers"][0][key] = value
    (run / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(RunError, match="is not what a run writes: "):
        runs_side_by_side([run])
