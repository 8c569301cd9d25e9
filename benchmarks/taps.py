#!/usr/bin/env python3
"""One tap against several: linear probes on CIFAR-10 (1,000 training and 200 test images a class), on frozen ImageNet backbones.

    ONNXTRANSFER_TESTDATA=... python3 benchmarks/taps.py [--cache FOLDER] [--output benchmarks/results/amd-epyc/taps.md]

ONNXTRANSFER_TESTDATA names a folder with cifar10/{train,test}/CLASS and models/*.onnx. A quarter of an hour on two cores; the
cache keeps what is embedded, so that a second run only fits. Wants eng/build.sh to have run; needs no Python packages.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESNET = "resnet50v2-stage3-imagenet"
SQUEEZENET = "squeezenet1.1-imagenet"
PROBES = [  # backbone, taps, further options
    (RESNET, "features", []),
    (RESNET, "features", ["--l2-normalize"]),
    (RESNET, "stage1,stage2,stage3", []),
    (RESNET, "stage2,stage3,features", []),
    (RESNET, "stage2,stage3,features", ["--l2-normalize"]),
    (SQUEEZENET, "fire9", []),
    (SQUEEZENET, "fire9", ["--l2-normalize"]),
    (SQUEEZENET, "fire9", ["--pooling", "both"]),
    (SQUEEZENET, "fire3,fire5,fire9", []),
    (SQUEEZENET, "fire3,fire5,fire9", ["--l2-normalize"]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", default=str(ROOT / "artifacts/benchmarks/taps-cache"), help="folder that keeps embeddings")
    parser.add_argument("--output", help="file for the table (default: standard output)")
    options = parser.parse_args()
    if not (data := os.environ.get("ONNXTRANSFER_TESTDATA")):
        sys.exit("taps.py: ONNXTRANSFER_TESTDATA is not set; it names the folder with cifar10/ and models/")

    rows = []
    for backbone, taps, further in PROBES:
        run = subprocess.run(
            [str(ROOT / "artifacts/onnxtransfer"), "train", f"{data}/cifar10", "--backbone", f"{data}/models/{backbone}.onnx",
             "--tap", taps, "--cache", options.cache, "--json", *further], stdout=subprocess.PIPE, check=True)
        found = json.loads(run.stdout)
        rows.append(f"| {backbone} | {taps.replace(',', ', ')} | {' '.join(further)} | {found['width']} | {found['accuracy']:.4f} | "
                    f"{found['accuracyLow']:.4f} to {found['accuracyHigh']:.4f} |")
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    table = "\n".join([
        "# One tap against several", "",
        f"Made by `benchmarks/taps.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}. Linear probes (logistic regression, L2 "
        "chosen on a fifth of the training images) on CIFAR-10,", "10,000 training and 2,000 test images enlarged to 224; accuracy on the test images with its "
        "95 % bootstrap interval.", "",
        "| backbone | taps | options | width | accuracy | interval |", "|---|---|---|--:|--:|---|", *rows, ""])
    if options.output:
        Path(options.output).write_text(table)
    print(table)


if __name__ == "__main__":
    main()
