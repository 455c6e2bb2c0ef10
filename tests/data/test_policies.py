import subprocess
import sys

import pytest

from tools.docs.reference import field_docstrings
from transferkit.cli.look import LookOptions
from transferkit.config.presets import PRESETS
from transferkit.config.settings import TrainConfig
from transferkit.data.augmentation.policies import POLICIES, find_policy
from transferkit.errors import ConfigError

BOUNDS = ("rotation", "zoom", "shift", "brightness", "contrast", "saturation", "erase")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_every_policy_is_found_by_its_name(policy):
    assert find_policy(policy.name) is policy


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("foto", "did you mean 'photo'?"),
        ("heavy", "there are none, flip, photo, strong."),
    ],
)
def test_an_unknown_policy_is_named_with_what_there_is(name, advice):
    with pytest.raises(ConfigError) as caught:
        find_policy(name)
    assert str(caught.value) == f"No augmentation policy is called {name!r}: {advice}"


def test_the_defaults_and_presets_name_policies():
    names = {TrainConfig().augment} | {
        preset["augment"] for preset in PRESETS.values() if "augment" in preset
    }
    assert names <= {policy.name for policy in POLICIES}


@pytest.mark.parametrize("options", [TrainConfig, LookOptions])
def test_the_help_names_every_policy(options):
    text = field_docstrings(options)["augment"]
    assert [policy.name for policy in POLICIES if policy.name not in text] == []


@pytest.mark.parametrize("bound", BOUNDS)
def test_strong_goes_further_than_photo_in_every_way(bound):
    assert getattr(find_policy("strong"), bound) > getattr(find_policy("photo"), bound)


def test_the_table_loads_without_tensorflow():
    policies = "transferkit.data.augmentation.policies"
    code = f"import sys, {policies}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
