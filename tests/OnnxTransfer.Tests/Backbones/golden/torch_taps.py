#!/usr/bin/env python3
"""torch_taps.py FOLDER NAME SIDE SEED: what PyTorch gives at every tap of a network with random weights.

Exports the network by models/export.py to FOLDER/NAME.onnx and writes, all from SEED: pixels.u8, two
random images, uint8 [2,SIDE,SIDE,3]; TAP.f32, the whole maps of every tap for them, float32; taps.json
with their shapes and the versions. The maps are taken by hooks from torchvision's own network as it runs
by itself, so that nothing export.py does to it is part of the reference, only the random weights are.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "models"))
import export  # noqa: E402

torch.set_num_threads(1)


def places(net, name):
    """The module of torchvision whose output each tap is."""
    if not name.startswith("vgg"):
        return {"stem": net.maxpool, "layer1": net.layer1, "layer2": net.layer2, "layer3": net.layer3, "layer4": net.layer4,
                "avgpool": net.avgpool}
    pools = [m for m in net.features if isinstance(m, nn.MaxPool2d)]
    return {**{f"block{i + 1}": m for i, m in enumerate(pools)}, "avgpool": net.avgpool,
            "fc6": net.classifier[1], "fc7": net.classifier[4]}


@torch.no_grad()
def main(folder, name, side, seed):
    folder = Path(folder)
    export.main([name, "--weights", "none", "--seed", seed, "--input", side, "--output", str(folder / f"{name}.onnx")])
    torch.manual_seed(int(seed))
    net = torchvision.models.get_model(name, weights=None)
    export.randomise(net)
    net.eval()
    maps = {}
    for tap, module in places(net, name).items():
        module.register_forward_hook(lambda m, x, y, tap=tap: maps.__setitem__(tap, y.clone()))
    pixels = np.random.RandomState(int(seed)).randint(0, 256, (2, int(side), int(side), 3), np.uint8)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([.485, .456, .406], [.229, .224, .225]))
    net((torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - mean) / std)
    pixels.tofile(folder / "pixels.u8")
    for tap, values in maps.items():
        if name.startswith("vgg") or tap != "avgpool":
            shape = list(values.shape[1:])
        else:
            shape = [values.shape[1]]        # [N,C,1,1] in torchvision's own network
        values.numpy().tofile(folder / f"{tap}.f32")
        maps[tap] = shape
    versions = {"torch": str(torch.__version__), "torchvision": str(torchvision.__version__)}
    (folder / "taps.json").write_text(json.dumps({"taps": maps, **versions}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
