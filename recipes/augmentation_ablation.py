"""What augmentation and dropout are worth on a folder of images: every pair, over several seeds.

    python recipes/augmentation_ablation.py DIR
    python recipes/augmentation_ablation.py DIR --policies none strong --dropouts 0.5 --seeds 5

MEASURED
"""

import dataclasses
from itertools import product

import transferkit as tk


@dataclasses.dataclass(frozen=True)
class AblationConfig(tk.Config):
    policies: tuple[str, ...] = ("none", "flip", "photo", "strong")
    """Augmentation policies; in place of --train.augment."""
    dropouts: tuple[float, ...] = (0.0, 0.5)
    """Shares of the features that are dropped; in place of --model.dropout."""
    seeds: int = 3
    """Trainings of each pair, from --seed on; the split is that of --seed in all of them."""

    def trial(self, policy: str, dropout: float, seed: int) -> tk.Config:
        """The settings of one training."""
        model = dataclasses.replace(self.model, dropout=dropout)
        train = dataclasses.replace(self.train, augment=policy)
        return tk.Config(self.data, model, train, self.seed + seed)


CONFIG = AblationConfig(train=tk.TrainConfig(epochs=8))


def run(manifest: tk.Manifest, config: AblationConfig) -> tk.Report:
    """A network for each policy, dropout and seed, all on the same test images."""
    trials = product(config.policies, config.dropouts, range(config.seeds))
    networks = []
    for policy, dropout, seed in trials:
        network = tk.train(manifest, config.trial(policy, dropout, seed))
        details = network.details | {"policy": policy, "dropout": dropout}
        name = f"{policy}, dropout {dropout:g}, seed {config.seed + seed}"
        networks.append(dataclasses.replace(network, name=name, details=details))
    return tk.compare(networks, manifest, config)


def summarise(report: tk.Report, folder: tk.Run) -> None:
    """Print mean and spread of every pair, and leave them as ablation.csv and ablation.png."""
    spread = tk.Spread.of(report, "policy", "dropout")
    spread.save(folder, "ablation")
    print(f"\n{spread}")


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__, also=summarise)
