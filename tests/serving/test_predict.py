from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from transferkit.config.settings import Config, DataConfig
from transferkit.data.manifest import Manifest
from transferkit.data.sources.folder.walk import walk_files
from transferkit.errors import DataError, RunError
from transferkit.models.network import Network
from transferkit.serving import predict as predictor
from transferkit.storage.run import Run


def test_a_row_holds_a_class_and_every_probability(run: Run, shapes: Path) -> None:
    found = predictor.predict(run.folder, shapes / "squares")
    assert list(found.columns) == [
        "path",
        "class",
        "probability",
        "problem",
        "p(circles)",
        "p(squares)",
        "p(stripes)",
    ]
    assert len(found) == 20
    assert found.filter(like="p(").sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert found["probability"].to_numpy() == pytest.approx(found.filter(like="p(").max(axis=1))


def test_it_says_what_the_network_says(run: Run, shapes: Path) -> None:
    files = [str(path) for path in sorted((shapes / "stripes").iterdir())]
    found = predictor.predict(run.folder, files).filter(like="p(").to_numpy()
    assert np.array_equal(found, Network.load(run.folder).probabilities(files).astype(float))


def test_a_broken_file_does_not_end_the_others(run: Run, mixed: list[str]) -> None:
    found = predictor.predict(run.folder, mixed)
    assert found["path"].tolist() == mixed
    assert found["problem"].tolist() == ["", "is empty (0 bytes)", ""]
    assert found["class"].tolist()[1] == ""
    assert found["probability"].isna().tolist() == [False, True, False]


def test_only_broken_files_are_named_each(run: Run, mixed: list[str]) -> None:
    found = predictor.predict(run.folder, mixed[1])
    assert found["problem"].tolist() == ["is empty (0 bytes)"]


def test_chunks_are_of_bounded_size_and_in_order(run: Run, shapes: Path) -> None:
    files = list(walk_files(shapes)) * 2
    chunks = list(predictor.Predictor.load(run.folder).stream(files, chunk_size=100))
    assert [len(chunk) for chunk in chunks] == [100, 20]
    assert [path for chunk in chunks for path in chunk["path"]] == files


def test_nothing_to_predict_is_one_sentence(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        predictor.predict(run.folder, tmp_path)
    assert str(caught.value) == (
        "There is no file to predict: give image files, or folders of them."
    )


def test_a_baseline_that_the_run_has_not_is_one_sentence(run: Run) -> None:
    with pytest.raises(RunError) as caught:
        predictor.load_classifier(run.folder, "knn_pixels")
    assert str(caught.value) == (
        f"The run '{run.folder}' has no baseline 'knn_pixels': "
        "it has none, and the network, which needs no name."
    )


def test_a_baseline_of_the_run_predicts(run: Run, shapes: Path) -> None:
    from transferkit.baselines.fit import fit_baseline

    settings = dataclasses.replace(Config(), data=DataConfig(image_size=32))
    forest = fit_baseline("extra_trees_pixels", Manifest.read(shapes), settings)
    forest.save(run.folder)
    found = predictor.predict(run.folder, shapes / "circles", classifier="extra_trees_pixels")
    assert (found["class"] == "circles").mean() > 0.8  # most of them were learnt from
    contents = [Path(path).read_bytes() for path in found["path"]]
    again = predictor.predict(run.folder, contents, classifier="extra_trees_pixels")
    assert np.array_equal(again.filter(like="p("), found.filter(like="p("))


def test_images_in_memory_are_told_as_their_files_are(run: Run, shapes: Path) -> None:
    path = sorted((shapes / "circles").iterdir())[0]
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    pixels = np.asarray(image)
    sources = [path, image, pixels, path.read_bytes(), np.asfortranarray(pixels)]
    found = predictor.predict(run.folder, sources)
    assert found["path"].tolist() == [str(path), "image 1", "image 2", "image 3", "image 4"]
    numbers = found.filter(like="p(").to_numpy()
    assert np.array_equal(numbers, np.repeat(numbers[:1], 5, axis=0))


@pytest.mark.parametrize("kind", ["array", "picture", "bytes", "path"])
def test_a_single_image_needs_no_list(kind: str, run: Run, shapes: Path) -> None:
    path = sorted((shapes / "circles").iterdir())[0]
    image = Image.open(path).convert("RGB")
    sources = {
        "array": np.asarray(image),
        "picture": image,
        "bytes": path.read_bytes(),
        "path": path,
    }
    found = predictor.predict(run.folder, sources[kind])
    assert found["path"].tolist() == [str(path) if kind == "path" else "image 0"]


def test_an_array_of_four_axes_is_several_images(run: Run) -> None:
    found = predictor.predict(run.folder, np.zeros((3, 40, 50, 3), np.uint8))
    assert found["path"].tolist() == ["image 0", "image 1", "image 2"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "YCbCr"])
