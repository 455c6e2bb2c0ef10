"""The worth of pretraining: networks from random weights beside the pretrained one, on one split.

    python recipes/from_scratch.py DIR
    python recipes/from_scratch.py DIR --networks alexnet googlenet --scratch-image-size 112

Measured on two cores of an Intel Xeon beside other work, with hand signs (1,443 to train on, 411 to
test): a head on the frozen features of efficientnet_lite0 has an accuracy of 96.1 % after 99 s, and
98.1 % with its last two blocks fine-tuned (benchmarks/presets.py). From random weights, at 32 px:
softmax regression 64.5 % (79 s), the perceptron 88.1 % (176 s), LeNet-5 88.6 % (145 s), ResNet-20
99.0 % (413 s), which is 2.9 points ahead of the frozen features (1.2 to 4.9).
--train is of the networks from random weights; the pretrained one has the preset balanced.
"""

from dataclasses import dataclass, replace

import transferkit as tk
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import require_image_size
from transferkit.storage.files import write_text


@dataclass(frozen=True)
class FromScratchConfig(tk.Config):
    networks: tuple[str, ...] = ("softmax_regression", "mlp", "lenet", "resnet20_cifar")
    """Backbones that start from random weights."""
    scratch_image_size: int = 32
    """Side of their images in pixels; --image-size is that of the pretrained one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.networks:
            side, flag = self.scratch_image_size, "--scratch-image-size"
            require_image_size(find_backbone(name), side, flag=flag)


CONFIG = FromScratchConfig(train=tk.TrainConfig(epochs=40, patience=8))


def run(manifest: tk.Manifest, config: FromScratchConfig) -> tk.Report:
    """The pretrained network, an SVM on HOG and colour, and each network from random weights."""
    settings = tk.Config(config.data, config.model, compute=config.compute, seed=config.seed)
    classifiers: list[object] = [tk.train(manifest, tk.with_preset(settings, "balanced"))]
    classifiers.append(tk.fit_baseline("rbf_svm_hog_colour", manifest, settings))
    data = replace(config.data, image_size=config.scratch_image_size)
    for name in config.networks:
        model = tk.ModelConfig(name, "none")
        trial = replace(settings, data=data, model=model, train=config.train)
        classifiers.append(replace(tk.train(manifest, trial), name=f"{name} from scratch"))
    return tk.compare(classifiers, manifest, config)


def summarise(report: tk.Report, folder: tk.Run) -> None:
    """Print what the first network, the pretrained one, is ahead of each; leave pretraining.csv."""
    table = report.differences_from(report.results[0].name)
    print(table.to_string(index=False, float_format="{:.1f}".format))
    write_text(folder / "pretraining.csv", table.to_csv(index=False, float_format="%.2f"))


if __name__ == "__main__":
    tk.recipe_main(run, CONFIG, __doc__, also=summarise)
