#!/usr/bin/env python3
"""What transfer buys: CIFAR-10 from an ImageNet ResNet-50's first three stages, frozen, fine-tuned and without its weights.

    ONNXTRANSFER_TESTDATA=... python3 benchmarks/transfer.py [DATA] [--limit 200] [--output benchmarks/results/<cpu>/transfer.md]

DATA is a folder with train/CLASS and test/CLASS (default: cifar10 of ONNXTRANSFER_TESTDATA, which also holds the backbone).
Fine-tuned is what follows --unfreeze-after: one unit of stage 3, whose input of 14 x 14 x 1,024 values an image is cached
(0.8 MB an image: 1.6 GB for 2,000). From scratch the same architecture is trained at --scratch-size pixels, on which an image takes a twelfth
of the time. About 25 minutes on two quiet cores. Interrupted, it goes on where it was: the cache keeps embeddings, transfer.json
beside it the answers of every finished training. Wants eng/build.sh to have run; needs no Python packages.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def manifest(data, limit, test_limit, path):
    """The first images of every class, by name, as a manifest with splits."""
    lines = ["path,label,split"]
    for split, count in (("train", limit), ("test", test_limit)):
        for folder in sorted(entry for entry in (data / split).iterdir() if entry.is_dir()):
            lines += [f"{file.resolve()},{folder.name},{split}" for file in sorted(folder.iterdir())[:count]]
    path.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder with train/CLASS and test/CLASS (default: cifar10 of ONNXTRANSFER_TESTDATA)")
    parser.add_argument("--backbone", help=".onnx file with its description (default: resnet50v2-stage3-imagenet of ONNXTRANSFER_TESTDATA)")
    parser.add_argument("--unfreeze-after", default="stage3_unit5_add", help="fine-tune what follows this tensor")
    parser.add_argument("--limit", type=int, default=200, help="train images of each class")
    parser.add_argument("--test-limit", type=int, default=100, help="test images of each class")
    parser.add_argument("--scratch-size", default="64x64", help="rows and columns of the input from scratch")
    parser.add_argument("--scratch-epochs", default="15")
    parser.add_argument("--epochs", default="6")
    parser.add_argument("--shares", default="1,5,10,25,100")
    parser.add_argument("--cache", type=Path, default=ROOT / "artifacts/benchmarks/transfer-cache", help="folder that keeps embeddings, activations and answers")
    parser.add_argument("--output", help="file for the page (default: the table goes to standard output alone)")
    options = parser.parse_args()
    shared = os.environ.get("ONNXTRANSFER_TESTDATA")
    if not shared and not (options.data and options.backbone):
        sys.exit("transfer.py: ONNXTRANSFER_TESTDATA is not set; it names the folder with cifar10/ and models/: set it, or give DATA and --backbone")
    data = options.data or Path(shared) / "cifar10"
    backbone = options.backbone or f"{shared}/models/resnet50v2-stage3-imagenet.onnx"
    options.cache.mkdir(parents=True, exist_ok=True)
    table = options.cache / f"{options.limit}-{options.test_limit}.csv"
    manifest(data, options.limit, options.test_limit, table)
    command = [
        str(ROOT / "artifacts/onnxtransfer"), "evaluate", "--transfer", str(table), "--backbone", backbone, "--cache", str(options.cache), "--shares", options.shares,
        "--unfreeze-after", options.unfreeze_after, "--epochs", options.epochs, "--least-steps", "60", "--validation", "0.1",
        "--scratch-size", options.scratch_size, "--scratch-epochs", options.scratch_epochs,
        *(["--markdown", options.output] if options.output else [])]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
