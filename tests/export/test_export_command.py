"""`transferkit export`: mistakes are one sentence, and what is there stays."""

from __future__ import annotations

import json
import shutil

import keras
import pytest
from test_planted_faults import Brightness

from transferkit.cli.main import main
from transferkit.data.manifest import Manifest
from transferkit.errors import RunError
from transferkit.export.exported import ExportedModel
from transferkit.export.run import export_run
from transferkit.models.network import Network
from transferkit.serving.predict import Predictor, RowOptions
from transferkit.storage.files import write_atomically


def said(capsys, *arguments):
    capsys.readouterr()
    status = 0
    try:
        main(["export", *map(str, arguments)])
    except SystemExit as end:
        status = int(end.code or 0)
    return status, capsys.readouterr()


def test_a_baseline_is_refused(run, capsys):
    status, text = said(capsys, run / "baselines" / "knn_hog.skops", "--to", "keras")
    assert (status, text.out) == (1, "")
    assert text.err == (
        f"transferkit: '{run}/baselines/knn_hog.skops' is a scikit-learn baseline, and only "
        "networks are exported: give the run folder, or predict with the baseline by "
        "`transferkit predict RUN FILES --classifier knn_hog`.\n"
    )


def test_a_run_of_baselines_alone_is_refused(run, capsys):
    (run / "model.keras").unlink()
    (run / "baselines").mkdir()
    (run / "baselines" / "knn_hog.skops").touch()
    status, text = said(capsys, run, "--to", "keras")
    assert (status, text.err) == (
        1,
        f"transferkit: The run '{run}' has only baselines (knn_hog), and only networks are "
        "exported: `transferkit train DIR --out RUN` trains one.\n",
    )


def test_a_format_that_does_not_exist_is_a_misused_command(run, capsys):
    status, text = said(capsys, run, "--to", "onxx")
    assert status == 2
    assert text.err.count("\n") == 1


def test_a_network_that_is_replaced_meanwhile_is_not_exported(run, capsys, monkeypatch):
    def write_page_late(*_):
        content = (run / "model.keras").read_bytes()
        write_atomically(run / "model.keras", content)  # as a training that ends now

    monkeypatch.setattr("transferkit.export.run.write_page", write_page_late)
    status, text = said(capsys, run, "--to", "keras")
    assert (status, text.out) == (1, "")
    assert text.err.splitlines()[-1] == (
        f"transferkit: The network of '{run}' was replaced while it was exported to Keras, so the "
        "export is not written: when its training has ended, "
        f"`transferkit export {run} --to keras --overwrite`."
    )
    assert not list((run / "export").glob("*"))


def test_an_export_has_prediction_sets(run, reference):
    (folder,) = export_run(run, "keras")
    scores = Network.load(run).conformity
    model = ExportedModel.load(folder)
    assert model.conformity == scores is not None
    found = Predictor(model, options=RowOptions(coverage=0.5)).predict(reference.paths)
    assert all(set(names) <= set(model.classes) for names in found["prediction_set"])
    assert found["prediction_set"].map(len).min() > 0
    (folder / "conformity.json").write_text("{}", "utf-8")
    with pytest.raises(RunError) as error:
        ExportedModel.load(folder)
    assert str(error.value) == (
        f"'{folder}/conformity.json' holds no conformity scores (scores): export the network "
        "again, with `transferkit export RUN --to FORMAT --overwrite`."
    )


def test_images_that_are_gone_are_named(run, capsys):
    manifest = Manifest.load(run / "manifest.csv")
    manifest.frame["path"] = [f"/gone{path}" for path in manifest.frame["path"]]
    manifest.save(run / "manifest.csv")
    lost = manifest.part("test")["path"].iloc[0]
    status, text = said(capsys, run, "--to", "keras")
    assert (status, text.out) == (1, "")
    assert text.err == (
        f"transferkit: None of the 12 test images of '{run}/manifest.csv' exists any more, such "
        f"as '{lost}': an export is compared with its network on them, so put them back, or write "
        "their new paths into the manifest.csv of the run.\n"
    )
    assert not (run / "export").exists()


