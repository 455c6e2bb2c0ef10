import pytest

from transferkit.config.presets import PRESETS, with_preset
from transferkit.config.settings import Config, DataConfig, TrainConfig


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_good_config(name):
    assert with_preset(Config(), name).data == DataConfig()


def test_a_preset_leaves_other_settings():
    config = Config(train=TrainConfig(learning_rate=1e-5))
    assert with_preset(config, "best").train.learning_rate == 1e-5
