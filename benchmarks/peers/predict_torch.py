#!/usr/bin/env python3
"""One photo to its answer by PyTorch: what `onnxtransfer predict` and ImageModel.Predict do.

    predict_torch.py save MODEL.pt            ResNet-18 with random weights, traced and frozen for inference
    predict_torch.py once MODEL.pt PHOTO      a whole process: imports, load, decode, run, print; no torchvision, which nobody needs here
    predict_torch.py calls eager|jit MODEL.pt PHOTO CALLS    in one process; one JSON line of milliseconds
"""
import json
import sys
import time


def read(photo):
    import numpy
    from PIL import Image
    image = Image.open(photo).convert("RGB")
    shorter = min(image.size)
    width, height = (int(256 * side / shorter) for side in image.size)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    return numpy.asarray(image.resize((width, height), Image.BILINEAR).crop((left, top, left + 224, top + 224)))


def answer(model, photo):
    pixels = torch.from_numpy(read(photo).copy()).permute(2, 0, 1).unsqueeze(0).float().div_(255)
    return model((pixels - MEAN) / STD).softmax(1)[0].topk(1)


def untrained():
    import torchvision
    torch.manual_seed(7)
    network = torchvision.models.resnet18(weights=None)
    network.fc = torch.nn.Linear(512, 10)
    return network.eval()


def save(file):
    torch.jit.freeze(torch.jit.trace(untrained(), torch.zeros(1, 3, 224, 224))).save(file)


def calls(kind, file, photo, count):
    start = time.perf_counter()
    # What optimize_for_inference makes cannot be saved, so that it is for those who stay.
    model = untrained() if kind == "eager" else torch.jit.optimize_for_inference(torch.jit.load(file))
    loaded = time.perf_counter()
    answer(model, photo)
    first = time.perf_counter() - loaded
    times = []
    for i in range(count + count // 10):
        begin = time.perf_counter()
        answer(model, photo)
        times.append(1000 * (time.perf_counter() - begin))
    times = sorted(times[count // 10:])
    print(json.dumps({"peer": f"PyTorch {torch.__version__}", "load": 1000 * (loaded - start), "first": 1000 * first,
                      "median": times[count // 2], "p99": times[count * 99 // 100]}))


import torch  # noqa: E402: its import is part of what a process costs, and is needed by everything below
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
with torch.inference_mode():
    if sys.argv[1] == "save":
        with torch.inference_mode(False), torch.no_grad():
            save(sys.argv[2])
    elif sys.argv[1] == "once":
        value, index = answer(torch.jit.load(sys.argv[2]), sys.argv[3])
        print(f"{sys.argv[3]}\tclass {index.item()} {value.item():.2f}")
    else:
        calls(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
