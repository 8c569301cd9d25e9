#!/usr/bin/env python3
"""int8 against fp32 on the CPU: embeddings, linear probes on CIFAR-10 and speed, by `onnxtransfer models quantize`.

    ONNXTRANSFER_TESTDATA=... python3 benchmarks/int8.py [--output benchmarks/results/amd-epyc/int8.md]

ONNXTRANSFER_TESTDATA names a folder with cifar10/{train,test}/CLASS and models/*.onnx. About ten minutes on two quiet cores;
the cache keeps the fp32 embeddings. Wants eng/build.sh to have run. ResNet-18, ResNet-50 and VGG-16 are exported with random
weights, which wants a Python with torchvision (PYTHON) and is left out, and said, without: they tell of speed alone.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(ROOT / "artifacts/onnxtransfer")
ALL = ["--probe-images", "10000", "--held-out-images", "2000"]
SOME = ["--probe-images", "2000", "--held-out-images", "2000"]  # networks on 224 pixels
REAL = [  # backbone, options
    ("resnet14-cifar10", ALL),
    ("resnet14-cifar10", [*ALL, "--method", "min-max"]),
    ("resnet14-cifar10", [*ALL, "--method", "entropy"]),
    ("resnet20-cifar10", ALL),
    ("resnet20-cifar10", [*ALL, "--method", "min-max"]),
    ("resnet20-cifar10", [*ALL, "--keep", "none"]),
    ("mobilenetv1-025-128-imagenet1001", ALL),
    ("mobilenetv1-025-128-imagenet1001", [*ALL, "--keep", "first,auto"]),
    ("squeezenet1.1-imagenet", SOME),
    ("resnet50v2-stage3-imagenet", SOME),
]
RANDOM = ["resnet18", "resnet50", "vgg16"]


def quantize(backbone, data, cache, options):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([PROGRAM, "models", "quantize", backbone, "--calibrate", f"{data}/cifar10", "--output", f"{folder}/int8.onnx", "--cache", cache,
                              "--json", *options], stdout=subprocess.PIPE)
    if run.returncode not in (0, 1) or not run.stdout:
        sys.exit(f"int8.py: {backbone}: ended with exit code {run.returncode}")
    return json.loads(run.stdout)


def row(name, options, found):
    shown = " ".join(o for o in options if o not in ALL and o not in SOME)
    probe = found["probe"]
    probes = "| | |" if probe is None else (
        f"| {probe['accuracy']:.4f} ({probe['accuracyLow']:.4f} to {probe['accuracyHigh']:.4f}) | {probe['int8Accuracy']:.4f} ({probe['int8AccuracyLow']:.4f} to "
        f"{probe['int8AccuracyHigh']:.4f}) | {probe['lostPoints']:.2f} ({probe['lostPointsLow']:.2f} to {probe['lostPointsHigh']:.2f})")
    return (f"| {name} | {shown} | {found['speedRatio']:.2f} | {found['imagesPerSecond']:.1f} | {found['int8ImagesPerSecond']:.1f} | {found['cosineMean']:.5f} | "
            f"{found['cosineMedian']:.5f} | {found['cosineFirstPercentile']:.5f} {probes} | {found['bytes'] / 1e6:.1f} to {found['int8Bytes'] / 1e6:.1f} | "
            f"{len(found['layersInFp32'])} of {found['layers']} | {'yes' if found['accepted'] else 'NO'} |")


def export(name, folder):
    path = Path(folder) / f"{name}.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run = subprocess.run([PROGRAM, "models", "export", name, "--weights", "none", "--output", str(path)], stdout=subprocess.DEVNULL)
        if run.returncode:
            return None
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", default=str(ROOT / "artifacts/benchmarks/int8-cache"), help="folder that keeps fp32 embeddings")
    parser.add_argument("--networks", default=str(ROOT / "artifacts/benchmarks/int8-networks"), help="folder that keeps networks of random weights")
    parser.add_argument("--only", help="backbones, separated by commas (default: all)")
    parser.add_argument("--output", help="file for the table (default: standard output)")
    options = parser.parse_args()
    if not (data := os.environ.get("ONNXTRANSFER_TESTDATA")):
        sys.exit("int8.py: ONNXTRANSFER_TESTDATA is not set; it names the folder with cifar10/ and models/")

    only = options.only.split(",") if options.only else None
    real, random, left_out = [], [], []
    for name, further in REAL:
        if only is None or name in only:
            path = f"{data}/models/{name}.onnx"
            real.append(row(name, further, quantize(path if os.path.exists(path) else name, data, options.cache, further)))
    for name in RANDOM:
        if only is None or name in only:
            if (path := export(name, options.networks)) is None:
                left_out.append(f"{name} is left out: it could not be exported here, for want of a Python with torchvision (PYTHON).")
                continue
            further = ["--images", "16", "--held-out-images", "16", "--probe-images", "0"]
            random.append(row(name, [], quantize(str(path), data, options.cache, further)))
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    head = ["| network | options | int8 / fp32 | fp32 images/s | int8 images/s | cosine, mean | median | 1st percentile | probe fp32 | probe int8 | points lost | MB | layers in fp32 | passed |",
            "|---|---|--:|--:|--:|--:|--:|--:|---|---|---|---|---|---|"]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    vnni = any("vnni" in line for line in open("/proc/cpuinfo") if line.startswith("flags"))
    table = "\n".join([
        "# int8 against fp32", "",
        f"Made by `benchmarks/int8.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, on {cpu}, {os.cpu_count()} cores, {'with' if vnni else 'without'} VNNI. "
        "Networks as `models quantize` writes them, the first layer in fp32", "unless `--keep` says otherwise, ranges by percentile 99.99 of 256 training images unless `--method` does. Cosine of embeddings on CIFAR-10's 2,000 test "
        "images; linear probes (one L2, chosen on", "fp32) fitted on 10,000 training images, or 2,000 for networks on 224 pixels, with 95 % bootstrap intervals, that of the loss in pairs. Speed without decoding: batches of 8, all "
        "cores, medians of 7 turns each.", "Passed: mean cosine at least 0.99, at most 0.5 points lost.", "", *head, *real, "",
        "Random weights, which tell of speed alone (16 images to calibrate on, 16 held out):", "", *head, *random, *[line for text in left_out for line in ("", text)], ""])
    if options.output:
        Path(options.output).parent.mkdir(parents=True, exist_ok=True)
        Path(options.output).write_text(table)
    print(table)


if __name__ == "__main__":
    main()
