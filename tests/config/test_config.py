import dataclasses
import json
import subprocess
import sys

import pytest
import yaml

from transferkit.config.loading import load_yaml, read_config
from transferkit.config.settings import (
    ComputeConfig,
    Config,
    DataConfig,
    ModelConfig,
    TrainConfig,
)
from transferkit.errors import ConfigError

OTHER = Config(
    data=DataConfig(image_size=64, resize="crop", strict=True),
    model=ModelConfig(backbone="lenet", weights="none", head="hidden", image_sizes=(64,)),
    train=TrainConfig(learning_rate=1e-5, unfreeze="2", class_weights="off", mix="cutmix"),
    compute=ComputeConfig(devices="cpu:2", precision="bfloat16", require_gpu=True),
    seed=2**32 - 1,
)


@pytest.fixture
def read(tmp_path):
    """`read("seed: 3")`: the settings in a file with that text."""

    def read_text(text, *base):
        (tmp_path / "my.yaml").write_text(text)
        return read_config(tmp_path / "my.yaml", *base)

    return read_text


@pytest.mark.parametrize("config", [Config(), OTHER])
def test_what_is_written_is_read(read, config):
    assert read(config.to_yaml()) == config


@pytest.mark.parametrize("config", [Config(), OTHER])
def test_any_reader_of_yaml_reads_what_is_written(config):
    plain = json.loads(json.dumps(dataclasses.asdict(config)))  # neither has tuples
    assert yaml.safe_load(config.to_yaml()) == plain


def test_what_a_file_does_not_name_stays(read):
    assert read("train:\n  epochs: 9\n", OTHER).train == dataclasses.replace(OTHER.train, epochs=9)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_changes_nothing(read, text):
    assert read(text, OTHER) == OTHER


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.0e-3", "0.001", ".001", "+1e-03"])
def test_a_number_may_be_written_as_elsewhere(read, text):
    """PyYAML takes 1e-3 for text, as YAML 1.1 had it."""
    assert read(f"train:\n  learning_rate: {text}\n").train.learning_rate == 0.001


@pytest.mark.parametrize("text", ["1", "10", "+3"])
def test_a_whole_number_is_whole(read, text):
    assert read(f"train:\n  epochs: {text}\n").train.epochs == int(text)


def test_off_is_text(read):
    """PyYAML takes off for false, as YAML 1.1 had it."""
    assert read("train:\n  class_weights: off\n").train.class_weights == "off"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False)])
def test_true_and_false_are_truths(read, text, value):
    assert read(f"data:\n  strict: {text}\n").data.strict is value


def test_a_number_of_blocks_needs_no_quotes(read):
    assert read("train:\n  unfreeze: 2\n").train.unfreeze == "2"


def test_a_date_is_no_setting(read, tmp_path):
    with pytest.raises(ConfigError) as caught:
        read("seed: 2026-01-01\n")
    assert str(caught.value) == (
        f"'{tmp_path}/my.yaml': The setting 'seed' is datetime.date(2026, 1, 1): it should be a "
        "whole number."
    )


def test_a_file_cannot_make_objects(read):
    with pytest.raises(ConfigError):
        read("seed: !!python/object/apply:os.getpid []\n")


@pytest.mark.parametrize("unfreeze", ["auto", "none", "last", "all", "0", "12"])
def test_blocks_are_released_by_word_or_number(unfreeze):
    assert TrainConfig(unfreeze=unfreeze).unfreeze == unfreeze


@pytest.mark.parametrize("unfreeze", ["-1", "1.5", "", "two"])
def test_another_release_is_a_sentence(unfreeze):
    with pytest.raises(ConfigError) as caught:
        TrainConfig(unfreeze=unfreeze)
    assert str(caught.value) == (
        f"The setting 'unfreeze' is {unfreeze!r}: it should be auto, none, last, all, or "
        "the number "
        "of blocks from the top."
    )


@pytest.mark.parametrize("devices", ["auto", "cpu", "gpu", "cpu:2"])
def test_devices_are_named(devices):
    assert ComputeConfig(devices=devices).devices == devices


