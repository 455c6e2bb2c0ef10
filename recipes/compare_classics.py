"""The frozen features of several backbones and every classic, on one split of your images.

    python recipes/compare_classics.py DIR
    python recipes/compare_classics.py DIR --more-backbones mobilenet_025

Measured by the second on Hymenoptera (245 photographs of ants and bees to train on, 153 to test),
in 97 s on two cores of an AMD EPYC. A logistic regression on the features of mobilenet_v2 is
right on 94.1 %, the best on mobilenet_025 on 87.6 %, the best without a network (a random forest
on colours) on 81.0 %.
"""

from dataclasses import dataclass, replace

import transferkit as tk
from transferkit.backbones.table import find_backbone
from transferkit.baselines.table import find_baseline
from transferkit.evidence.results import Classifier


@dataclass(frozen=True)
class ComparisonConfig(tk.Config):
    more_backbones: tuple[str, ...] = ("resnet50", "vgg16", "inception_v3")
    """Backbones whose frozen features are read, beside those of --backbone."""
    features: tuple[str, ...] = ("pixels", "colour", "hog", "hog_colour")
    """What the classics look at; `transferkit baselines` lists them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.more_backbones:
            find_backbone(name)
        for name in self.features:
            find_baseline(f"knn_{name}")

    def with_backbone(self, name: str) -> tk.Config:
        """The settings of one backbone, which stays frozen."""
        model = replace(self.model, backbone=name)
        train = replace(self.train, release="none")
        return tk.Config(self.data, model, train, self.seed)


CONFIG = ComparisonConfig()
ON_FEATURES = ("logistic_regression_backbone", "rbf_svm_backbone", "knn_backbone")


def run(manifest: tk.Manifest, config: ComparisonConfig) -> tk.Report:
    """A head and three classics on each backbone's features; all classics on all the others."""
    found: list[Classifier] = []
    for backbone in (config.model.backbone, *config.more_backbones):
        settings = config.with_backbone(backbone)
        found.append(tk.train(manifest, settings))
        for name in tk.suitable_baselines(settings, ON_FEATURES):
            classic = tk.fit_baseline(name, manifest, settings)
            found.append(replace(classic, name=name.replace("backbone", backbone)))
    rows = [row for row in tk.BASELINES if not row.features or row.features.name in config.features]
    found += [tk.fit_baseline(row.name, manifest, config) for row in rows]
    return tk.compare(found, manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
