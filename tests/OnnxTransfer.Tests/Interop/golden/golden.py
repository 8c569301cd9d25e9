#!/usr/bin/python3
"""The Python half of make_golden.sh: `prepare` preprocesses photos with Pillow and float32 numpy, `pool` pools outputs.

Every backbone gives two files, or one where they would be the same:
NAME.output.npy      the network's own last output, from the untouched file
NAME.embedding.npy   the embedding its description names; taps that are no outputs of the file are made outputs of a copy
One row per photo, float32. made.json: the photos in this order, and the SHA-256 of the .onnx file of each backbone.
"""
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import onnx
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
CARRIED = HERE.parents[3] / "models"
DESCRIPTIONS = HERE.parents[3] / "models"
DATA = Path(os.environ["ONNXTRANSFER_TESTDATA"])

CASES = [
    ("squeezenet1.1-imagenet", "output"),
    ("squeezenet1.1-imagenet", "embedding"),
    ("mobilenetv1-025-128-imagenet1001", "output"),
    ("mobilenetv1-025-128-imagenet1001", "embedding"),
    ("resnet20-cifar10", "output"),
    ("resnet20-cifar10", "embedding"),
    ("resnet50v2-stage3-imagenet", "output"),
    ("resnet14-cifar10", "embedding"),
]


def description(name):
    path = next(p for p in (CARRIED / f"{name}.json", DESCRIPTIONS / f"{name}.json") if p.exists())
    return json.loads(path.read_text())


def preprocess(path, d):
    """H x W x 3 bytes as torchvision's Resize and CenterCrop leave them, then (x / 255 - mean) / std, 3 x H x W."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    p = d["preprocessing"]
    if p["resize"] == "exact":
        height, width = p["size"]
    else:
        size, shorter = p["size"][0], min(image.size)
        width, height = (size if side == shorter else int(size * side / shorter) for side in image.size)
    image = image.resize((width, height), {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[p["interpolation"]])
    rows, columns = p["crop"]
    left, top = int(round((width - columns) / 2.0)), int(round((height - rows) / 2.0))
    image = image.crop((left, top, left + columns, top + rows))
    x = np.asarray(image, dtype=np.float32) / np.float32(255)
    x = (x - np.float32(p["mean"])) / np.float32(p["std"])
    assert d["input"]["layout"] == "NCHW" and d["input"]["channels"] == "RGB"
    return np.ascontiguousarray(x.transpose(2, 0, 1))


def tapped(model, tensors, path):
    """The model with tensors made outputs; nodes and weights stay as they are."""
    have = {o.name for o in model.graph.output}
    for name in tensors:
        if name not in have:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    onnx.save(model, str(path))


def pool(values, tap):
    """What Pooling says: the average over the map, or of the cells of an n x n grid (channel, row, column)."""
    if tap["pooling"] == "none":
        return values
    channels, height, width = tap["shape"]
    grid = 1 if tap["pooling"] == "average" else int(tap["pooling"][len("grid"):])
    assert height % grid == 0 and width % grid == 0
    cells = values.reshape(channels, grid, height // grid, grid, width // grid)
    return cells.astype(np.float64).mean(axis=(2, 4)).ravel()


def prepare(scratch, only):
    made = json.loads((HERE / "made.json").read_text()) if only else {"sha256": {}}
    photos = made["photos"] = made.get("photos") or sorted(p.name for p in (DATA / "photos").iterdir())
    jobs = []
    for name, kind in CASES:
        if only and name not in only:
            continue
        d = description(name)
        original = CARRIED / d["file"] if (CARRIED / d["file"]).exists() else DATA / "models" / d["file"]
        made["sha256"][name] = hashlib.sha256(original.read_bytes()).hexdigest()
        model = onnx.load(str(original))
        if kind == "output":
            last = model.graph.output[-1].name
            taps, file = [{"tensor": last, "pooling": "none"}], original
        else:
            taps = [next(t for t in d["taps"] if t["name"] == tap) for tap in d["embedding"]]
            file = scratch / f"{name}.onnx"
            tapped(model, [t["tensor"] for t in taps], file)
        inputs = []
        for photo in photos:
            inputs.append(f"{name}.{kind}.{photo}.f32")
            preprocess(DATA / "photos" / photo, d).tofile(scratch / inputs[-1])
        jobs.append({
            "name": name, "kind": kind, "model": str(file), "tensor": d["input"]["tensor"], "height": d["input"]["height"],
            "width": d["input"]["width"], "outputs": [t["tensor"] for t in taps], "taps": taps, "inputs": inputs})
    if not jobs:
        sys.exit(f"{', '.join(only)}: not among {', '.join(sorted({n for n, _ in CASES}))}; add it to CASES in golden.py")
    (scratch / "jobs.json").write_text(json.dumps(jobs))
    (HERE / "made.json").write_text(json.dumps(made, indent=2) + "\n")


def finish(scratch):
    for job in json.loads((scratch / "jobs.json").read_text()):
        rows = [np.concatenate([pool(np.fromfile(scratch / f"{image}.{i}", dtype=np.float32), tap) for i, tap in enumerate(job["taps"])])
                for image in job["inputs"]]
        np.save(HERE / f"{job['name']}.{job['kind']}.npy", np.float32(rows))
        print(f"{job['name']}.{job['kind']}.npy: {len(rows)} x {len(rows[0])}")


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]), sys.argv[3:])
    else:
        finish(Path(sys.argv[2]))
