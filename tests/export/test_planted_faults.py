"""Faults of models that are in production, planted in real exports: the gate names each of them."""

from __future__ import annotations

import re

import keras
import pytest

from transferkit.errors import ExportError
from transferkit.export.formats import find_format
from transferkit.export.run import export_network
from transferkit.models.classifier import CLASSES, HEAD

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")


def before(model, change):
    """`model` behind a `change` of its images."""
    images = keras.Input(model.input_shape[1:], name="images")
    return keras.Model(images, model(change(images)))


@keras.saving.register_keras_serializable("planted")
class Brightness(keras.Layer):
    """Augmentation as it is often written by hand: with no regard to `training`."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed = keras.random.SeedGenerator(0)

    def call(self, images):
        shape = (keras.ops.shape(images)[0], 1, 1, 1)
        return images * keras.random.uniform(shape, 0.2, 1.0, seed=self.seed)


def augmenting(model):
    return before(model, Brightness())


def augmenting_by_keras(model):
    return before(model, keras.layers.RandomBrightness(0.9, value_range=(0, 255), seed=0))


def of_other_order(model):
    images = keras.Input(model.input_shape[1:], name="images")
    return keras.Model(images, keras.ops.take(model(images), [2, 0, 1], axis=1))


def of_scaled_images(model):
    return before(model, lambda images: images * 255)


def of_signed_images(model):
    return before(model, lambda images: (images + 1) * 127.5)


def of_bgr(model):
    return before(model, lambda images: keras.ops.flip(images, axis=-1))


def without_temperature(model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    last = copy.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([2.5 * values for values in last.get_weights()])
    return copy


@pytest.mark.parametrize(
    ("fault", "to", "cause"),
    [
        pytest.param(
            augmenting,
            "saved_model",
            "augmentation is left in, since two equal requests get two answers: take the layers of "
            "augmentation out of the model",
            marks=pytest.mark.slow,
        ),
        (
            of_other_order,
            "onnx",
            "the class order, since its column 1 is the class 0 of the network (3 of 3 classes are "
            "elsewhere)",
        ),
        (of_scaled_images, "onnx", "another scaling, since it agrees for pixels of 0..1"),
        (of_signed_images, "onnx", "another scaling, since it agrees for pixels of -1..1"),
        (of_bgr, "onnx", "BGR for RGB, since it agrees with red and blue exchanged"),
        (without_temperature, "onnx", "another temperature, 0.4 times that of the network"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_is_refused_with_its_cause(
    fault, to, cause, network, reference, with_model, tmp_path
):
    folder = tmp_path / "export"
    with pytest.raises(ExportError) as error:
        export_network(
            with_model(fault(network.model)), find_format(to), folder, reference=reference
        )
    sentence = str(error.value)
    assert re.match(
        rf"The export to {find_format(to).title} disagrees with the network, so it is not written: "
        r"probabilities differ by up to \S+ \(the bound is 0.001\), and \d+ of 12 test images get "
        r"the same class; the cause is ",
        sentence,
    )
    assert sentence.endswith(f"; the cause is {cause}.")
    assert list(tmp_path.iterdir()) == []  # neither the export nor a part of it


def test_augmentation_that_a_format_cannot_have_is_named(network, reference, with_model, tmp_path):
    other = with_model(augmenting_by_keras(network.model))
    with pytest.raises(ExportError) as error:
        export_network(other, find_format("onnx"), tmp_path / "export", reference=reference)
    assert "cannot be run in a fresh process, so it is not written: " in str(error.value)
    assert str(error.value).endswith(
        "; the cause is augmentation, whose random numbers the format lacks: take the layers of "
        "augmentation out of the model."
    )


def test_a_fault_of_no_known_kind_is_refused_too(network, reference, with_model, tmp_path):
    other = before(network.model, lambda images: keras.ops.roll(images, 12, axis=1))
    with pytest.raises(ExportError, match="the cause cannot be told; another format may do"):
        export_network(
            with_model(other), find_format("onnx"), tmp_path / "export", reference=reference
        )


def test_a_script_that_decodes_in_another_way_is_refused(network, reference, tmp_path, drawn):
    from dataclasses import replace

    other = replace(network, data=replace(network.data, resize="crop"))
    wide = replace(reference, paths=[widened(path, tmp_path) for path in reference.paths])
    with pytest.raises(ExportError) as error:
        export_network(other, find_format("onnx"), tmp_path / "export", reference=wide)
    assert str(error.value).startswith(
        "predict.py of the export to ONNX decodes images in another way than the network, so it is "
        "not written: probabilities differ by up to "
    )
    assert not (tmp_path / "export").exists()


def widened(path, folder):
    """The picture twice as wide, with a grey half: squashed, it is another than its centre."""
    from pathlib import Path

    from PIL import Image

    with Image.open(path) as image:
        wide = Image.new("RGB", (2 * image.width, image.height), "grey")
        wide.paste(image)
    target = folder / f"{Path(path).parent.name}-{Path(path).name}"
    wide.save(target)
    return str(target)
