"""Writes shapes.json: small graphs, one or two per operator family and operator set, and the types and shapes that
onnx.shape_inference finds in them. Run with onnx 1.12 (Debian's python3): python3 make_shapes.py"""
import base64
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I = TensorProto.FLOAT, TensorProto.INT64
cases = []


def longs(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.full(shape, 0.5, np.float32)


def case(op, opset, inputs, outputs=1, name=None, **attributes):
    """inputs: a list of dimensions is fed, an array is a weight, None is left out."""
    names = ["" if x is None else f"x{i}" for i, x in enumerate(inputs)]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attributes)
    graph([node], opset, inputs, name or op, [f"y{i}" for i in range(outputs)])


def graph(nodes, opset, inputs, name, outputs):
    fed = [helper.make_tensor_value_info(f"x{i}", F, x) for i, x in enumerate(inputs) if isinstance(x, list)]
    weights = [numpy_helper.from_array(x, f"x{i}") for i, x in enumerate(inputs) if isinstance(x, np.ndarray)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", fed, [helper.make_empty_tensor_value_info(o) for o in outputs], weights),
        opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    known = {v.name: v.type.tensor_type for v in list(inferred.graph.output) + list(inferred.graph.value_info)}
    types = {}
    for o in [o for n in nodes for o in n.output]:
        dims = known[o].shape.dim
        if not known[o].HasField("shape") or not all(d.HasField("dim_value") for d in dims):
            print(f"{name}-{opset}: onnx does not infer {o}; left to the runtime")
            continue
        types[o] = {"type": known[o].elem_type, "dims": [d.dim_value for d in dims]}

    # Outputs with their types, for the runtime.
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(o, types[o]["type"], types[o]["dims"]) if o in types
                              else helper.make_empty_tensor_value_info(o) for o in outputs)
    cases.append({"name": f"{name}-{opset}-{len(cases)}", "model": base64.b64encode(model.SerializeToString()).decode(), "tensors": types})