@pytest.mark.slow
def test_a_model_that_augments_is_not_exported_and_the_old_export_stays(
    run, network, with_model, capsys
):
    (folder,) = export_run(run, "keras")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    images = keras.Input(network.model.input_shape[1:], name="images")
    with_model(keras.Model(images, network.model(Brightness()(images)))).save(run)
    status, text = said(capsys, run, "--to", "saved_model", "--out", folder, "--overwrite")
    assert (status, text.out) == (1, "")
    assert "augmentation is left in, since two equal requests get two answers" in text.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in (run / "export").iterdir()] == ["keras"]


@pytest.mark.slow
def test_an_export_that_is_there_is_replaced_only_if_asked(run, capsys):
    pytest.importorskip("tf2onnx")
    assert said(capsys, run, "--to", "onnx")[0] == 0
    status, text = said(capsys, run, "--to", "onnx")
    assert status == 1
    assert text.err.startswith(f"transferkit: '{run}/export/onnx' exists already: choose another")
    status, text = said(capsys, run, "--to", "onnx", "--overwrite")
    assert (status, text.out) == (0, f"{run}/export/onnx\n")
    assert [path.name for path in (run / "export").iterdir()] == ["onnx"]
    assert len(json.loads((run / "exports.json").read_text())) == 1
    changed = run / "export" / "onnx" / "model.onnx"
    changed.write_bytes(changed.read_bytes() + b"\0")
    with pytest.raises(RunError) as error:
        ExportedModel.load(changed)
    assert str(error.value) == (
        f"'model.onnx' in '{run}/export/onnx' is not the file that was compared with the network: "
        "export it again, with `transferkit export RUN --to FORMAT --overwrite`."
    )


def test_a_folder_without_an_export_is_one_sentence(tmp_path):
    with pytest.raises(RunError) as error:
        ExportedModel.load(tmp_path)
    assert str(error.value) == (
        f"'{tmp_path}' holds no export: it has no export.json; "
        "`transferkit export RUN --to FORMAT` makes one."
    )


def test_a_run_that_is_replaced_loses_its_exports(run):
    from transferkit.storage.run import Run

    (run / "export" / "onnx").mkdir(parents=True)
    (run / "export" / "onnx" / "export.json").touch()
    (run / "export" / "own").mkdir()
    (run / "exports.json").write_text("[]")
    Run.create(run, overwrite=True)
    assert not (run / "exports.json").exists()
    assert [path.name for path in (run / "export").iterdir()] == ["own"]
    shutil.rmtree(run)


def test_an_export_predicts_as_the_network_does(run, reference, capsys, tmp_path):
    pytest.importorskip("tf2onnx")
    (folder,) = export_run(run, "onnx", out=tmp_path / "export")

    def predicted(*arguments):
        capsys.readouterr()
        main(["predict", *map(str, arguments)])
        return [line.split("\t") for line in capsys.readouterr().out.splitlines()]

    files = reference.paths[:4]
    by_network = predicted(run, *files)
    assert [row[0] for row in by_network] == files
    for model in (folder, folder / "model.onnx"):
        by_export = predicted(*files, "--model", model)
        assert [row[:2] for row in by_export] == [row[:2] for row in by_network]
        for one, other in zip(by_export, by_network, strict=True):
            assert float(one[2]) == pytest.approx(float(other[2]), abs=2e-4)
    table = tmp_path / "rows.csv"
    predicted("--model", folder, *files, "--out", table)
    assert len(table.read_text().splitlines()) == 5


def test_a_baseline_of_an_export_is_a_mistake(run, capsys):
    with pytest.raises(SystemExit):
        main(["predict", "--model", str(run), "x.png", "--classifier", "knn_hog"])
    assert capsys.readouterr().err == (
        "transferkit: --classifier is a baseline of a run: leave it out with --model.\n"
    )


def test_a_run_beside_an_export_is_a_mistake(run, capsys):
    with pytest.raises(SystemExit):
        main(["predict", str(run), "x.png", "--model", "export"])
    assert capsys.readouterr().err == (
        f"transferkit: {str(run)!r} is a run, and --model already names the model: leave the run "
        "out, and give only images.\n"
    )
