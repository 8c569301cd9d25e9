#!/usr/bin/env python3
"""Gradients and optimiser steps of the real ResNet-18 layer4 and VGG-11 ending, heads for ten classes, against PyTorch's.

    python3 benchmarks/gradients.py [--output benchmarks/results/<cpu>/gradients.md]

Torchvision's networks with random weights, cut, exported and differentiated by OnnxTransfer, in float32 on both sides. Wants
`dotnet build -c Release benchmarks/OnnxTransfer.Benchmarks` and Python with PyTorch, torchvision and onnx. Ten minutes, 8 GB of memory.
"""
import argparse
import datetime
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll"
BATCH, CLASSES, STEPS = 4, 10, 10


def resnet18():
    net = torchvision.models.resnet18(weights=None)
    return nn.Sequential(net.layer4, net.avgpool, nn.Flatten(), nn.Linear(512, CLASSES)), (256, 14, 14)


def vgg11():
    net = torchvision.models.vgg11(weights=None)
    net.classifier[6] = nn.Linear(4096, CLASSES)
    return nn.Sequential(net.features[16:], net.avgpool, nn.Flatten(), net.classifier), (512, 14, 14)


def fresh(make):
    torch.manual_seed(3)
    net, shape = make()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.dim() == 1:  # no two alike, which the exporter would make one; variances and scales around 1
                value.copy_(torch.rand_like(value) + 0.5 if name.endswith("running_var") or name.endswith("weight") else 0.1 * torch.randn_like(value))
    return net.eval(), shape


def stepped(make, kind, x, labels):
    net, _ = fresh(make)
    optimizer = (torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4) if kind == "nesterov"
                 else torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=1e-2))
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(net(x), labels).backward()
        optimizer.step()
    return {name: p.detach().numpy() for name, p in net.named_parameters()}


def worst(expected, found):
    """The largest error, relative to each tensor's norm; and of a single number, relative to the tensor's largest."""
    return (max(np.linalg.norm(found[n] - e) / np.linalg.norm(e) for n, e in expected.items()),
            max(np.abs(found[n] - e).max() / np.abs(e).max() for n, e in expected.items()))


def rounded(make, kind, x, labels, expected):
    """How far PyTorch ends from itself when its inputs change by a rounding, the farthest of five: where a value before a ReLU is
    within rounding of 0, it may fall on either side."""
    ends = [stepped(make, kind, x * (1 + 1.2e-7 * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))), labels) for seed in range(5)]
    return tuple(max(errors) for errors in zip(*(worst(expected, end) for end in ends)))


def check(name, make):
    net, shape = fresh(make)
    before = {n: p.detach().numpy().copy() for n, p in net.named_parameters()}
    x, labels = torch.relu(torch.randn(BATCH, *shape)), torch.arange(BATCH) % CLASSES
    F.cross_entropy(net(x), labels).backward()
    gradients = {n: p.grad.numpy().copy() for n, p in net.named_parameters()}
    rows = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        torch.onnx.export(net, x, str(folder / "network.onnx"), opset_version=13, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}},
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
        x.numpy().tofile(folder / "x.f32")
        F.one_hot(labels, CLASSES).float().numpy().tofile(folder / "targets.f32")
        subprocess.run(["dotnet", str(PROGRAM), "gradients", str(folder), str(BATCH)], check=True)

        def read(kind):
            return {n: np.fromfile(folder / f"{kind}.{n}.f32", np.float32).reshape(w.shape) for n, w in before.items()}
        count = sum(w.size for w in before.values())
        for kind, expected, found in [("gradients", gradients, read("gradient"))] + [(f"weights after {STEPS} steps of {k}", stepped(make, k, x, labels), read(k)) for k in ("nesterov", "adamw")]:
            norm, single = worst(expected, found)
            rows.append(f"| {name} | {count:,} | {kind} | {norm:.1e} | {single:.1e} |")
            print(rows[-1], flush=True)
            if kind.endswith("adamw"):
                norm, single = rounded(make, "adamw", x, labels, expected)
                rows.append(f"| {name} | {count:,} | the same, PyTorch against itself | {norm:.1e} | {single:.1e} |")
                print(rows[-1], flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", help="file for the table (default: standard output)")
    options = parser.parse_args()
    rows = check("ResNet-18, layer4 and head", resnet18) + check("VGG-11, last block and classifier", vgg11)
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    text = "\n".join([
        "# Gradients against PyTorch", "",
        f"Made by `benchmarks/gradients.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, against PyTorch {torch.__version__}, torchvision {torchvision.__version__}. "
        f"Torchvision's architectures in full width, random weights, batch norms frozen, {BATCH} rows of random activations, softmax cross entropy; float32 on both sides. Of each tensor the "
        "error's norm relative to the tensor's, and the largest error of a single number relative to the tensor's largest; the worst tensor of the network. "
        "PyTorch against itself: from inputs that differ by a rounding, the farthest of five runs; AdamW moves every weight by the learning rate, so that values before a ReLU that are within rounding of 0 fall on either side.", "",
        "| network | weights | what | error of a tensor | of a number |", "|---|--:|---|--:|--:|", *rows, ""])
    if options.output:
        Path(options.output).write_text(text)


if __name__ == "__main__":
    main()
