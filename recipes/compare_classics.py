"""The frozen features of several backbones and every classic, on one split of your images.

    python recipes/compare_classics.py DIR
    python recipes/compare_classics.py DIR --backbones mobilenet_v2 resnet50 --features hog_colour

MEASURED
"""

import dataclasses

import transferkit as tk
from transferkit.backbones.table import find_backbone


@dataclasses.dataclass(frozen=True)
class ComparisonConfig(tk.Config):
    backbones: tuple[str, ...] = ("mobilenet_v2", "resnet50", "vgg16", "inception_v3")
    """Backbones whose frozen features are read; in place of --backbone."""
    features: tuple[str, ...] = ("pixels", "colour", "hog", "hog_colour")
    """What the classics look at; `transferkit baselines` lists them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.backbones:
            find_backbone(name)

    def with_backbone(self, name: str) -> tk.Config:
        """The settings of one backbone, which stays frozen."""
        model = dataclasses.replace(self.model, backbone=name)
        train = dataclasses.replace(self.train, release="none")
        return tk.Config(self.data, model, train, self.seed)


CONFIG = ComparisonConfig()
ON_FEATURES = ("logistic_regression_backbone", "rbf_svm_backbone", "knn_backbone")


def run(manifest: tk.Manifest, config: ComparisonConfig) -> tk.Report:
    """A head and three classics on each backbone's features; all classics on all the others."""
    found: list[tk.Network | tk.Classic] = []
    for backbone in config.backbones:
        settings = config.with_backbone(backbone)
        found.append(tk.train(manifest, settings))
        for name in tk.suitable_baselines(settings, ON_FEATURES):
            classic = tk.fit_baseline(name, manifest, settings)
            name = name.replace("backbone", backbone)
            found.append(dataclasses.replace(classic, name=name))
    rows = [row for row in tk.BASELINES if not row.features or row.features.name in config.features]
    found += [tk.fit_baseline(row.name, manifest, config) for row in rows]
    return tk.compare(found, manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
