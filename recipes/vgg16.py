"""Fine-tune VGG16 on a folder of images, with the hidden layer that its own top had.

    python recipes/vgg16.py DIR
    python recipes/vgg16.py DIR --model.hidden-units 512 --train.release none

MEASURED
"""

import transferkit as tk

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="vgg16", head="hidden", hidden_units=256, dropout=0.5),
    train=tk.TrainConfig(augment="photo", epochs=4, batch=16, fine_tune_rate=3e-5),
)
CLASSICS = ("majority", "random_forest_hog", "linear_svm_backbone")


def run(manifest: tk.Manifest, config: tk.Config) -> tk.Report:
    """The head on frozen features, then the last block; beside HOG and a linear SVM."""
    network = tk.train(manifest, config)
    names = tk.suitable_baselines(config, CLASSICS)
    classics = [tk.fit_baseline(name, manifest, config) for name in names]
    return tk.compare([network, *classics], manifest, config)


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__)
