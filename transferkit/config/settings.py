"""The settings of a run, as frozen dataclasses: the flags, their help and their checks.

Every field is a flag by its dotted name (`--train.epochs 3`), the common ones also by a
short one (`--epochs 3`), and a key of the YAML file that `--config` reads.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Any, Literal

import tyro
import yaml

from transferkit.config.validation import Between, check_rising, check_settings
from transferkit.errors import ConfigError

EngineName = Literal["auto", "keras", "graph", "openvino"]
PrecisionName = Literal["auto", "float32", "bfloat16", "int8"]
DEFAULT_BACKBONE = "efficientnet_lite0"  # its weights are installed with the package
MAX_PIXELS = 89_478_485  # of an image: Pillow's own limit
MAX_VIEWS = 1000  # per image; one view takes the room and the time of another training set


def _short(flag: str) -> Any:
    return tyro.conf.arg(aliases=[flag])


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which files are read, how they are split and how they become pixels."""

    image_size: Annotated[int | None, Between(8, 4096), _short("--image-size")] = None
    """Height and width of the network's input in pixels; if not given, the backbone's native
    size."""
    resize: Literal["squash", "crop"] = "squash"
    """squash: the whole image, without its aspect ratio. crop: the centre square."""
    validation_split: Annotated[float, Between(0.01, 0.8)] = 0.1
    """Share of the images for validation, unless the source has such a split."""
    test_split: Annotated[float, Between(0.01, 0.8)] = 0.2
    """Share of the images for testing, unless the source has such a split."""
    max_pixels: Annotated[int, Between(1, 10_000_000_000)] = MAX_PIXELS
    """Images with more pixels are left out (the default is Pillow's own limit)."""
    value_range: tuple[float, ...] = ()
    """Pixel values that become black and white in images of more than 8 bits, such as 0 4095; if
    not given, it is decided from all such images, once for training and prediction."""
    strict: Annotated[bool, _short("--strict")] = False
    """Raise an error for anything wrong with the images, such as a file that cannot be read or a
    split that leaks, instead of a line in the report."""
    near_duplicates: bool = True
    """Look for near duplicates (rescaled, recompressed, cropped, mirrored or rotated), and keep
    them in one split."""
    group_by: str = ""
    """A regular expression, searched in each path below the source: images with the same capture
    groups (without any: the same match) stay on one side of a split, such as '([^/]*)_[0-9]+' for
    the frames of one film."""
    cache_gb: Annotated[float, Between(0, 1_000_000), _short("--cache-gb")] = 5.0
    """Size of the cache on disk in GB, for features above all; 0 turns it off."""
    layout: Literal["auto", "classes", "splits", "nested", "parts"] = "auto"
    """How a folder is laid out, where its names leave that open. classes: each sub-folder is a
    class. splits: each is a split, such as train, with the class folders in it. nested: each folder
    with files of its own is a class. parts: each is a part of one set, with the class folders."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_range", tuple(self.value_range))  # JSON has no tuples
        check_settings(self)
        check_rising("value_range", self.value_range)
        _check_group_by(self.group_by)
        if self.validation_split + self.test_split > 0.9:
            raise ConfigError(
                f"The shares validation_split={self.validation_split} and "
                f"test_split={self.test_split} leave less than a tenth of the images to train on: "
                "together they should be 0.9 or less."
            )

    @property
    def cache_bytes(self) -> int:
        """The bound of the cache on disk, in bytes."""
        return int(self.cache_gb * 10**9)


def _check_group_by(pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(
            f"The setting 'group_by' is {pattern!r}, which is no regular expression ({error}): "
            "write one such as '([^/]*)_[0-9]+', which finds 'film1' in 'cat/film1_0017.jpg'."
        ) from error


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The network: a backbone with its weights, and the head on top of it."""

    backbone: Annotated[str, _short("--backbone")] = DEFAULT_BACKBONE
    """A name that `transferkit backbones` lists."""
    weights: Annotated[str, _short("--weights")] = "imagenet"
    """imagenet, embedded (in the package), none (random), or a file of weights without the top."""
    pooling: Literal["auto", "avg", "max", "both", "stages", "stages_both"] = "auto"
    """Pooling of the backbone's feature map: average, maximum, or both; stages concatenates the
    averages of the maps of several stages, stages_both their maxima too. auto: the default of
    the backbone."""
    image_sizes: tuple[int, ...] = ()
    """Image sizes in pixels whose features are concatenated, such as 96 192; images are decoded at
    the largest."""
    head: Literal["linear", "hidden"] = "linear"
    """linear: one layer to the classes. hidden: one hidden layer before it."""
    hidden_units: Annotated[int, Between(1, 65_536)] = 256
    """Width of the hidden layer."""
    hidden_activation: str = "relu"
    """Activation of the hidden layer, by its Keras name."""
    hidden_initializer: str = "he_normal"
    """Initialiser of the hidden layer, by its Keras name."""
    dropout: Annotated[float | None, Between(0, 0.95)] = None
    """Dropout rate before each layer of the head; if not given, 0 for a linear head that is fitted
    by L-BFGS, else 0.2."""

    def __post_init__(self) -> None:
        _check_sides(self.image_sizes)
        check_settings(self)


