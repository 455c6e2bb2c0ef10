import pytest

from transferkit.config.presets import PRESETS, with_preset
from transferkit.config.settings import Config, TrainConfig


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_changes_its_training_settings_and_no_others(name):
    config = with_preset(Config(), name)
    assert config == Config(train=TrainConfig(**PRESETS[name]))


def test_a_preset_leaves_other_settings():
    config = Config(train=TrainConfig(learning_rate=1e-5))
    assert with_preset(config, "best").train.learning_rate == 1e-5
