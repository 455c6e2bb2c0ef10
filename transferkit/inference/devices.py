"""Devices, tf.distribute strategy and precision of a run."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import keras
import tensorflow as tf

from transferkit.config.settings import ComputeConfig, PrecisionName
from transferkit.errors import DeviceError
from transferkit.runtime.environment import cpuinfo, processor

BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")  # processor flags
INT8_FLAGS = ("avx512_vnni", "avx_vnni")
FLOAT16_CORES, BFLOAT16_CORES = (7, 0), (8, 0)  # compute capabilities of GPUs with such cores
INT8_SUFFIX = ", int8 for frozen layers"  # after those of what learns


@dataclass(frozen=True)
class Precision:
    """The precision of a run.

    `policy` is Keras' dtype policy; `onednn_bfloat16` says whether the CPU's float32 graphs are
    rewritten to bfloat16 where that is safe (the faster way there; the variables stay float32);
    `words` say both, and why. With `int8`, what does not learn is computed in integers of 8 bits.
    """

    policy: str
    onednn_bfloat16: bool
    words: str
    int8: bool = False

    @property
    def reduced(self) -> bool:
        """Whether any of it is computed in fewer than 32 bits."""
        return self.policy != "float32" or self.onednn_bfloat16 or self.int8

    @property
    def trainable(self) -> Precision:
        """The precision of trainable layers, which is never int8."""
        return replace(self, int8=False, words=self.words.removesuffix(INT8_SUFFIX))

    @contextmanager
    def policy_scope(self) -> Iterator[None]:
        """Context manager in which models are built with the dtype policy."""
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.policy)
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Context manager in which graphs are traced and run in the device's 16 bits."""
        name = "auto_mixed_precision_onednn_bfloat16"
        was = tf.config.optimizer.get_experimental_options().get(name, False)
        tf.config.optimizer.set_experimental_options({name: self.onednn_bfloat16})
        try:
            yield
        finally:
            tf.config.optimizer.set_experimental_options({name: was})


FLOAT32 = Precision("float32", False, "float32")


@dataclass(frozen=True)
class Device:
    """The devices of a run and its precision; `line` names them, with the reason."""

    strategy: tf.distribute.Strategy
    precision: Precision
    line: str
    gpu: bool = False

    @property
    def replicas(self) -> int:
        """How many devices share a batch."""
        return int(self.strategy.num_replicas_in_sync)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Context manager in which models are built on the devices, with the dtype policy."""
        with self.precision.policy_scope(), self.strategy.scope():
            yield


def choose_device(compute: ComputeConfig) -> Device:
    """Return the devices that the settings ask for, with one line that says which and why.

    Raises:
        DeviceError: a GPU is required and TensorFlow finds none, or the logical devices cannot
            be made any more.
    """
    gpus = [] if compute.devices.startswith("cpu") else tf.config.get_visible_devices("GPU")
    if not gpus and (compute.require_gpu or compute.devices == "gpu"):
        raise DeviceError(
            f"A GPU is required, and {missing_gpu()}; `--compute.devices cpu` does without."
        )
    if compute.devices.startswith("cpu"):
        _hide_gpus()
    logical = int(compute.devices.partition(":")[2] or 1)
    if gpus:
        names = tuple(f"GPU:{number}" for number in range(len(gpus)))
    else:
        names = tuple(f"CPU:{number}" for number in range(logical))
        _make_logical(logical)
    precision = resolve_precision(compute.precision)
    where = _gpu_names(gpus) if gpus else f"CPU ({processor()}, {os.cpu_count()} cores)"
    kind = f"{len(names)} replicas (mirrored)" if len(names) > 1 else "one device"
    why = "" if gpus or compute.devices != "auto" else f"; no GPU: {missing_gpu()}"
    line = f"Device: {where}, {kind}, {precision.words}{why}."
    _CURRENT.strategy = _strategy(names)
    return Device(_CURRENT.strategy, precision, line, gpu=bool(gpus))


class _CurrentStrategy:
    """The tf.distribute strategy of the last `choose_device`, or None before the first.

    There is one per process, as there is one set of logical devices. Who computes for several
    devices at once hands a strategy in, where a function or `ExtractorPool` takes one.
    """

    strategy: tf.distribute.Strategy | None = None


_CURRENT = _CurrentStrategy()


def chosen_strategy() -> tf.distribute.Strategy:
    """Return that of the last `choose_device` in this process, or TensorFlow's default."""
    return _CURRENT.strategy or tf.distribute.get_strategy()


