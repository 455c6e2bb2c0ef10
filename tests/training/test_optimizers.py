from __future__ import annotations

import keras
import numpy as np
import pytest

from transferkit.config.settings import TrainConfig
from transferkit.training.optimizers import build_optimizer


def rates(train: TrainConfig, steps: int = 100) -> np.ndarray:
    optimizer = build_optimizer(train, learning_rate=0.5, steps=steps)
    schedule = optimizer._learning_rate
    return np.array([float(schedule(step)) for step in range(steps + 1)])


def test_the_rate_climbs_to_its_setting_and_falls_to_nothing() -> None:
    found = rates(TrainConfig(warmup=0.1))
    assert found.max() == pytest.approx(0.5)
    assert found.argmax() == 10
    assert np.all(np.diff(found[:11]) > 0)
    assert np.all(np.diff(found[10:]) < 0)
    assert found[-1] == pytest.approx(0, abs=1e-6)


def test_without_warm_up_the_rate_starts_at_its_setting() -> None:
    found = rates(TrainConfig(warmup=0.0))
    assert found[0] == pytest.approx(0.5)
    assert np.all(np.diff(found) < 0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", keras.optimizers.Adam),
        ("adamw", keras.optimizers.AdamW),
        ("sgd", keras.optimizers.SGD),
    ],
)
def test_the_setting_names_the_optimizer(name: str, kind: type) -> None:
    optimizer = build_optimizer(TrainConfig(optimizer=name), learning_rate=0.1, steps=10)
    assert type(optimizer) is kind


def test_adamw_takes_the_weight_decay() -> None:
    train = TrainConfig(optimizer="adamw", weight_decay=0.03)
    assert build_optimizer(train, learning_rate=0.1, steps=10).weight_decay == 0.03


@pytest.mark.parametrize(("setting", "bound"), [(0.7, 0.7), (0.0, None)])
def test_the_norm_of_the_gradients_is_bounded_unless_the_setting_is_0(
    setting: float, bound: float | None
) -> None:
    optimizer = build_optimizer(TrainConfig(clip_norm=setting), learning_rate=0.1, steps=10)
    assert optimizer.global_clipnorm == bound


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_a_factor_multiplies_the_step_of_its_variable_alone(name: str) -> None:
    train = TrainConfig(optimizer=name, warmup=0.0, weight_decay=0.0, clip_norm=0)
    near, far = keras.Variable([1.0], name="near"), keras.Variable([1.0], name="far")
    optimizer = build_optimizer(train, learning_rate=0.1, steps=10, factors={far.path: 0.25})
    optimizer.apply([keras.ops.ones(1), keras.ops.ones(1)], [near, far])
    steps = [1 - float(variable.numpy()[0]) for variable in (near, far)]
    assert steps[1] == pytest.approx(0.25 * steps[0], rel=1e-3)


def test_replicas_share_the_bound_on_the_norm() -> None:
    optimizer = build_optimizer(TrainConfig(clip_norm=1.0), learning_rate=0.1, steps=10, replicas=4)
    assert optimizer.global_clipnorm == 0.25