def test_pictures_of_every_mode_are_taken(mode: str, run: Run) -> None:
    image = Image.new("L" if mode == "I;16" else "RGB", (40, 30), 90)
    found = predictor.predict(run.folder, image.convert(mode))
    assert found["problem"].tolist() == [""]


def test_floats_of_no_known_range_have_a_problem(run: Run) -> None:
    (problem,) = predictor.predict(run.folder, Image.new("F", (40, 30), 90.0))["problem"]
    assert problem.startswith("has grey values of the type float32 from 90 to 90, and nothing says")


def test_bytes_that_are_no_image_have_a_problem(run: Run) -> None:
    assert predictor.predict(run.folder, [b""])["problem"].tolist() == ["is empty (0 bytes)"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            np.zeros((8, 8), np.uint8),
            "Image 0 is an array (8, 8) of uint8: it should be (height, width, 3) of uint8, RGB.",
        ),
        (
            np.zeros((8, 8, 3)),
            "Image 0 is an array (8, 8, 3) of float64: "
            "it should be (height, width, 3) of uint8, RGB.",
        ),
        (
            7,
            "Image 0 is a int: give a path, the bytes of an image file, a PIL image, or an array "
            "(height, width, 3) of uint8.",
        ),
    ],
)
def test_what_is_no_image_is_one_sentence(source: object, sentence: str, run: Run) -> None:
    with pytest.raises(DataError) as caught:
        predictor.predict(run.folder, [source])  # type: ignore[list-item]
    assert str(caught.value) == sentence


def test_the_bound_of_pixels_can_be_another(run: Run, shapes: Path) -> None:
    path = sorted((shapes / "circles").iterdir())[0]
    found = predictor.predict(run.folder, path, max_pixels=100)
    assert "more than the 100 of --data.max-pixels" in found["problem"].tolist()[0]


def test_a_predictor_predicts_as_the_function_does(run: Run, mixed: list[str]) -> None:
    loaded = predictor.Predictor.load(run.folder, top_k=2, abstain=0.9)
    assert (loaded.name, loaded.image_size) == ("lenet", 32)
    assert loaded.classes == ("circles", "squares", "stripes")
    expected = predictor.predict(run.folder, mixed, top_k=2, abstain=0.9)
    pd.testing.assert_frame_equal(loaded.predict(mixed), expected)


def test_probabilities_are_those_of_the_network(run: Run, shapes: Path) -> None:
    path = sorted((shapes / "circles").iterdir())[0]
    loaded = predictor.Predictor.load(run.folder)
    expected = Network.load(run.folder).probabilities([path])
    for source in (path, [path], path.read_bytes(), Image.open(path)):
        assert np.array_equal(loaded.probabilities(source), expected)
    assert loaded.probabilities([]).shape == (0, 3)


def test_threads_share_a_predictor(run: Run, shapes: Path) -> None:
    files = list(walk_files(shapes))
    expected = predictor.Predictor.load(run.folder).predict(files)
    loaded = predictor.Predictor.load(run.folder)
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(loaded.predict, [files] * 16))
    for frame in frames:
        pd.testing.assert_frame_equal(frame, expected)


def test_a_source_may_be_a_pattern(run: Run, shapes: Path) -> None:
    found = predictor.predict(run.folder, f"{shapes}/**/00[12].png")
    assert [Path(path).name for path in found["path"]] == ["001.png", "002.png"] * 3


def test_sources_are_read_as_they_are_asked_for(run: Run, shapes: Path) -> None:
    asked = []

    def sources() -> Iterator[Path]:
        for path in sorted((shapes / "circles").iterdir()):
            asked.append(path)
            yield path

    stream = predictor.Predictor.load(run.folder).stream(sources(), chunk_size=3)
    assert len(next(stream)) == 3
    assert len(asked) == 3


def test_a_file_that_goes_after_its_check_has_a_problem(run: Run, shapes: Path) -> None:
    """A baseline checks all files of a chunk first, and decodes them after that."""
    from transferkit.baselines.fit import fit_baseline

    settings = dataclasses.replace(Config(), data=DataConfig(image_size=32))
    baseline = fit_baseline("extra_trees_pixels", Manifest.read(shapes), settings)
    (good,) = sorted((shapes / "circles").iterdir())[:1]
    going = run.folder / "going.png"
    shutil.copy(good, going)

    class Late:
        def __init__(self) -> None:
            self.data, self.classes = baseline.data, baseline.classes

        def probabilities(self, images: list[str]) -> np.ndarray:
            going.unlink(missing_ok=True)
            return baseline.probabilities(images)

    found = predictor.Predictor(Late()).rows(["a", "b"], [str(good), str(going)])  # type: ignore[arg-type]
    assert found["problem"].tolist() == ["", "cannot be opened: No such file or directory"]
    assert found["class"].tolist() == ["circles", ""]
