"""Views: the same each time, whatever stands beside an image."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from transferkit.config.settings import TrainConfig
from transferkit.data.augmentation.policies import POLICIES, find_policy
from transferkit.data.augmentation.views import View, in_words, views_of

PHOTO = find_policy("photo")
KEYS = [number.to_bytes(16, "big") for number in range(3)]
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), np.uint8)


def test_a_view_is_the_same_in_any_company() -> None:
    together = View(PHOTO, 1).of(IMAGES, KEYS)
    alone = View(PHOTO, 1).of(IMAGES[2:], KEYS[2:])
    np.testing.assert_array_equal(together[2:], alone)
    assert together.dtype == np.uint8


@pytest.mark.parametrize(
    ("view", "keys"),
    [(View(PHOTO, 2), KEYS), (View(find_policy("strong"), 1), KEYS), (View(PHOTO, 1), KEYS[::-1])],
    ids=["number", "policy", "content"],
)
def test_number_policy_and_content_make_another_view(view: View, keys: list[bytes]) -> None:
    assert not np.array_equal(view.of(IMAGES, keys), View(PHOTO, 1).of(IMAGES, KEYS))


def test_the_facts_of_a_view_are_what_decides_it() -> None:
    renamed = dataclasses.replace(PHOTO, name="mine", title="my own")
    assert View(renamed, 1).facts == View(PHOTO, 1).facts
    assert View(dataclasses.replace(PHOTO, zoom=0.3), 1).facts != View(PHOTO, 1).facts
    assert View(PHOTO, 2).facts != View(PHOTO, 1).facts


@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        ({}, []),
        ({"cached_views": "1"}, [1]),
        ({"cached_views": "3"}, [1, 2, 3]),
        ({"cached_views": "every"}, []),
        ({"augment": "none", "cached_views": "3"}, []),
    ],
)
def test_the_settings_say_how_many(settings: dict[str, str], numbers: list[int]) -> None:
    found = views_of(TrainConfig(**settings))  # type: ignore[arg-type]
    assert [view.number for view in found] == numbers


def test_what_was_seen_is_said() -> None:
    assert in_words([]) == "plain"
    assert in_words([View(PHOTO, 1)]) == "plain, and 1 view of each (photo)"
    assert in_words([View(PHOTO, 1), View(PHOTO, 2)]) == "plain, and 2 views of each (photo)"


def test_only_the_policy_none_changes_nothing() -> None:
    assert [policy.name for policy in POLICIES if not policy.changes] == ["none"]
