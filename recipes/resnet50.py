"""Fine-tune ResNet50 on a folder of images, beside the classics.

    python recipes/resnet50.py DIR
    python recipes/resnet50.py DIR --epochs 8 --train.release 2 --train.rate-decay 0.7

MEASURED
"""

import transferkit as tk

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="resnet50", dropout=0.3),
    train=tk.TrainConfig(augment="photo", epochs=4, batch=32),
)
CLASSICS = ("majority", "rbf_svm_hog_colour", "logistic_regression_backbone")


def run(manifest: tk.Manifest, config: tk.Config) -> tk.Report:
    """The head on frozen features, then the last stage; beside HOG and the same features."""
    network = tk.train(manifest, config)
    names = tk.suitable_baselines(config, CLASSICS)
    classics = [tk.fit_baseline(name, manifest, config) for name in names]
    return tk.compare([network, *classics], manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
