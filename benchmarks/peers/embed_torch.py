#!/usr/bin/env python3
"""embed_torch.py NETWORK SEED FOLDER MODE [BATCH]: PyTorch does what `onnxtransfer embed` does: the JPEG files of FOLDER, read, decoded
by Pillow, resized and cropped by torchvision in the workers of a DataLoader, one worker a core, and embedded by one of models/export.py's
networks with random weights of SEED. MODE is eager, or compiled: torch.compile where there is one (PyTorch 2), else torch.jit's
optimize_for_inference; compiled is in channels_last. Threads as PyTorch chooses them: a core each. Prints one JSON line: images a second
from the first batch asked for to the last one embedded, the network being loaded and warmed up beforehand, and the first
embedding."""
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

from blas import blas

ROOT = Path(__file__).resolve().parents[2]


def exporter():
    spec = importlib.util.spec_from_file_location("export", ROOT / "models/export.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Embedding(torch.nn.Module):
    """The last layer before the classifier, and nothing behind it."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)[-2].flatten(1)


class Photos(torch.utils.data.Dataset):
    """What a user of torchvision writes."""

    def __init__(self, folder):
        self.files = sorted(Path(folder).rglob("*.jpg"))
        self.prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
                                           transforms.Normalize([.485, .456, .406], [.229, .224, .225])])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as image:
            return self.prepare(image.convert("RGB"))


def compiled(net, example):
    if hasattr(torch, "compile"):
        return torch.compile(net.to(memory_format=torch.channels_last)), "torch.compile"
    traced = torch.jit.freeze(torch.jit.trace(net.to(memory_format=torch.channels_last), example))
    return torch.jit.optimize_for_inference(traced), "torch.jit optimize_for_inference"


def main():
    network, seed, folder, mode = sys.argv[1:5]
    batch = int(sys.argv[5]) if len(sys.argv) > 5 else 32
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    photos = Photos(folder)
    batch = min(batch, len(photos))
    net = Embedding(exporter().build(network, "none", int(seed), 224)[0]).eval()
    how = "eager"
    example = torch.stack([photos[0]] * batch)
    with torch.inference_mode():
        if mode == "compiled":
            example = example.contiguous(memory_format=torch.channels_last)
            net, how = compiled(net, example)
        for _ in range(2):
            net(example)
        # A last short batch would make the compiled network adapt itself anew: left out, as it is for the others.
        loader = torch.utils.data.DataLoader(photos, batch_size=batch, num_workers=cores, drop_last=True)
        start, count, first = time.perf_counter(), 0, None
        for x in loader:
            embedded = net(x.contiguous(memory_format=torch.channels_last) if mode == "compiled" else x)
            count += len(embedded)
            first = embedded[0].tolist() if first is None else first
        seconds = time.perf_counter() - start
    print(json.dumps({"peer": f"PyTorch {torch.__version__}, {how}, {blas()}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}, {cores} workers, batch {batch}",
                      "imagesPerSecond": count / seconds, "images": count, "seconds": seconds, "first": first}))


if __name__ == "__main__":
    main()