def _check_sides(image_sizes: Any) -> None:
    start, known = f"The setting 'image_sizes' is {image_sizes!r}", isinstance(image_sizes, tuple)
    if not known or any(type(side) is not int or not 8 <= side <= 4096 for side in image_sizes):
        raise ConfigError(
            f"{start}: it should be a tuple (in YAML, a list) of whole numbers from 8 to 4096."
        )
    if len(set(image_sizes)) < len(image_sizes):
        raise ConfigError(f"{start}: each should be there once.")
    if any(max(image_sizes) % side for side in image_sizes):
        raise ConfigError(
            f"{start}: the largest should be a whole multiple of each, "
            "since the picture is averaged down to the others."
        )


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How the network learns: first its head, then the unfrozen blocks at a lower rate."""

    epochs: Annotated[int, Between(1, 100_000), _short("--epochs")] = 4
    """Maximum number of epochs of fine-tuning, or of training from scratch."""
    head_epochs: Annotated[int, Between(1, 100_000)] = 30
    """Maximum number of epochs of a hidden head before that; a linear head is fitted by L-BFGS,
    without epochs."""
    unfreeze: str = "auto"
    """Blocks to unfreeze in the second stage: none, last, all, or how many from the top. auto: the
    last one of a pretrained backbone (two of the EfficientNet-Lites) if there are 1,000 training
    images, else none; all of one with random weights."""
    batch_size: Annotated[int, Between(1, 65_536)] = 32
    """Images per step, over all devices."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """By its Keras name; sgd has Nesterov momentum of 0.9."""
    learning_rate: Annotated[float, Between(0, 10)] = 1e-3
    """Learning rate of a hidden head, and of a network that starts from random weights."""
    fine_tune_learning_rate: Annotated[float, Between(0, 10)] = 2e-4
    """Learning rate of the second stage."""
    layer_decay: Annotated[float, Between(0.01, 1)] = 1.0
    """The second stage's rate is multiplied by this for each block towards the input."""
    weight_decay: Annotated[float, Between(0, 1)] = 1e-4
    """Decoupled weight decay; used by adamw only."""
    clip_norm: Annotated[float, Between(0, 1e6)] = 1.0
    """Maximum norm of all gradients together (gradient clipping); 0 for none."""
    warmup: Annotated[float, Between(0, 0.9)] = 0.1
    """Share of a stage's steps for learning rate warm-up, before cosine decay."""
    patience: Annotated[int, Between(1, 100_000)] = 3
    """Epochs without a lower validation loss before early stopping; the best weights are
    restored."""
    average_checkpoints: Annotated[int, Between(1, 100)] = 3
    """Best epochs of fine-tuning whose weights are averaged, where that lowers the validation loss;
    1 for none."""
    tta: bool = False
    """Test-time augmentation: predict from each image and its mirror image, where that lowers the
    validation loss."""
    refit: bool = True
    """Once the network is chosen by the validation images, fit it again on them and the training
    images together, as baselines are."""
    calibrate: bool = True
    """Calibrate the probabilities on held-out images by temperature scaling; the temperature is
    part of the saved model."""
    label_smoothing: Annotated[float, Between(0, 0.9)] = 0.0
    """Label smoothing: share of each target that is spread evenly over all classes."""
    class_weights: Literal["auto", "off"] = "auto"
    """auto: class weights where the largest class has over 1.5 times the images of the smallest."""
    augment: Annotated[str, _short("--augment")] = "photo"
    """A policy: none, flip, photo or strong; `transferkit look DIR --augment photo` draws it."""
    cached_views: Annotated[str, _short("--cached-views")] = "0"
    """Augmented views per training image whose activations are cached; each epoch samples among
    them. every: images are augmented anew in each epoch."""
    mix: Literal["auto", "none", "mixup", "cutmix"] = "auto"
    """Blend pairs of training images, and their labels with them; mixup blends cached activations,
    where there are any. auto: mixup of those below one pooled map, else none."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_unfreeze(self.unfreeze)
        _check_views(self.cached_views)


def _check_unfreeze(unfreeze: str) -> None:
    if unfreeze not in ("auto", "none", "last", "all") and not unfreeze.isdecimal():
        raise ConfigError(
            f"The setting 'unfreeze' is {unfreeze!r}: it should be auto, none, last, all, "
            "or the number of blocks from the top."
        )


def _check_views(views: str) -> None:
    if views != "every" and not (views.isdecimal() and int(views) <= MAX_VIEWS):
        raise ConfigError(
            f"The setting 'cached_views' is {views!r}: it should be every, "
            f"or how many of each image, up to {MAX_VIEWS}."
        )


@dataclasses.dataclass(frozen=True)
class ComputeConfig:
    """Where and how networks are computed: the devices, the precision and the engine."""

    devices: str = "auto"
    """auto (every GPU, else the CPU), cpu, gpu, or cpu:N for N logical CPU devices (a trial of the
    mirrored strategy without a GPU)."""
    precision: Annotated[PrecisionName, _short("--precision")] = "auto"
    """bfloat16: 16 bits where it is safe (float16 on GPUs that have cores only for that).
    int8: frozen layers quantized to 8 bits by OpenVINO (an extra), trainable ones as with auto.
    auto: bfloat16 where the device is fast at it, else float32."""
    engine: Annotated[EngineName, _short("--engine")] = "auto"
    """Engine of the frozen layers: keras, graph (TensorFlow's, folded) or openvino (an extra).
    auto: keras on a GPU; on a CPU openvino where it is installed, else graph."""
    require_gpu: bool = False
    """Refuse to run without a GPU."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_devices(self.devices)


def _check_devices(devices: str) -> None:
    logical = devices.removeprefix("cpu:")
    several = devices != logical and logical.isdecimal() and int(logical) > 0
    if devices not in ("auto", "cpu", "gpu") and not several:
        raise ConfigError(
            f"The setting 'devices' is {devices!r}: it should be auto, cpu, gpu, "
            "or cpu:N for N logical CPU devices."
        )


@dataclasses.dataclass(frozen=True)
class Config:
    """Every setting of a run."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    compute: ComputeConfig = ComputeConfig()
    seed: Annotated[int, Between(0, 2**32 - 1)] = 0
    """Seed of the split, the initial weights, the shuffling and the augmentation."""

    def __post_init__(self) -> None:
        check_settings(self)

    def to_yaml(self) -> str:
        """Return the settings as the YAML text that `--config` reads."""
        return yaml.safe_dump(dataclasses.asdict(self), sort_keys=False)
