"""Views of an image: augmented versions that are the same every time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.config.settings import TrainConfig
from transferkit.data.augmentation.ops import DRAWS, change
from transferkit.data.augmentation.policies import Policy, find_policy


@dataclasses.dataclass(frozen=True)
class View:
    """View `number`, from 1, of any image, by `policy`."""

    policy: Policy
    number: int

    def of(self, images: np.ndarray, keys: Sequence[bytes]) -> np.ndarray:
        """Return this view of `images`, both `(images, height, width, 3)` uint8.

        The draws for an image depend on its key (that of its content), the policy's bounds and the
        number alone: not on its index among others, or the seed of a run.
        """
        table = np.stack([self._draws(key) for key in keys])
        changed = change(images.astype(np.float32), self.policy, table)
        return np.rint(changed).astype(np.uint8)

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that decides it, as plain values: its part of a cache key."""
        bounds = dataclasses.asdict(self.policy)
        return {"number": self.number} | {
            name: value for name, value in bounds.items() if name not in ("name", "title")
        }

    def _draws(self, key: bytes) -> np.ndarray:
        seed = np.frombuffer(key + self.number.to_bytes(4, "little"), np.uint32)
        return np.random.default_rng(seed).random(len(DRAWS), np.float32)


def views_of(train: TrainConfig) -> list[View]:
    """Return the views of each training image by the settings."""
    policy = find_policy(train.augment)
    if not policy.changes or train.cached_views == "every":
        return []
    return [View(policy, number) for number in range(1, int(train.cached_views) + 1)]


def in_words(views: Sequence[View]) -> str:
    """Describe the images of a training stage: plain ones, and `views` of them."""
    if not views:
        return "plain"
    return f"plain, and {len(views)} view{'s' * (len(views) > 1)} of each ({views[0].policy.name})"
