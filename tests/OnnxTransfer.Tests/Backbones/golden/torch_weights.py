#!/usr/bin/env python3
"""torch_weights.py FOLDER: exports of weights that are not random, without a network.

Random ResNets stand in for published weights: as if downloaded before, and as files of weights in the
shapes that people save. Writes v2.onnx, flowers.onnx (5 classes) and refused.txt, what export.py says of
files that do not fit, a line each.
"""
import contextlib
import io
import os
import sys
from pathlib import Path

folder = Path(sys.argv[1])
os.environ["TORCH_HOME"] = str(folder / "torch")
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "models"))
import torch  # noqa: E402
from torchvision import models  # noqa: E402

import export  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(5)


def run(*arguments):
    export.main([*arguments, "--input", "64", "--quiet"])


def save(value, name):
    torch.save(value, folder / name)
    return str(folder / name)


cache = folder / "torch" / "hub" / "checkpoints"
cache.mkdir(parents=True)
torch.save(models.resnet50().state_dict(), cache / Path(models.ResNet50_Weights.IMAGENET1K_V2.url).name)
run("resnet50", "--weights", "V2", "--output", str(folder / "v2.onnx"))

flowers = models.resnet18(num_classes=5).state_dict()
saved = save({"state_dict": {f"module.{key}": value for key, value in flowers.items()}, "epoch": 3}, "flowers.pth")
run("resnet18", "--weights", saved, "--output", str(folder / "flowers.onnx"))

short = {key: value for key, value in flowers.items() if key != "layer4.1.bn2.bias"}
short["conv1.weight"] = short["conv1.weight"][:, :1]
short["head.weight"] = torch.zeros(2)
refused = []
for file in (save(short, "short.pth"), save(models.resnet18(), "whole.pth"), save([1, 2], "list.pth")):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run("resnet18", "--weights", file, "--output", str(folder / "never.onnx"))
        refused.append("not refused")
    except SystemExit as e:
        refused.append(str(e).replace("\n", " / ").replace(str(folder) + os.sep, ""))
(folder / "refused.txt").write_text("\n".join(refused), encoding="utf-8")
