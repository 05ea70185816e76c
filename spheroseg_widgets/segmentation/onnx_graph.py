"""A ResUNet as an ONNX model, written from its weights.

An exporter would trace the network in every process: seconds, another package, and a graph in which every group norm
is five passes over its planes. What is written here takes a tenth of a second, has any height and width, folds the
batch norms of the attention gates into their convolutions, and gives the affine half of a group norm as a convolution
by channel, which the runtime joins with the ReLU behind it and leaves in its own layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

    from .network import AttentionGate, ResidualBlock, ResUNet, SqueezeExcitation

OPSET = 18
IR_VERSION = 8
"""Of 2022: every runtime of the last years reads it."""
INPUT, OUTPUT = "planes", "logits"

Array = NDArray[Any]


def onnx_bytes(network: ResUNet) -> bytes:
    """Write a network as an ONNX model.

    Parameters
    ----------
    network : ResUNet
        Loaded, set to inference; left as it is.

    Returns
    -------
    bytes
        A serialised ModelProto: input `INPUT` (1, in, h, w) float32 and output `OUTPUT` (1, out, h, w) float32, sides
        divisible by the network's stride.

    Raises
    ------
    ImportError
        The package onnx is missing.
    """
    graph = _Graph()
    config = network.config
    x = graph.unshuffled(INPUT, config.in_channels, config.cell)
    skips: list[str] = []
    for down in network.downs:
        x = graph.block(down, x)
        skips.append(x)
        x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = graph.block(network.bottleneck, x)
    for level, gate in enumerate(network.attentions):
        x = graph.transposed(network.ups[2 * level], x)
        x = graph.add("Concat", graph.gate(gate, x, skips.pop()), x, axis=1)
        x = graph.block(network.ups[2 * level + 1], x)
    x = graph.convolution(network.final_conv, x)
    if config.cell > 1:
        x = graph.add("DepthToSpace", x, blocksize=config.cell, mode="CRD")
    return graph.model(x, config.in_channels, config.out_channels)


class _Graph:
    """Nodes and constants in the making; every method returns the name of what it adds."""

    def __init__(self) -> None:
        import onnx  # noqa: PLC0415 - the `fast` extra; whoever computes with torch has no need of it

        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Array) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def model(self, output: str, in_channels: int, out_channels: int) -> bytes:
        helper, real = self.onnx.helper, self.onnx.TensorProto.FLOAT
        self.add("Identity", output)
        self.nodes[-1].output[0] = OUTPUT
        graph = helper.make_graph(
            self.nodes,
            "ResUNet",
            [helper.make_tensor_value_info(INPUT, real, [1, in_channels, "height", "width"])],
            [helper.make_tensor_value_info(OUTPUT, real, [1, out_channels, "height", "width"])],
            self.constants,
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return bytes(made.SerializeToString())

    def unshuffled(self, x: str, channels: int, cell: int) -> str:
        """Take cells of pixels as places, with torch's order of channels (SpaceToDepth has another)."""
        if cell == 1:
            return x
        if channels == 1:  # then the orders agree
            return self.add("SpaceToDepth", x, blocksize=cell)
        # A convolution that picks: channel c * cell^2 + i * cell + j is pixel (i, j) of plane c.
        picked = np.zeros((channels * cell**2, channels, cell, cell), np.float32)
        for number in range(len(picked)):
            plane, place = divmod(number, cell**2)
            picked[(number, plane, *divmod(place, cell))] = 1
        return self.add("Conv", x, self.constant(picked), kernel_shape=[cell, cell], strides=[cell, cell])

    def convolution(self, layer: Any, x: str, norm: Any = None) -> str:
        """Add a convolution, with a batch norm behind it folded in."""
        weight = _numbers(layer.weight)
        bias = np.zeros(len(weight)) if layer.bias is None else _numbers(layer.bias)
        if norm is not None:
            factor = _numbers(norm.weight) / np.sqrt(_numbers(norm.running_var) + norm.eps)
            weight = weight * factor[:, None, None, None]
            bias = (bias - _numbers(norm.running_mean)) * factor + _numbers(norm.bias)
        constants = [self.constant(weight.astype(np.float32))]
        if layer.bias is not None or norm is not None:
            constants.append(self.constant(bias.astype(np.float32)))
        return self.add(
            "Conv", x, *constants, kernel_shape=list(layer.kernel_size), pads=[*layer.padding, *layer.padding]
        )

    def transposed(self, layer: Any, x: str) -> str:
        constants = [self.constant(_numbers(values).astype(np.float32)) for values in (layer.weight, layer.bias)]
        return self.add(
            "ConvTranspose", x, *constants, kernel_shape=list(layer.kernel_size), strides=list(layer.stride)
        )

    def group_norm(self, layer: nn.GroupNorm, x: str) -> str:
        groups = layer.num_groups
        flat = self.add("Reshape", x, self.constant(np.array([0, groups, -1])))
        ones, zeros = np.ones(groups, np.float32), np.zeros(groups, np.float32)
        even = self.add(
            "InstanceNormalization", flat, self.constant(ones), self.constant(zeros), epsilon=float(layer.eps)
        )
        whole = self.add("Reshape", even, self.add("Shape", x))
        factor, offset = (_numbers(values).astype(np.float32) for values in (layer.weight, layer.bias))
        return self.add(
            "Conv", whole, self.constant(factor[:, None, None, None]), self.constant(offset),
            group=len(factor), kernel_shape=[1, 1],
        )  # fmt: skip

    def excited(self, layer: SqueezeExcitation, x: str) -> str:
        """Add squeeze-and-excitation; its linear layers are convolutions of one place."""
        first, second = (
            self.constant(_numbers(layer.fc[place].weight).astype(np.float32)[:, :, None, None]) for place in (0, 2)
        )
        squeezed = self.add("GlobalAveragePool", x)
        hidden = self.add("Relu", self.add("Conv", squeezed, first, kernel_shape=[1, 1]))
        return self.add("Mul", x, self.add("Sigmoid", self.add("Conv", hidden, second, kernel_shape=[1, 1])))

    def block(self, block: ResidualBlock | Any, x: str) -> str:
        y = self.add("Relu", self.group_norm(block.gn1, self.convolution(block.conv1, x)))
        y = self.group_norm(block.gn2, self.convolution(block.conv2, y))
        straight = self.convolution(block.adjust_channels, x) if hasattr(block.adjust_channels, "weight") else x
        return self.excited(block.se, self.add("Relu", self.add("Add", straight, y)))

    def gate(self, gate: AttentionGate | Any, x: str, skip: str) -> str:
        """Add an attention gate: the skip, weighted."""
        looked = self.add(
            "Relu",
            self.add(
                "Add", self.convolution(gate.W_g[0], x, gate.W_g[1]), self.convolution(gate.W_x[0], skip, gate.W_x[1])
            ),
        )
        return self.add("Mul", skip, self.add("Sigmoid", self.convolution(gate.psi[0], looked, gate.psi[1])))


def _numbers(values: Any) -> Array:
    """Return a parameter in float64: what is folded is rounded once."""
    return np.asarray(values.detach().cpu().numpy(), np.float64)
