#!/usr/bin/env python3
"""Writes a "backbone" that learned nothing: the pixels themselves, as the baseline a real backbone must beat.

    python3 models/pixels.py --size 28 --grey      writes pixels-28x28-grey.onnx and its description
    python3 models/pixels.py --size 32             writes pixels-32x32-rgb.onnx

Needs the onnx package (Debian: python3-onnx).
"""
import argparse
import hashlib
import json
import pathlib

from onnx import TensorProto, checker, helper


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=28, help="images are scaled to SIZE x SIZE (default 28)")
    parser.add_argument("--grey", action="store_true", help="average the three channels to one")
    parser.add_argument("--folder", default=str(pathlib.Path(__file__).parent), help="where to write (default: beside this file)")
    options = parser.parse_args()

    size = options.size
    channels = 1 if options.grey else 3
    name = f"pixels-{size}x{size}-{'grey' if options.grey else 'rgb'}"
    nodes = [helper.make_node("Flatten", ["channels"], ["flat"], axis=1)]  # [N, C * H * W]
    first = helper.make_node("ReduceMean", ["input"], ["channels"], axes=[1], keepdims=1) if options.grey \
        else helper.make_node("Identity", ["input"], ["channels"])
    graph = helper.make_graph(
        [first] + nodes, name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["N", channels * size * size])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="OnnxTransfer models/pixels.py")
    model.ir_version = 7
    checker.check_model(model)

    data = model.SerializeToString()
    folder = pathlib.Path(options.folder)
    (folder / f"{name}.onnx").write_bytes(data)
    width = channels * size * size
    description = {
        "format": 1,
        "name": name,
        "family": "pixels",
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "source": "models/pixels.py: no weights, the pixels themselves; a baseline",
        "licence": "MIT",
        "input": {"tensor": "input", "layout": "NCHW", "height": size, "width": size, "channels": "RGB"},
        "preprocessing": {"resize": "exact", "size": [size, size], "crop": [size, size], "interpolation": "bilinear",
                          "mean": [0, 0, 0], "std": [1, 1, 1]},
        "taps": [{"name": "pixels", "tensor": "flat", "shape": [width], "pooling": "none", "width": width}],
        "embedding": ["pixels"],
        "parameters": 0,
        "macs": 0,
    }
    (folder / f"{name}.json").write_text(json.dumps(description, indent=2) + "\n")
    print(f"{folder / name}.onnx: {len(data)} bytes, {width} values an image")


if __name__ == "__main__":
    main()
