"""Runs, weights and disks that are wrong: the sentence, the status, and nothing lost."""

import os
import resource
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FAST = ("--backbone", "lenet", "--image-size", "16", "--epochs", "1", "--augment", "none")


@pytest.fixture
def run(trained, tmp_path, photos):
    """The folder `run` in the working folder, with a trained network in it."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_a_run_folder_that_is_taken_is_not_touched(command, run):
    outcome = command("train", "photos", *FAST, "--out", "run")
    assert outcome.sentences == [
        "transferkit: 'run' exists already: choose another folder with --out, or pass --overwrite "
        "to replace the run in it."
    ]
    assert (outcome.status, outcome.new) == (1, [])


def test_a_folder_that_is_no_run_is_not_overwritten(command, photos):
    outcome = command("train", "photos", *FAST, "--out", "photos", "--overwrite")
    assert outcome.sentences == [
        "transferkit: 'photos' holds files but no run (no config.yaml), so it is not overwritten: "
        "choose another folder with --out."
    ]
    assert (outcome.status, outcome.new) == (1, [])


def test_a_file_in_place_of_the_run_folder_is_not_touched(command, photos, tmp_path):
    (tmp_path / "run").write_text("mine")
    outcome = command("train", "photos", *FAST, "--out", "run", "--overwrite")
    assert outcome.sentences == [
        "transferkit: 'run' holds files but no run (no config.yaml), so it is not overwritten: "
        "choose another folder with --out."
    ]


def test_a_run_folder_below_a_file_is_a_sentence(command, photos, tmp_path):
    (tmp_path / "file").write_text("mine")
    outcome = command("train", "photos", *FAST, "--out", "file/run")
    assert outcome.sentences == [
        "transferkit: 'file/run' cannot be a run folder: Not a directory; choose another with "
        "--out."
    ]


BEFORE = (
    (
        ("--train.unfreeze", "99"),
        "The setting 'unfreeze' is 99: lenet has 4 blocks, so it should be that or less, or all.",
    ),
    (
        ("--image-size", "8"),
        "The backbone 'lenet' cannot take images of 8 pixels: pass --image-size 16 or more.",
    ),
    (
        ("--weights", "gone.h5"),
        "The weights file 'gone.h5' does not exist: --weights takes imagenet, embedded, none, or "
        "the path of a file with the weights of the backbone without its top.",
    ),
    (
        ("--weights", "photos"),
        "The weights file 'photos' is a folder: --weights takes imagenet, embedded, none, or "
        "the path of a file with the weights of the backbone without its top.",
    ),
    (
        ("--weights", "photos/cat/000.png"),
        "The weights file 'photos/cat/000.png' is not a readable HDF5 file: it should end in "
        ".weights.h5 or .h5 and be whole, as `model.save_weights` leaves it.",
    ),
)


@pytest.mark.parametrize(("flags", "sentence"), BEFORE)
def test_a_network_that_cannot_be_built_is_a_sentence(flags, sentence, command, photos):
    outcome = command("train", "photos", *FAST, *flags, "--out", "new")
    assert outcome.sentences == [f"transferkit: {sentence}"]
    assert outcome.status == 1


@pytest.mark.parametrize(("flags", "sentence"), BEFORE)
def test_nothing_is_written_for_a_network_that_cannot_be_built(flags, sentence, command, photos):
    assert command("train", "photos", *FAST, *flags, "--out", "new").new == []


@pytest.mark.parametrize(("flags", "sentence"), BEFORE[:3])
def test_a_run_is_not_removed_for_one_that_cannot_start(flags, sentence, command, run):
    outcome = command("train", "photos", *FAST, *flags, "--out", "run", "--overwrite")
    assert outcome.sentences == [f"transferkit: {sentence}"]


def test_the_weights_of_another_network_are_a_sentence(command, photos, tmp_path):
    from transferkit.backbones.build import build_backbone

    build_backbone("lenet", image_size=32, weights="none").save_weights(
        tmp_path / "other.weights.h5"
    )
    outcome = command(
        "train", "photos", "--backbone", "mobilenet_025", "--image-size", "32",
        "--weights", "other.weights.h5", "--out", "new",
    )  # fmt: skip
    assert outcome.sentences == [
        f"transferkit: The weights in {str(tmp_path / 'other.weights.h5')!r} do not fit "
        "'mobilenet_025' without its top: give that backbone's own, or name the one that they are "
        "of with --backbone."
    ]
    assert (outcome.status, outcome.new) == (1, [])
    assert not (tmp_path / "new").exists()


@pytest.fixture
def little_space():
    """No file may grow beyond 20 kB, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_a_sentence_and_leaves_no_half_written_model(command, photos, little_space):
    outcome = command("train", "photos", *FAST, "--out", "new")
    assert outcome.sentences == [
        "transferkit: 'new/model.keras' cannot be written: File too large; free "
        "some space or choose another folder with --out."
    ]
    assert outcome.status == 1
    assert outcome.new == ["new/config.yaml", "new/environment.json", "new/manifest.csv"]