def missing_gpu() -> str:
    """Return what TensorFlow lacks for a GPU, as the end of a sentence."""
    if not tf.test.is_built_with_cuda():
        return f"this TensorFlow {tf.__version__} is built without CUDA"
    if not _loads("libcuda.so.1"):
        return "TensorFlow found no NVIDIA driver (libcuda.so.1)"
    cuda = str(tf.sysconfig.get_build_info().get("cuda_version", "12")).split(".")[0]
    lost = [name for name in (f"libcudart.so.{cuda}", "libcudnn.so.9") if not _loads(name)]
    if lost:
        return f"TensorFlow lacks {', '.join(lost)} (`pip install tensorflow[and-cuda]`)"
    return "TensorFlow sees no GPU although driver and CUDA are there (CUDA_VISIBLE_DEVICES?)"


def resolve_precision(wanted: PrecisionName) -> Precision:
    """Return the precision that the setting means on the devices that are visible."""
    if wanted == "int8":
        trainable = resolve_precision("auto")
        return replace(trainable, int8=True, words=trainable.words + INT8_SUFFIX)
    gpus = tf.config.get_visible_devices("GPU")
    if wanted == "float32":
        return Precision("float32", False, "float32 as asked")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        capability = min(gpu.get("compute_capability", (0, 0)) for gpu in details)
        if capability >= BFLOAT16_CORES:  # its range is float32's: no loss needs to be scaled
            return Precision("mixed_bfloat16", False, "mixed bfloat16 (tensor cores)")
        if capability >= FLOAT16_CORES or wanted == "bfloat16":
            return Precision("mixed_float16", False, "mixed float16")
        return Precision("float32", False, "float32 (the GPU has no tensor cores)")
    flags = [flag for flag in BFLOAT16_FLAGS if flag in cpuinfo()]
    if flags:
        why = f"bfloat16 by oneDNN where it is safe (the processor has {flags[-1]})"
        return Precision("float32", True, why)
    if wanted == "bfloat16":
        return Precision("float32", True, "bfloat16 by oneDNN as asked (the processor emulates it)")
    return Precision("float32", False, "float32 (the processor has no bfloat16)")


def int8_is_faster(precision: Precision) -> bool:
    """Whether a CPU for which `--precision auto` means `precision` is faster in int8."""
    chosen = precision == resolve_precision("auto") and not precision.reduced
    return chosen and any(flag in cpuinfo() for flag in INT8_FLAGS)


@lru_cache(maxsize=1)  # several mirrored strategies in turn fail in one process
def _strategy(names: tuple[str, ...]) -> tf.distribute.Strategy:
    if len(names) == 1:
        return tf.distribute.get_strategy()  # the default one: the first GPU, else the CPU
    reduce = None if names[0].startswith("GPU") else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(list(names), cross_device_ops=reduce)


def _make_logical(number: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        if number > 1 and len(tf.config.get_logical_device_configuration(cpu) or ()) != number:
            tf.config.set_logical_device_configuration(
                cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(number)]
            )
    except RuntimeError as error:
        raise DeviceError(
            f"The CPU cannot be {number} logical devices any more, since TensorFlow has started: "
            "ask for them in a fresh process, before anything else."
        ) from error


def _hide_gpus() -> None:
    if tf.config.list_physical_devices("GPU"):
        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError as error:
            raise DeviceError(
                "The GPUs cannot be left out any more, since TensorFlow has started: "
                "ask for the CPU in a fresh process, before anything else."
            ) from error


def _gpu_names(gpus: list[tf.config.PhysicalDevice]) -> str:
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return ", ".join(str(gpu.get("device_name", "GPU")) for gpu in details)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