@pytest.mark.parametrize("devices", ["cpu:", "cpu:0", "cpu:-1", "2", "gpu:1", ""])
def test_other_devices_are_a_sentence(devices):
    with pytest.raises(ConfigError) as caught:
        ComputeConfig(devices=devices)
    assert str(caught.value) == (
        f"The setting 'devices' is {devices!r}: it should be auto, cpu, gpu, or cpu:N for N "
        "logical CPU devices."
    )


def test_a_file_names_sides_in_a_list(read):
    assert read("model:\n  image_sizes: [96, 192]\n").model.image_sizes == (96, 192)


@pytest.mark.parametrize("image_sizes", [(), (96,), (96, 192), (192, 96), (64, 96, 192)])
def test_sides_are_parts_of_the_largest(image_sizes):
    assert ModelConfig(image_sizes=image_sizes).image_sizes == image_sizes


@pytest.mark.parametrize(
    ("image_sizes", "sentence"),
    [
        (
            (96, 160),
            "the largest should be a whole multiple of each, "
            "since the picture is averaged down to the others.",
        ),
        ((96, 96), "each should be there once."),
        *(
            (wrong, "it should be a tuple (in YAML, a list) of whole numbers from 8 to 4096.")
            for wrong in ((4, 96), (0, 96), (96, 8192), [96, 192], (96, 192.0), (True,), 96, "96")
        ),
    ],
)
def test_other_sides_are_a_sentence(image_sizes, sentence):
    with pytest.raises(ConfigError) as caught:
        ModelConfig(image_sizes=image_sizes)
    assert str(caught.value) == f"The setting 'image_sizes' is {image_sizes!r}: {sentence}"


def test_nine_tenths_may_be_held_out():
    assert DataConfig(validation_split=0.1, test_split=0.8)


def test_more_than_nine_tenths_are_a_sentence():
    with pytest.raises(ConfigError) as caught:
        DataConfig(validation_split=0.2, test_split=0.8)
    assert str(caught.value) == (
        "The shares validation_split=0.2 and test_split=0.8 leave less than a "
        "tenth of the images to train on: "
        "together they should be 0.9 or less."
    )


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 3


def test_it_imports_nothing_heavy():
    heavy = ["tensorflow", "keras", "sklearn", "pandas", "numpy", "matplotlib", "PIL"]
    settings = "transferkit.config.settings"
    code = f"import sys, {settings}; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_a_setting_that_is_there_twice_is_a_sentence(tmp_path):
    (tmp_path / "a.yaml").write_text("seed: 1\ntrain:\n  batch_size: 8\nseed: 2\n")
    with pytest.raises(ConfigError) as caught:
        read_config(str(tmp_path / "a.yaml"))
    assert str(caught.value) == (
        f"The settings file '{tmp_path}/a.yaml' is not YAML at line 4 ('seed' is there twice): "
        "the config.yaml of a run shows how it should look."
    )


MERGED = "other: &o {a: 1}\nx: {y: &b {<<: *o, a: 2}}\nc: {<<: *b, d: 1}\n1: p\n'1': q\n"


def test_keys_that_are_merged_or_of_another_type_are_not_there_twice(tmp_path):
    (tmp_path / "a.yaml").write_text(MERGED)
    assert load_yaml(tmp_path / "a.yaml") == {
        **{"other": {"a": 1}, "x": {"y": {"a": 2}}, "c": {"a": 2, "d": 1}},
        **{1: "p", "1": "q"},
    }


@pytest.mark.parametrize("text", ["a: {{ x }}", "? [a, b]\n: 1", "!!map x"])
def test_keys_that_are_no_words_are_a_sentence(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"is not YAML at line 1"):
        load_yaml(tmp_path / "a.yaml")


def test_an_empty_file_says_nothing(tmp_path):
    (tmp_path / "a.yaml").write_text("")
    assert load_yaml(tmp_path / "a.yaml") is None
