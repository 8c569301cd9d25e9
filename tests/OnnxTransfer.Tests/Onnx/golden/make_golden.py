"""Golden values for the room Onnx, from PyTorch; and an old-style ONNX file, from the onnx package.

Run: python3 make_golden.py   (torch 1.13, numpy, onnx 1.12; no options, always the same output)
"""
import json
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
rng = np.random.RandomState(20240)


def flat(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, dtype=np.float32).reshape(-1)]


def maps(*shape):
    return rng.randn(*shape).astype(np.float32).round(4)


def pooled(x, pooling):
    t = torch.from_numpy(x)
    if pooling == "average":
        t = F.adaptive_avg_pool2d(t, 1)
    elif pooling == "max":
        t = F.adaptive_max_pool2d(t, 1)
    elif pooling.startswith("grid"):
        t = F.adaptive_avg_pool2d(t, int(pooling[4:]))
    return t.flatten(1).numpy()


def pooling_cases():
    cases = []
    for shape, poolings in [
        ((2, 3, 8, 8), ["average", "max", "none", "grid1", "grid2", "grid4", "grid8"]),
        ((2, 2, 7, 5), ["average", "max", "grid2", "grid3", "grid4", "grid5"]),
        ((1, 2, 3, 6), ["grid3", "grid4"]),
    ]:
        x = maps(*shape)
        cases.append({"shape": list(shape[1:]), "x": flat(x), "pooled": {p: flat(pooled(x, p)) for p in poolings}})
    return cases


def pixel_case():
    pixels = rng.randint(0, 256, (2, 4, 5, 3)).astype(np.uint8)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float64) / 255
    m, s = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in (mean, std))
    rgb = (x - m) / s
    bgr = (x.flip(1) - m) / s
    return {
        "height": 4, "width": 5, "mean": mean, "std": std, "pixels": pixels.reshape(-1).tolist(),
        "rgbNchw": flat(rgb), "bgrNchw": flat(bgr),
        "rgbNhwc": flat(rgb.permute(0, 2, 3, 1)), "bgrNhwc": flat(bgr.permute(0, 2, 3, 1)),
    }


def head_case():
    x, w, b = maps(3, 6), maps(4, 6), maps(4)
    scores = F.linear(torch.from_numpy(x), torch.from_numpy(w), torch.from_numpy(b))
    numbers = maps(3, 2)
    wide, one = maps(1, 8), maps(1)
    joined = torch.cat([torch.from_numpy(x), torch.from_numpy(numbers)], 1)
    mean = torch.from_numpy(x).mean(0, keepdim=True)
    return {
        "x": flat(x), "weights": flat(w), "bias": flat(b),
        "values": flat(scores), "probabilities": flat(scores.softmax(1)),
        "mean": flat(mean),
        "numbers": flat(numbers), "regressionWeights": flat(wide), "regressionBias": flat(one),
        "regression": flat(F.linear(joined, torch.from_numpy(wide), torch.from_numpy(one))),
    }


def old_model():
    """Operator set 9, IR version 3: weights listed as inputs, batch fixed at 1, a Reshape to [1, -1], MatMul."""
    w, c = maps(4, 3, 3, 3), maps(5, 4 * 4 * 4)
    x = maps(3, 3, 4, 4)
    y = F.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding=1).relu().flatten(1) @ torch.from_numpy(c).T
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["conv"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("Reshape", ["relu", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "c"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(w, "w"),
        numpy_helper.from_array(np.ascontiguousarray(c.T), "c"),
        numpy_helper.from_array(np.array([1, -1], dtype=np.int64), "shape"),
    ]
    def info(name, dims, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, dims)

    inputs = [info("image", [1, 3, 4, 4]), info("w", [4, 3, 3, 3]), info("c", [64, 5]), info("shape", [2], TensorProto.INT64)]
    graph = helper.make_graph(nodes, "old", inputs, [info("y", [1, 5])], weights, value_info=[info("conv", [1, 4, 4, 4])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], producer_name="make_golden")
    model.ir_version = 3
    helper.set_model_props(model, {"made": "by make_golden.py"})
    onnx.checker.check_model(model)
    onnx.save(model, HERE / "old.onnx")
    return {"x": flat(x), "y": flat(y)}


golden = {"pooling": pooling_cases(), "pixels": pixel_case(), "head": head_case(), "old": old_model()}
(HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
