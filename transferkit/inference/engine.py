"""Engines that compute a network for batches of images: the choice of one, and TensorFlow's two.

An engine takes the model with the weights that it has at that moment, whatever its outputs are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec

import keras
import numpy as np
import tensorflow as tf

from transferkit.config.settings import EngineName
from transferkit.errors import DeviceError
from transferkit.inference.devices import Precision, int8_is_faster
from transferkit.inference.tf_graph import frozen_graph, has_gpu, trace

BATCH_SIZE = (
    32  # images per device: enough to fill two cores, little enough for a laptop with VGG16
)
Outputs = list[np.ndarray]
"""Outputs of a model for a batch: each `(images, ...)` float32."""


@dataclass(frozen=True)
class EngineSpec:
    """An engine before there is a network: its name, its precision, and `why` it was chosen.

    `bound` is in bytes, of the cache on disk, where a quantised network goes.
    """

    name: str
    precision: Precision
    why: str = "as asked"
    bound: int = 0

    @property
    def in_bfloat16(self) -> bool:
        """Whether OpenVINO computes in it."""
        return self.precision.reduced and not self.precision.int8

    @property
    def cache_key(self) -> str:
        """Everything that can change the output values: library version, device, precision."""
        if self.name == "openvino":
            number_format = "bf16" if self.in_bfloat16 else "f32"
            if self.precision.int8:
                number_format = f"int8 by NNCF {version('nncf')}"
            return f"OpenVINO {version('openvino')}, CPU, {number_format}"
        rewritten = ", oneDNN bfloat16" if self.precision.onednn_bfloat16 else ""
        device = "GPU" if has_gpu() else "CPU"
        library = f"TensorFlow {tf.__version__} {self.name}"
        return f"{library}, {device}, {self.precision.policy}{rewritten}"

    @property
    def short_title(self) -> str:
        """The engine and its number format, within a sentence."""
        if self.name == "openvino":
            return f"OpenVINO {self.number_format}"
        if self.name == "graph":
            return f"the TensorFlow graph in {self.number_format}"
        return f"Keras {self.number_format}"

    @property
    def number_format(self) -> str:
        """Name of the data type that most numbers are computed in."""
        if self.precision.int8:
            return "int8"
        if self.precision.onednn_bfloat16 or (self.name == "openvino" and self.in_bfloat16):
            return "bfloat16"
        return self.precision.policy.removeprefix("mixed_")

    @property
    def title(self) -> str:
        """The engine, the device and the precision."""
        if self.name == "openvino":
            return f"OpenVINO {version('openvino')} on the CPU, {self.number_format}"
        library = {"keras": "Keras", "graph": "a TensorFlow graph"}[self.name]
        return f"{library} on the {'GPU' if has_gpu() else 'CPU'}, {self.precision.words}"

    @property
    def line(self) -> str:
        """The progress line that names it."""
        return f"Engine: {self.title}; {self.why}."


def choose_engine(wanted: EngineName, precision: Precision) -> EngineSpec:
    """Return the engine that the setting means on the devices that are visible.

    Raises:
        DeviceError: OpenVINO is asked for and not installed, or int8 of another engine.
    """
    if precision.int8:
        return _choose_int8(wanted, precision)
    installed = find_spec("openvino") is not None
    if wanted == "openvino" and not installed:
        raise DeviceError(
            "The engine openvino was asked for, and OpenVINO is not installed: "
            "`pip install 'transferkit[openvino]'`, or `--engine auto` does without."
        )
    if wanted != "auto":
        return EngineSpec(wanted, precision)
    if has_gpu():
        return EngineSpec("keras", precision, "there is a GPU")
    if installed:
        why = "the fastest without a GPU"
        if int8_is_faster(precision) and find_spec("nncf") is not None:
            why += " (for training, --precision int8 reads faster, less exactly)"
        return EngineSpec("openvino", precision, why)
    cure = "`pip install 'transferkit[openvino]'`"
    return EngineSpec("graph", precision, f"OpenVINO, which is faster, is not installed ({cure})")


def _choose_int8(wanted: EngineName, precision: Precision) -> EngineSpec:
    if wanted not in ("auto", "openvino"):
        raise DeviceError(
            f"The engine {wanted} was asked for, and int8 is computed by OpenVINO alone: leave "
            "--engine out, or --precision."
        )
    if find_spec("openvino") is None or find_spec("nncf") is None:
        raise DeviceError(
            "The precision int8 was asked for, and OpenVINO or its NNCF is not installed: "
            "`pip install 'transferkit[openvino]'`, or `--precision auto` does without."
        )
    return EngineSpec("openvino", precision)


class Engine(ABC):
    """`model` in inference: batches `(images, height, width, 3)` uint8 RGB in, its outputs out."""

    def __init__(self, model: keras.Model, spec: EngineSpec) -> None:
        self.model, self.spec, self.precision = model, spec, spec.precision
        self.batch_size = BATCH_SIZE

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def weights_frozen(self) -> bool:
        """Whether it keeps the weights that it was made with, whatever the model learns later."""
        return True

    @property
    def parallel(self) -> int:
        """Batches that it computes at once, each on a share of the cores."""
        return 1

    @cached_property
    def plain(self) -> tf.types.experimental.ConcreteFunction:
        """The model as Keras computes it in float32, uint8 images to a list of outputs."""
        return trace(self.model, in_float32=True).get_concrete_function()

    @abstractmethod
    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        """The outputs for each of `batches`, in order; a batch may have any number of images."""


class KerasEngine(Engine):
    """As Keras computes it, on any device; all devices of a mirrored model share each batch."""

    def __init__(self, model: keras.Model, spec: EngineSpec) -> None:
        super().__init__(model, spec)
        self.strategy = model.distribute_strategy
        self.replicas = int(self.strategy.num_replicas_in_sync)
        self.batch_size = self.full = BATCH_SIZE * self.replicas
        self.function = trace(model, in_float32=not self.precision.reduced)
        if self.replicas > 1:
            share = self.function.python_function
            self.function = tf.function(lambda images: self.strategy.run(share, args=(images,)))

    @property
    def weights_frozen(self) -> bool:
        return False

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        for images in batches:
            with self.precision.autocast():
                outputs = self._shared(images) if self.replicas > 1 else self.function(images)
            yield [np.asarray(output) for output in outputs]

    def _shared(self, images: np.ndarray) -> Outputs:
        """Compute equal shares on the devices; shares repeat images where those are few.

        Every batch is filled to the size of the largest yet: another size would be traced anew.
        """
        self.full = max(self.full, -(-len(images) // self.replicas) * self.replicas)
        shares = np.split(np.resize(images, (self.full, *images.shape[1:])), self.replicas)
        shared = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(shares[context.replica_id_in_sync_group])
        )
        results = map(self.strategy.experimental_local_results, self.function(shared))
        return [np.concatenate(parts)[: len(images)] for parts in results]


class GraphEngine(Engine):
    """As one TensorFlow graph; on a CPU with the variables folded to constants."""

    def __init__(self, model: keras.Model, spec: EngineSpec) -> None:
        super().__init__(model, spec)
        if has_gpu():
            self.function = trace(model, in_float32=not self.precision.reduced)
        else:
            self.function = frozen_graph(self.plain)

    @property
    def weights_frozen(self) -> bool:
        return not has_gpu()

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        for images in batches:
            with self.precision.autocast():
                outputs = self.function(images)
            yield [output.numpy() for output in outputs]
