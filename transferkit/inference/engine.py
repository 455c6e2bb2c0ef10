"""What computes the outputs of a network for batches of images: which engine, and TensorFlow's two.

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

BATCH_SIZE = 32  # images a device: enough to fill two cores, little enough for a laptop with VGG16
Outputs = list[np.ndarray]
"""What a model says of a batch: each of its outputs, `(images, ...)` float32."""


@dataclass(frozen=True)
class EngineSpec:
    """An engine, before there is a network: its name, its precision, and `why` it is this one.

    `bound` is in bytes, of what is kept on disk: a quantised network is, for the next run.
    """

    name: str
    bits: Precision
    why: str = "as asked"
    bound: int = 0

    @property
    def in_bfloat16(self) -> bool:
        """Whether OpenVINO computes in it."""
        return self.bits.reduced and not self.bits.int8

    @property
    def identity(self) -> str:
        """What of this way of computing decides the digits of the outputs."""
        if self.name == "openvino":
            bits = "bf16" if self.in_bfloat16 else "f32"
            if self.bits.int8:
                bits = f"int8 by NNCF {version('nncf')}"
            return f"OpenVINO {version('openvino')}, CPU, {bits}"
        rewritten = ", oneDNN bfloat16" if self.bits.onednn_bfloat16 else ""
        device = "GPU" if has_gpu() else "CPU"
        return f"TensorFlow {tf.__version__} {self.name}, {device}, {self.bits.policy}{rewritten}"

    @property
    def words(self) -> str:
        """The engine, the device and the precision."""
        if self.name == "openvino":
            bits = "bfloat16" if self.in_bfloat16 else "float32"
            if self.bits.int8:
                bits = "int8"
            return f"OpenVINO {version('openvino')} on the CPU, {bits}"
        called = {"keras": "Keras", "graph": "a TensorFlow graph"}[self.name]
        return f"{called} on the {'GPU' if has_gpu() else 'CPU'}, {self.bits.words}"

    @property
    def line(self) -> str:
        """One sentence for who waits for it."""
        return f"Engine: {self.words}; {self.why}."


def choose_engine(wanted: EngineName, bits: Precision) -> EngineSpec:
    """The engine that the setting means on the devices that are visible.

    Raises:
        DeviceError: OpenVINO is asked for and not installed, or int8 of another engine.
    """
    if bits.int8:
        return _choose_int8(wanted, bits)
    installed = find_spec("openvino") is not None
    if wanted == "openvino" and not installed:
        raise DeviceError(
            "The engine openvino was asked for, and OpenVINO is not installed: "
            "`pip install 'transferkit[openvino]'`, or `--engine auto` does without."
        )
    if wanted != "auto":
        return EngineSpec(wanted, bits)
    if has_gpu():
        return EngineSpec("keras", bits, "there is a GPU")
    if installed:
        why = "the fastest without a GPU"
        if int8_is_faster(bits) and find_spec("nncf") is not None:
            why += " (for training, --precision int8 reads faster, less exactly)"
        return EngineSpec("openvino", bits, why)
    cure = "`pip install 'transferkit[openvino]'`"
    return EngineSpec("graph", bits, f"OpenVINO, which is faster, is not installed ({cure})")


def _choose_int8(wanted: EngineName, bits: Precision) -> EngineSpec:
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
    return EngineSpec("openvino", bits)


class Engine(ABC):
    """`model` in inference: batches `(images, height, width, 3)` uint8 RGB in, its outputs out."""

    def __init__(self, model: keras.Model, choice: EngineSpec) -> None:
        self.model, self.choice, self.bits = model, choice, choice.bits
        self.batch_size = BATCH_SIZE

    @property
    def name(self) -> str:
        return self.choice.name

    @property
    def identity(self) -> str:
        return self.choice.identity

    @property
    def line(self) -> str:
        return self.choice.line

    @property
    def constant(self) -> bool:
        """Whether it has the weights of its beginning, whatever the model learns later."""
        return True

    @cached_property
    def plain(self) -> tf.types.experimental.ConcreteFunction:
        """The model as Keras computes it in float32, uint8 images to a list of outputs."""
        return trace(self.model, in_float32=True).get_concrete_function()

    @abstractmethod
    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        """The outputs for each of `batches`, in order; a batch may have any number of images."""


class KerasEngine(Engine):
    """As Keras computes it, on any device; all devices of a mirrored model share each batch."""

    def __init__(self, model: keras.Model, choice: EngineSpec) -> None:
        super().__init__(model, choice)
        self.strategy = model.distribute_strategy
        self.replicas = int(self.strategy.num_replicas_in_sync)
        self.batch_size = self.full = BATCH_SIZE * self.replicas
        self.function = trace(model, in_float32=not self.bits.reduced)
        if self.replicas > 1:
            share = self.function.python_function
            self.function = tf.function(lambda images: self.strategy.run(share, args=(images,)))

    @property
    def constant(self) -> bool:
        return False

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        for images in batches:
            with self.bits.fast():
                outputs = self._shared(images) if self.replicas > 1 else self.function(images)
            yield [np.asarray(each) for each in outputs]

    def _shared(self, images: np.ndarray) -> Outputs:
        """What the devices say of equal shares, of which some repeat images where those are few.

        Every batch is made as large as the largest yet: another size would be traced anew.
        """
        self.full = max(self.full, -(-len(images) // self.replicas) * self.replicas)
        shares = np.split(np.resize(images, (self.full, *images.shape[1:])), self.replicas)
        given = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(shares[context.replica_id_in_sync_group])
        )
        results = map(self.strategy.experimental_local_results, self.function(given))
        return [np.concatenate(each)[: len(images)] for each in results]


class GraphEngine(Engine):
    """As one TensorFlow graph; on a CPU with the variables folded to constants."""

    def __init__(self, model: keras.Model, choice: EngineSpec) -> None:
        super().__init__(model, choice)
        if has_gpu():
            self.function = trace(model, in_float32=not self.bits.reduced)
        else:
            self.function = frozen_graph(self.plain)

    @property
    def constant(self) -> bool:
        return not has_gpu()

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        for images in batches:
            with self.bits.fast():
                outputs = self.function(images)
            yield [each.numpy() for each in outputs]
