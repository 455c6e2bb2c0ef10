"""A network by OpenVINO, on the CPU: several batches at once, in any precision."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from transferkit.inference.engine import Engine, EngineSpec, Outputs
from transferkit.inference.openvino.core import openvino_core
from transferkit.inference.openvino.no_telemetry import import_without_telemetry
from transferkit.inference.openvino.quantization import quantize

BATCH_SIZE = 8  # images: the activations between two layers stay in the cache of a core


class OpenVinoEngine(Engine):
    """The model's graph, its variables as constants, converted and compiled by OpenVINO.

    It takes uint8 as it comes. Batches are given to it without a copy, and must not be written to
    until their outputs are there.
    """

    def __init__(self, model: keras.Model, spec: EngineSpec) -> None:
        openvino = import_without_telemetry("openvino")
        super().__init__(model, spec)
        self.batch_size = BATCH_SIZE
        self.tensor = openvino.Tensor
        hints = {
            "INFERENCE_PRECISION_HINT": "bf16" if spec.in_bfloat16 else "f32",
            "PERFORMANCE_HINT": "THROUGHPUT",
        }
        outputs = [output.name for output in self.plain.outputs]
        converted, names = _converted(constant_graph(self.plain), outputs)
        if self.precision.int8:
            converted = quantize(converted, bound=spec.bound)
        self.network = openvino_core().compile_model(converted, "CPU", hints)
        self.outputs = [self.network.output(name) for name in names]

    @property
    def parallel(self) -> int:
        """Streams of the compiled network."""
        return int(self.network.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        # Twice as many as are computed at once, so that none waits for another to be taken away.
        idle = [self.network.create_infer_request() for _ in range(2 * self.parallel)]
        running: deque[tuple[Any, np.ndarray]] = deque()
        try:
            for images in batches:
                if not idle:
                    idle.append(running[0][0])
                    yield self._outputs(running)
                images = np.require(images, requirements=["C", "W"])  # else copied
                request = idle.pop()
                request.start_async({0: self.tensor(images, shared_memory=True)})
                running.append((request, images))
            while running:
                yield self._outputs(running)
        finally:
            for request, _ in running:
                request.wait()

    def _outputs(self, running: deque[tuple[Any, np.ndarray]]) -> Outputs:
        """Return the outputs of the batch that was started first."""
        request, _ = running[0]
        request.wait()
        outputs = [request.get_tensor(output).data.copy() for output in self.outputs]
        running.popleft()
        return outputs


def constant_graph(function: tf.types.experimental.ConcreteFunction) -> Any:
    """Return the `GraphDef` of `function` with the values of its variables as constants.

    TensorFlow's own way takes seconds for ResNet50, since it copies the graph again and again; it
    is for graphs that call functions with variables, such as ConvNeXt's.
    """
    graph = function.graph.as_graph_def()
    if graph.library.function:
        return convert_variables_to_constants_v2(function).graph.as_graph_def()
    given = {inner.op.name: outer for outer, inner in function.graph.captures}
    variables = {name for name, value in given.items() if value.dtype == tf.resource}
    for index in reversed(range(len(graph.node))):
        if graph.node[index].name in variables:
            del graph.node[index]
    for node in graph.node:
        if node.op == "ReadVariableOp":
            kind = node.attr["dtype"].type
            value = tf.raw_ops.ReadVariableOp(resource=given[node.input[0]], dtype=kind)
            _become_constant(node, value)
        elif node.name in given:
            _become_constant(node, given[node.name])
    return graph


def _become_constant(node: Any, value: tf.Tensor) -> None:
    name = node.name
    node.Clear()
    node.name, node.op = name, "Const"
    node.attr["dtype"].type = value.dtype.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))


def _converted(graph: Any, outputs: list[str]) -> tuple[Any, list[str]]:
    """Convert `graph` for OpenVINO with these `outputs` alone; return it and their names there.

    Those names do not depend on `graph`'s, and no other tensor has one.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.pb"
        path.write_bytes(graph.SerializeToString())
        model = openvino_core().read_model(path)
    for result in model.get_results():
        if result.output(0).get_names().isdisjoint(outputs):  # of an operation of which one is used
            model.remove_result(result)
    kept_outputs = [model.output(name) for name in outputs]
    for node in model.get_ordered_ops():
        for output in node.outputs():
            output.get_tensor().set_names(set())
    names = [f"output {index}" for index in range(len(outputs))]
    for name, output in zip(names, kept_outputs, strict=True):
        output.get_tensor().add_names({name})
    return model, names