PREDICTIONS = (
    (
        ("gone", "photos"),
        "'gone' is not a run folder: it has no config.yaml; `transferkit train DIR --out RUN` "
        "makes one.",
    ),
    (
        ("x" * 300, "photos"),
        f"'{'x' * 300}' is not a run folder: it has no config.yaml; `transferkit train DIR --out "
        "RUN` makes one.",
    ),
    (("run", "gone.jpg"), "There is no file or folder 'gone.jpg' to predict."),
    (("run", "empty"), "There is no file to predict: give image files, or folders of them."),
    (
        ("run", "photos", "--classifier", "random_forest_hog"),
        "The run 'run' has no baseline 'random_forest_hog': it has none, and the network, which "
        "needs no name.",
    ),
)


@pytest.mark.parametrize(("arguments", "sentence"), PREDICTIONS)
def test_a_prediction_that_cannot_be_made_is_a_sentence(arguments, sentence, command, run):
    (run.parent / "empty").mkdir()
    outcome = command("predict", *arguments)
    assert outcome.sentences == [f"transferkit: {sentence}"]
    assert (outcome.status, outcome.out, outcome.new) == (1, "", [])


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_damaged_network_is_a_sentence(content, command, run):
    (run / "model.keras").write_bytes(content)
    outcome = command("predict", "run", "photos")
    assert outcome.sentences == [
        "transferkit: 'run/model.keras' is not a network that transferkit saved, or it is damaged: "
        "File is not a zip file."
    ]


def test_a_broken_file_among_good_ones_is_named_and_the_others_are_predicted(command, run):
    broken = run.parent / "photos/cat/001.png"
    broken.write_bytes(b"")
    outcome = command("predict", "run", "photos/cat")
    assert outcome.errors.splitlines() == [
        "Left out: 'photos/cat/001.png' is empty (0 bytes).",
        "transferkit: 1 of 4 files could not be read.",
    ]
    assert outcome.status == 3
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == [
        "photos/cat/000.png",
        "photos/cat/002.png",
        "photos/cat/003.png",
    ]


def test_a_job_without_images_is_a_sentence(command):
    assert command("train").sentences == [
        "transferkit: Got neither a source nor --manifest: give one of them, such as a folder "
        "with one sub-folder per class."
    ]


def test_the_working_folder_may_be_read_only_to_predict(command, run):
    os.chmod(run, 0o555)
    assert command("predict", "run", "photos").status == 0


def test_a_run_is_not_removed_for_the_weights_of_another_network(command, run, tmp_path):
    from transferkit.backbones.build import build_backbone

    build_backbone("lenet", image_size=32, weights="none").save_weights(
        tmp_path / "other.weights.h5"
    )
    flags = ("--backbone", "mobilenet_025", "--image-size", "32", "--weights", "other.weights.h5")
    before = (tmp_path / "run" / "model.keras").read_bytes()
    assert command("train", "photos", *flags, "--out", "run", "--overwrite").status == 1
    assert (tmp_path / "run" / "model.keras").read_bytes() == before