X = [2, 4, 9, 7]
for opset in (7, 11, 17):
    case("Conv", opset, [X, floats(6, 4, 3, 3)])
    case("Conv", opset, [X, floats(6, 4, 3, 2), floats(6)], strides=[2, 1], pads=[1, 0, 2, 1])
    case("Conv", opset, [X, floats(8, 1, 3, 3)], group=4, dilations=[2, 2], pads=[2, 2, 2, 2])
    case("Conv", opset, [X, floats(6, 4, 5, 3)], auto_pad="SAME_UPPER", strides=[2, 3])
    case("Conv", opset, [X, floats(6, 4, 5, 3)], auto_pad="SAME_LOWER", strides=[3, 2])
    case("Conv", opset, [X, floats(6, 4, 5, 3)], auto_pad="VALID", strides=[1, 2])
    case("Conv", opset, [[2, 4, 9], floats(6, 4, 3)], strides=[2], name="Conv1D")
    case("Conv", opset, [[1, 2, 5, 6, 7], floats(3, 2, 3, 3, 3)], pads=[1] * 6, name="Conv3D")
    case("ConvTranspose", opset, [X, floats(4, 3, 3, 3)], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    case("ConvTranspose", opset, [X, floats(4, 3, 3, 2)], group=2, dilations=[2, 1])
    case("MaxPool", opset, [X], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("AveragePool", opset, [X], kernel_shape=[2, 3], strides=[2, 2])
    case("LpPool", opset, [X], kernel_shape=[2, 3], strides=[1, 2])
    case("GlobalAveragePool", opset, [X])
    case("GlobalMaxPool", opset, [X])
    case("Gemm", opset, [[3, 5], floats(4, 5), floats(4)], transB=1)
    case("Gemm", opset, [[5, 3], floats(5, 4), floats(3, 1)], transA=1, alpha=0.5)
    case("MatMul", opset, [[3, 5], floats(5, 4)])
    case("MatMul", opset, [[2, 1, 3, 5], floats(7, 5, 4)])
    case("MatMul", opset, [[5], floats(2, 5, 4)])
    case("MatMul", opset, [[2, 3, 5], floats(5)])
    case("BatchNormalization", opset, [X] + [floats(4)] * 4)
    case("InstanceNormalization", opset, [X, floats(4), floats(4)])
    case("LRN", opset, [X], size=3)
    case("LpNormalization", opset, [X], axis=1, p=2)
    case("Flatten", opset, [X])
    case("Flatten", opset, [X], axis=3)
    case("Flatten", opset, [X], axis=0)
    case("Reshape", opset, [X, longs(0, -1, 7)])
    case("Reshape", opset, [X, longs(8, 63)])
    case("Transpose", opset, [X])
    case("Transpose", opset, [X], perm=[0, 2, 3, 1])
    case("Concat", opset, [X, floats(2, 3, 9, 7), floats(2, 1, 9, 7)], axis=1)
    case("Gather", opset, [X, longs(0, 2, 1).reshape(3, 1)], axis=2)
    case("Tile", opset, [[2, 3], longs(2, 3)])
    case("DepthToSpace", opset, [X], blocksize=2)
    case("SpaceToDepth", opset, [[1, 2, 6, 4]], blocksize=2)
    case("Softmax", opset, [[3, 5]], axis=1)
    case("PRelu", opset, [X, floats(4, 1, 1)])
    case("Sum", max(opset, 8), [X, floats(1, 1, 7), floats(9, 1)])
    case("Add", opset, [[1, 4, 1, 7], floats(2, 1, 9, 1)])
    case("Greater", opset, [X, floats(7)])
    case("Cast", opset, [X], to=TensorProto.UINT8)
    case("ArgMax", opset, [X], axis=1, keepdims=0)
    case("ReduceMean", opset, [X], axes=[2, 3])
    case("ReduceMax", opset, [X], axes=[1, 3], keepdims=0)
    case("ReduceL2", opset, [X])
    case("TopK", opset, [X] if opset < 10 else [X, longs(3)], 2, **({"k": 3} if opset < 10 else {}), axis=2)
    for op in ("Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "Tanh", "Softplus", "Sqrt", "Exp", "Log", "Neg", "Abs",
               "Reciprocal", "Floor", "Ceil", "Identity", "Dropout", "LogSoftmax"):
        case(op, opset, [[3, 5]])

case("Clip", 7, [X], min=0.0, max=6.0)
case("Clip", 13, [X, np.array(0, np.float32), None])
case("Dropout", 7, [X], 2)
case("Dropout", 13, [X], 2)
case("MaxPool", 8, [X], 2, kernel_shape=[3, 2])
case("MaxPool", 11, [X], kernel_shape=[3, 2], dilations=[2, 2], strides=[2, 1])
case("BatchNormalization", 9, [X] + [floats(4)] * 4, epsilon=1e-3)
case("LayerNormalization", 17, [[2, 5, 6], floats(6), floats(6)], 3)
case("LayerNormalization", 17, [[2, 5, 6], floats(5, 6)], axis=1)
case("MeanVarianceNormalization", 13, [X])
case("HardSwish", 14, [X])
case("Celu", 12, [X])
case("Squeeze", 11, [[1, 4, 1, 1]], axes=[0, -1])
case("Squeeze", 13, [[1, 4, 1, 1], longs(0, -1)])
case("Squeeze", 13, [[1, 4, 1, 1]])
case("Unsqueeze", 11, [[3, 4]], axes=[0, 3])
case("Unsqueeze", 13, [[3, 4], longs(-1, 1)])
case("Split", 11, [X], 2, axis=1)
case("Split", 11, [X], 3, axis=2, split=[2, 3, 4])
case("Split", 13, [X, longs(2, 3, 4)], 3, axis=-2)
case("Slice", 9, [X], starts=[1, -3], ends=[3, 1000], axes=[1, 2])
case("Slice", 9, [X], starts=[1, 0], ends=[2, -1])
case("Slice", 13, [X, longs(0, 0), longs(2**63 - 1, 2**63 - 1), longs(2, 3), longs(2, 3)])
case("Slice", 13, [X, longs(-1, 8), longs(-2**63, 2), longs(3, 2), longs(-2, -3)])
case("Slice", 13, [X, longs(5), longs(2), longs(2)])
case("Pad", 7, [X], pads=[0, 0, 1, 2, 0, 1, 3, 4])
case("Pad", 13, [X, longs(0, 0, 1, 2, 0, 1, -3, 4)])
case("Shape", 13, [X])
case("Shape", 15, [X], start=1, end=-1)
case("Size", 13, [X])
case("ConstantOfShape", 13, [longs(3, 0, 2)])
case("ConstantOfShape", 13, [longs(3, 2)], value=helper.make_tensor("v", I, [1], [7]))
case("Expand", 13, [[3, 1], longs(2, 1, 6)])
case("Where", 13, [np.array([[True], [False]]), floats(1, 3), floats(2, 1)])
case("Equal", 13, [longs(1, 2), longs(3, 4).reshape(2, 1)])
case("Range", 13, [np.array(2, np.int64), np.array(11, np.int64), np.array(4, np.int64)])
case("GatherElements", 13, [[3, 4], longs(0, 1, 2, 0).reshape(2, 2)], axis=1)
case("ReduceSum", 13, [X, longs(-1, 1)], keepdims=0)
case("ReduceSum", 13, [X], noop_with_empty_axes=1)
case("ReduceProd", 13, [X], axes=[-1])
case("ArgMin", 13, [X], axis=-1)
case("Upsample", 7, [X], mode="nearest", scales=[1.0, 1.0, 2.0, 1.5])
case("Upsample", 9, [X, np.array([1, 1, 2, 1.5], np.float32)], mode="nearest")
case("Resize", 10, [X, np.array([1, 1, 0.4, 2.3], np.float32)], mode="nearest")
case("Resize", 13, [X, None, np.array([1, 1, 0.4, 2.3], np.float32)], mode="linear")
case("Resize", 13, [X, None, None, longs(2, 4, 5, 14)], mode="nearest")
case("QuantizeLinear", 13, [X, np.array(0.1, np.float32), np.array(3, np.uint8)])
case("QuantizeLinear", 13, [X, np.array(0.1, np.float32), np.array(3, np.int8)])
case("DequantizeLinear", 13, [np.zeros((2, 3), np.uint8), np.array(0.1, np.float32), np.array(3, np.uint8)])
case("DynamicQuantizeLinear", 13, [X], 3)
case("ConvInteger", 13, [np.zeros((1, 2, 5, 5), np.uint8), np.zeros((3, 2, 3, 3), np.uint8)], pads=[1, 1, 1, 1])
case("MatMulInteger", 13, [np.zeros((2, 3), np.uint8), np.zeros((3, 4), np.uint8)])
case("QLinearConv", 13, [np.zeros((1, 2, 5, 5), np.uint8), np.array(0.1, np.float32), np.array(3, np.uint8), np.zeros((3, 2, 3, 3), np.uint8),
                         np.array(0.1, np.float32), np.array(3, np.uint8), np.array(0.1, np.float32), np.array(3, np.uint8)])

# A graph that computes its own shape, as torch and tf2onnx write them.
make = helper.make_node
graph([make("Shape", ["x0"], ["s"]), make("Gather", ["s", "x1"], ["n"], axis=0), make("Unsqueeze", ["n", "x2"], ["n1"]),
       make("Concat", ["n1", "x3"], ["to"], axis=0), make("Reshape", ["x0", "to"], ["flat"])],
      13, [X, np.array(0, np.int64), longs(0), longs(-1)], "ShapeGatherConcatReshape", ["flat"])
graph([make("Shape", ["x0"], ["s"]), make("Slice", ["s", "x1", "x2"], ["hw"]), make("Mul", ["hw", "x2"], ["hw2"]),
       make("Slice", ["s", "x4", "x1"], ["nc"]), make("Concat", ["nc", "hw2"], ["to"], axis=0),
       make("Expand", ["x5", "to"], ["y"])],
      13, [X, longs(2), longs(4), longs(1), longs(0), floats(1)], "SliceMulConcatExpand", ["y"])

path = pathlib.Path(__file__).with_name("shapes.json")
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(f"{len(cases)} graphs, {path.stat().st_size} bytes, onnx {onnx.__version__}")
