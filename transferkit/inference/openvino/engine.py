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
from transferkit.inference.openvino.no_telemetry import import_without_telemetry
from transferkit.inference.openvino.quantization import quantize

BATCH = 8  # images: what is between two layers stays in the cache of a core


class OpenVinoEngine(Engine):
    """The model's graph, its variables as constants, converted and compiled by OpenVINO.

    It takes uint8 as it comes. Batches are given to it without a copy, and must not be written to
    until their outputs are there.
    """

    def __init__(self, model: keras.Model, choice: EngineSpec) -> None:
        openvino = import_without_telemetry("openvino")
        super().__init__(model, choice)
        self.batch_size = BATCH
        self.tensor = openvino.Tensor
        hints = {
            "INFERENCE_PRECISION_HINT": "bf16" if choice.in_bfloat16 else "f32",
            "PERFORMANCE_HINT": "THROUGHPUT",
        }
        outputs = [output.name for output in self.plain.outputs]
        converted, names = _converted(constant_graph(self.plain), outputs)
        if self.bits.int8:
            converted = quantize(converted, bound=choice.bound)
        self.network = openvino.Core().compile_model(converted, "CPU", hints)
        self.outputs = [self.network.output(name) for name in names]
        # Twice as many as are computed at once, so that none waits for another to be taken away.
        self.requests = 2 * self.network.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        idle = [self.network.create_infer_request() for _ in range(self.requests)]
        flying: deque[tuple[Any, np.ndarray]] = deque()
        try:
            for images in batches:
                if not idle:
                    idle.append(flying[0][0])
                    yield self._outputs(flying)
                images = np.require(images, requirements=["C", "W"])  # else copied
                request = idle.pop()
                request.start_async({0: self.tensor(images, shared_memory=True)})
                flying.append((request, images))
            while flying:
                yield self._outputs(flying)
        finally:
            for request, _ in flying:
                request.wait()

    def _outputs(self, flying: deque[tuple[Any, np.ndarray]]) -> Outputs:
        """What the network says of the batch that has been flying longest."""
        request, _ = flying[0]
        request.wait()
        found = [request.get_tensor(output).data.copy() for output in self.outputs]
        flying.popleft()
        return found


def constant_graph(function: tf.types.experimental.ConcreteFunction) -> Any:
    """The `GraphDef` of `function` with the values of its variables in it.

    TensorFlow's own way takes seconds for ResNet50, since it copies the graph again and again; it
    is for graphs that call functions with variables, such as ConvNeXt's.
    """
    graph = function.graph.as_graph_def()
    if graph.library.function:
        return convert_variables_to_constants_v2(function).graph.as_graph_def()
    given = {inner.op.name: outer for outer, inner in function.graph.captures}
    variables = {name for name, value in given.items() if value.dtype == tf.resource}
    for place in reversed(range(len(graph.node))):
        if graph.node[place].name in variables:
            del graph.node[place]
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
    """`graph` as OpenVINO has it, with these `outputs` alone, and what they are called there.

    Those names do not depend on `graph`'s, and no other tensor has one.
    """
    openvino = import_without_telemetry("openvino")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.pb"
        path.write_bytes(graph.SerializeToString())
        model = openvino.Core().read_model(path)
    for result in model.get_results():
        if result.output(0).get_names().isdisjoint(outputs):  # of an operation of which one is used
            model.remove_result(result)
    found = [model.output(name) for name in outputs]
    for node in model.get_ordered_ops():
        for output in node.outputs():
            output.get_tensor().set_names(set())
    names = [f"output {place}" for place in range(len(outputs))]
    for name, output in zip(names, found, strict=True):
        output.get_tensor().add_names({name})
    return model, names
