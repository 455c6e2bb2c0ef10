"""Fine-tune ResNet50 on a folder of images, beside the classics.

    python recipes/resnet50.py DATA
    python recipes/resnet50.py DATA --train.epochs 3 --model.dropout 0.5
"""

import transferkit as tk

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="resnet50", dropout=0.3),
    train=tk.TrainConfig(augment="photo"),
)


def run(manifest: tk.Manifest, config: tk.Config) -> tk.Report:
    network = tk.train(manifest, config)
    names = ("random_forest_hog", "logistic_regression_backbone")
    classics = [tk.fit_baseline(name, manifest, config) for name in names]
    return tk.compare([network, *classics], manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
