from __future__ import annotations

import copy
import os
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from transferkit.config.settings import Config, EngineName
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError, RunError
from transferkit.models.network import Network
from transferkit.storage.files import write_text
from transferkit.storage.run import REPORT, Run
from transferkit.training.state import TrainingState
from transferkit.training.train import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(
    manifest: Manifest, pretrained: Config, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Network, Run]:
    """A network and its run folder."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "run")
    return train(manifest, pretrained, run=run), run


def test_a_run_folder_holds_what_training_knows(trained: tuple[Network, Run]) -> None:
    names = {path.name for path in trained[1].folder.iterdir()}
    assert names == {
        "config.yaml",
        "environment.json",
        "manifest.csv",
        "history.csv",
        "model.keras",
    }


def test_the_reloaded_network_says_the_same(
    trained: tuple[Network, Run], manifest: Manifest
) -> None:
    network, run = trained
    paths = manifest.part("test")["path"].tolist()
    again = Network.load(run.folder)
    assert np.array_equal(again.probabilities(paths), network.probabilities(paths))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_a_network_whose_head_was_learnt_step_by_step_reloads(
    optimizer: str, manifest: Manifest, pretrained: Config, tmp_path: Path
) -> None:
    config = replace(
        pretrained,
        model=replace(pretrained.model, head="hidden", hidden_units=8),
        train=replace(pretrained.train, optimizer=optimizer, unfreeze="none", head_epochs=1),
    )
    network = train(manifest, config, run=Run.create(tmp_path / "run"))
    paths = manifest.part("test")["path"].tolist()
    again = Network.load(tmp_path / "run")
    assert np.array_equal(again.probabilities(paths), network.probabilities(paths))


@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_the_engine_that_was_asked_for_predicts(
    engine: EngineName, manifest: Manifest, pretrained: Config
) -> None:
    config = replace(pretrained, compute=replace(pretrained.compute, engine=engine))
    network = train(manifest, config)
    assert network._forward.engine.name == engine


def test_the_reloaded_network_knows_its_facts(trained: tuple[Network, Run]) -> None:
    network, run = trained
    again = Network.load(run.folder)
    assert (again.name, again.classes, again.data) == (network.name, network.classes, network.data)
    assert (again.history, again.summary) == (network.history, network.summary)
    assert again.megabytes == network.megabytes


def test_files_bytes_pil_images_and_arrays_have_equal_probabilities(
    trained: tuple[Network, Run], manifest: Manifest
) -> None:
    network, paths = trained[0], manifest.part("test")["path"].tolist()[:4]
    wanted = network.probabilities(paths)
    pictures = [Image.open(path).convert("RGB") for path in paths]
    for images in (
        [Path(path) for path in paths],
        [Path(path).read_bytes() for path in paths],
        pictures,
        [np.asarray(picture) for picture in pictures],
        [paths[0], Path(paths[1]).read_bytes(), pictures[2], np.asarray(pictures[3])],
    ):
        np.testing.assert_allclose(network.probabilities(images), wanted, atol=1e-6)
    pixels = read_images(paths, network.image_size, network.data)
    np.testing.assert_allclose(network.predict_arrays(pixels), wanted, atol=1e-6)
    assert network.predict_arrays(pixels[:0]).shape == (0, len(manifest.classes))


def test_plain_keras_loads_the_file_and_says_the_same(
    trained: tuple[Network, Run], manifest: Manifest
) -> None:
    network, run = trained
    paths = manifest.part("test")["path"].tolist()
    plain = keras.saving.load_model(run / "model.keras")
    images = read_images(paths, 32, network.data).astype("float32")
    assert plain.predict(images, verbose=0) == pytest.approx(network.probabilities(paths), abs=1e-5)


def test_the_file_holds_no_optimizer(trained: tuple[Network, Run]) -> None:
    assert not keras.saving.load_model(trained[1] / "model.keras").compiled


def test_an_image_alone_gets_what_it_gets_among_others(
    trained: tuple[Network, Run], manifest: Manifest
) -> None:
    network, _ = trained
    paths = manifest.part("test")["path"].tolist()
    alone = network.probabilities(paths[:1])
    assert alone == pytest.approx(network.probabilities(paths)[:1], abs=1e-5)


def test_no_image_gives_no_probabilities(trained: tuple[Network, Run]) -> None:
    assert trained[0].probabilities([]).shape == (0, 3)


def test_a_missing_image_is_one_sentence(trained: tuple[Network, Run], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        trained[0].probabilities([str(tmp_path / "no.png")])
    assert str(caught.value) == f"'{tmp_path}/no.png' cannot be opened: No such file or directory."


def test_a_folder_without_a_network_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        Network.load(tmp_path)
    assert str(caught.value) == (
        f"There is no network in '{tmp_path}/model.keras': "
        "`transferkit train DIR --out RUN` makes it."
    )


def test_a_keras_file_of_another_make_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(RunError, match="is not a network that transferkit saved"):
        Network.load(path)


def test_a_truncated_file_is_one_sentence(trained: tuple[Network, Run], tmp_path: Path) -> None:
    content = (trained[1] / "model.keras").read_bytes()
    path = tmp_path / "model.keras"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RunError, match="is not a network that transferkit saved"):
        Network.load(path)


def test_the_facts_lie_beside_kerass_own_files(trained: tuple[Network, Run]) -> None:
    with zipfile.ZipFile(trained[1] / "model.keras") as archive:
        assert "transferkit.json" in archive.namelist()


def test_its_repr_says_what_it_is(trained: tuple[Network, Run]) -> None:
    network, _ = trained
    assert repr(network) == (
        f"<Network pocket: 3 classes, 32 px, 1,822,787 parameters, "
        f"trained in {network.fit_seconds:.0f} s>"
    )


def test_its_html_escapes_what_it_shows(trained: tuple[Network, Run]) -> None:
    assert trained[0]._repr_html_().startswith("<p>&lt;Network pocket")


def test_it_is_copied_and_pickled_after_it_predicted(
    trained: tuple[Network, Run], shapes: Path
) -> None:
    network, paths = trained[0], [str(next((shapes / "circles").iterdir()))]
    before = network.probabilities(paths)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        np.testing.assert_allclose(other.probabilities(paths), before, atol=1e-6)
    assert network.probabilities(paths) is not None


def test_a_run_stands_for_its_folder(trained: tuple[Network, Run]) -> None:
    network, run = trained
    assert Network.load(run).classes == network.classes
    assert os.fspath(run) == str(run.folder)


def test_a_path_by_itself_is_a_sentence(trained: tuple[Network, Run]) -> None:
    with pytest.raises(DataError, match=r"^Got the path 'a.png' by itself: give a list of paths.$"):
        trained[0].probabilities("a.png")


def test_training_into_an_old_run_leaves_no_report_of_it(
    trained: tuple[Network, Run], manifest: Manifest, pretrained: Config, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(trained[1], tmp_path / "run"))
    for name in ("scores.json", "report.html", "mine.txt"):
        write_text(run / name, "{}")
    wrong = replace(pretrained, train=replace(pretrained.train, unfreeze="99"))
    with pytest.raises(ConfigError):
        train(manifest, wrong, run=run)
    assert (run / "scores.json").exists()
    train(manifest, pretrained, run=run)
    names = {path.name for path in run.folder.iterdir()}
    assert {"mine.txt", "model.keras"} < names
    assert not names & set(REPORT)


def test_a_network_reads_later_images_in_the_value_range_that_it_learnt_in(
    trained: tuple[Network, Run], tmp_path: Path
) -> None:
    network = trained[0]
    of_12_bits = replace(network, data=replace(network.data, value_range=(0.0, 4095.0)))
    of_12_bits.save(tmp_path)
    write_text(tmp_path / "config.yaml", Config().to_yaml())
    again = Network.load(tmp_path)
    scan = tmp_path / "scan.png"
    Image.fromarray(np.full((48, 48), 4095, np.uint16)).save(scan)
    white = tmp_path / "white.png"
    Image.new("L", (48, 48), 255).save(white)
    asked = again.probabilities([str(scan), str(white)])
    np.testing.assert_array_equal(asked[0], asked[1])


def test_what_features_cost_before_is_in_the_time_of_training(
    manifest: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def borrow(fit: TrainingState) -> None:
        fit.borrowed_seconds += 1000

    monkeypatch.setattr("transferkit.training.train.calibrate", borrow)
    assert train(manifest, pretrained).fit_seconds > 1000
