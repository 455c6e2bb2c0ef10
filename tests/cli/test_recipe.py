"""What every recipe does around its own lines: flags, errors, and what is saved."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from transferkit.cli.job import Job, parse_job
from transferkit.config.settings import Config, ModelConfig, TrainConfig
from transferkit.errors import ConfigError
from transferkit.runtime.process import run_as_script

DEFAULT = Config(model=ModelConfig(dropout=0.3), train=TrainConfig(epochs=7))


@dataclasses.dataclass(frozen=True)
class WideConfig(Config):
    """Settings with two of a recipe's own."""

    backbones: tuple[str, ...] = ("lenet", "vgg16")
    shares: tuple[float, ...] = (0.5,)


def parse(*words: str, default: Config = DEFAULT) -> Job:
    job: Job = parse_job(Job, words, program="recipe", default=default)
    return job


def test_without_flags_the_settings_are_the_recipes_own() -> None:
    assert parse("DIR").settings == DEFAULT


def test_a_flag_goes_before_the_file_and_the_file_before_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("train: {tta: false, batch_size: 8}", "utf-8")
    words = ("DIR", "--train.batch-size", "4", "--config", str(file), "--preset", "best")
    train = parse(*words).settings.train
    assert (train.batch_size, train.tta, train.unfreeze) == (4, False, "2")


def test_settings_of_a_recipes_own_are_flags_too() -> None:
    words = ("DIR", "--backbones", "lenet", "alexnet", "--shares", "0.1")
    settings = parse(*words, default=WideConfig()).settings
    assert settings == WideConfig(backbones=("lenet", "alexnet"), shares=(0.1,))


def test_settings_of_a_recipes_own_survive_their_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    wanted = WideConfig(backbones=("resnet50",), shares=(0.0, 1.0))
    file.write_text(wanted.to_yaml(), "utf-8")
    assert parse("DIR", "--config", str(file), default=WideConfig()).settings == wanted


def test_a_setting_of_several_values_is_checked_value_by_value() -> None:
    with pytest.raises(ConfigError) as caught:
        WideConfig(backbones=("lenet", 5))  # type: ignore[arg-type]
    assert str(caught.value) == (
        "The setting 'backbones' is ('lenet', 5): it should be tuple[str, ...]."
    )


WRONG = (
    (
        ("DIR", "--epoch", "3"),
        "Unrecognized options: --epoch, 3; did you mean --epochs? "
        "`recipe --help` lists the options.",
    ),
    (("DIR", "more"), "Unrecognized options: more; `recipe --help` lists the options."),
    (
        ("DIR", "--config"),
        "Missing value for argument '--config'. Expected 1 values; "
        "`recipe --help` lists the options.",
    ),
)


@pytest.mark.parametrize(("words", "sentence"), WRONG)
def test_a_flag_that_cannot_be_read_is_one_line_and_status_2(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"transferkit: {sentence}\n"


def test_help_goes_to_standard_output_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("--help")
    assert not caught.value.code
    assert "--train.epochs" in capsys.readouterr().out


@pytest.mark.parametrize("source", ["", "DIR"])
def test_a_source_or_a_manifest_is_wanted_and_not_both(source: str) -> None:
    job = Job(source, manifest="manifest.csv" if source else "")
    words = "both a source and" if source else "neither a source nor"
    with pytest.raises(ConfigError) as caught:
        job.read_manifest()
    assert str(caught.value) == (
        f"Got {words} --manifest: give one of them, such as a folder with one sub-folder per class."
    )


def test_an_unknown_augmentation_is_found_before_anything_slow() -> None:
    with pytest.raises(ConfigError) as caught:
        Job(settings=Config(train=TrainConfig(augment="fotos"))).check()
    assert str(caught.value) == ("No augmentation policy is called 'fotos': did you mean 'photo'?")


def test_a_users_error_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ConfigError("This is wrong.")

    with pytest.raises(SystemExit) as caught:
        run_as_script(fail)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "transferkit: This is wrong.\n"


def test_a_fault_of_the_project_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_as_script(lambda: print(1 / 0))


def test_an_interruption_is_one_line_and_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as caught:
        run_as_script(stop)
    assert caught.value.code == 130
    assert capsys.readouterr().err.startswith("transferkit: stopped")
