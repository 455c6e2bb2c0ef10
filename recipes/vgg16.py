"""Fine-tune VGG16 on a folder of images, with a hidden layer on top as its own had.

    python recipes/vgg16.py DIR
    python recipes/vgg16.py DIR --model.hidden-units 512 --train.unfreeze none

Measured on two cores of an Intel Xeon beside other work: the head on frozen features
(--train.unfreeze none). Beside it a linear SVM on the same features, and a
random forest on HOG; accuracy and training time:

    hymenoptera   88.2 % in 31 s     93.5 % in 26 s     58.8 % in 4 s
    sign_digits   93.9 % in 151 s    94.2 % in 105 s    91.2 % in 40 s
    brain_mri     74.5 % in 35 s     74.5 % in 21 s     82.4 % in 4 s

Published for VGG16 with the ImageNet weights that this starts from: 71.3 % on ImageNet itself
(https://keras.io/api/applications/).
"""

import transferkit as tk

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="vgg16", head="hidden", hidden_units=256, dropout=0.5),
    train=tk.TrainConfig(augment="photo", epochs=4, batch_size=16, fine_tune_learning_rate=3e-5),
)
BASELINES = ("majority", "random_forest_hog", "linear_svm_backbone")


def run(manifest: tk.Manifest, config: tk.Config) -> tk.Report:
    """The head on frozen features, then the last block; beside HOG and a linear SVM."""
    network = tk.train(manifest, config)
    names = tk.suitable_baselines(config, BASELINES)
    baselines = [tk.fit_baseline(name, manifest, config) for name in names]
    return tk.compare([network, *baselines], manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
