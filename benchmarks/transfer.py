#!/usr/bin/env python3
"""What transfer buys: CIFAR-10 from an ImageNet ResNet-50's first three stages, frozen, fine-tuned and without its weights.

    ONNXTRANSFER_TESTDATA=... python3 benchmarks/transfer.py [DATA] [--limit 1000] [--output benchmarks/results/<cpu>/transfer.md]

DATA is a folder with train/CLASS and test/CLASS (default: cifar10 of ONNXTRANSFER_TESTDATA, which also holds the backbone). The
backbone reads 64 x 64 pixels instead of 224 x 224: images of 32 x 32 hold no more. Fine-tuned is stage 3, whose input of
8 x 8 x 512 values is cached for every image and its mirrored view (0.13 MB each: 2.6 GB for 10,000 images). From scratch the
same architecture is trained at --scratch-size pixels. Forty minutes on two quiet cores. Interrupted, it goes on where it
was: the cache keeps embeddings, transfer.json beside it the answers of every finished training. Wants eng/build.sh to have run, and
Python's onnx.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parent.parent


def at_size(backbone, size, folder, program):
    """The backbone with another input size, its description beside it: the same weights, which a network that pools over all places allows."""
    path = folder / f"{Path(backbone).stem}-{size}.onnx"
    if not path.with_suffix(".json").exists():
        model = onnx.load(backbone)
        for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
            dim.dim_value = size
        del model.graph.value_info[:]
        onnx.save(model, path)
        subprocess.run([program, "models", "import", str(path), "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"], check=True, stdout=sys.stderr)
    return path


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
    parser.add_argument("--backbone", help=".onnx file of a network that pools over all places and reads pixels normalised as ImageNet's (default: resnet50v2-stage3-imagenet of ONNXTRANSFER_TESTDATA)")
    parser.add_argument("--unfreeze-after", default="stage2_unit4_add", help="fine-tune what follows this tensor")
    parser.add_argument("--size", type=int, default=64, help="rows and columns of the backbone's input")
    parser.add_argument("--limit", type=int, default=1000, help="train images of each class")
    parser.add_argument("--test-limit", type=int, default=200, help="test images of each class")
    parser.add_argument("--scratch-size", default="32x32", help="rows and columns of the input from scratch")
    parser.add_argument("--scratch-epochs", default="10")
    parser.add_argument("--epochs", default="4")
    parser.add_argument("--shares", default="1,5,10,25,100")
    parser.add_argument("--work", type=Path, default=ROOT / "artifacts/transfer", help="folder for the backbone of that size, the embeddings, activations and answers")
    parser.add_argument("--output", help="file for the page (default: the table goes to standard output alone)")
    options = parser.parse_args()
    shared = os.environ.get("ONNXTRANSFER_TESTDATA")
    if not shared and not (options.data and options.backbone):
        sys.exit("transfer.py: ONNXTRANSFER_TESTDATA is not set; it names the folder with cifar10/ and models/: set it, or give DATA and --backbone")
    data = options.data or Path(shared) / "cifar10"
    backbone = options.backbone or f"{shared}/models/resnet50v2-stage3-imagenet.onnx"
    program = str(ROOT / "artifacts/onnxtransfer")
    options.work.mkdir(parents=True, exist_ok=True)
    backbone = at_size(backbone, options.size, options.work, program)
    table = options.work / f"{options.limit}-{options.test_limit}.csv"
    manifest(data, options.limit, options.test_limit, table)
    command = [
        program, "evaluate", "--transfer", str(table), "--backbone", str(backbone), "--cache", str(options.work / "cache"), "--shares", options.shares,
        "--unfreeze-after", options.unfreeze_after, "--epochs", options.epochs, "--learning-rate", "5e-4", "--least-steps", "60", "--validation", "0.1",
        "--views", "1", "--augment", "flip", "--scratch-size", options.scratch_size, "--scratch-epochs", options.scratch_epochs,
        *(["--markdown", options.output] if options.output else [])]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
