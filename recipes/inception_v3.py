"""Fine-tune InceptionV3 on a folder of images of 299 px, with smoothed labels.

    python recipes/inception_v3.py DIR
    python recipes/inception_v3.py DIR --image-size 224 --train.label-smoothing 0

Measured on two cores of an AMD EPYC, with Hymenoptera (245 photographs of ants and bees to train
on, 153 to test): the mechanics alone, one epoch of all blocks from random weights at 96 px. It
takes 57 s and learns nothing yet (54.2 %, which is one class); a random forest on HOG 58.8 %.

Published for InceptionV3 with the ImageNet weights that this starts from: 77.9 % on ImageNet
itself (https://keras.io/api/applications/).
"""

import transferkit as tk

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="inception_v3", dropout=0.4),
    train=tk.TrainConfig(augment="photo", epochs=4, batch_size=32, label_smoothing=0.1),
)
BASELINES = ("majority", "random_forest_hog", "logistic_regression_backbone")


def run(manifest: tk.Manifest, config: tk.Config) -> tk.Report:
    """The head on frozen features, then the last module; beside HOG and the same features."""
    network = tk.train(manifest, config)
    names = tk.suitable_baselines(config, BASELINES)
    baselines = [tk.fit_baseline(name, manifest, config) for name in names]
    return tk.compare([network, *baselines], manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
