#!/usr/bin/env python3
"""augment_torchvision.py [SECONDS]: torchvision augments PIL images as the benchmark class Augment does, on one thread. Prints one
JSON line: median milliseconds of CPU time per image, by recipe and size. PIL to bytes is counted, as a backbone needs bytes."""
import json
import statistics
import sys
import time

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode


class CutOut:
    """DeVries and Taylor 2017: a black square around a pixel of the whole image."""

    def __init__(self, side):
        self.side = side

    def __call__(self, image):
        x, y = np.random.randint(image.width), np.random.randint(image.height)
        half = self.side // 2
        image.paste((0, 0, 0), (max(0, x - half), max(0, y - half), min(image.width, x + half), min(image.height, y + half)))
        return image


def recipes(side, plain):
    crop = transforms.RandomResizedCrop(side, scale=(0.5, 1))
    rotate = transforms.RandomRotation(15, InterpolationMode.BILINEAR)
    colour = transforms.ColorJitter(0.2, 0.2, 0.2)
    return {
        "none": plain,
        "crop:0.5-1": [crop],
        "flip:1": [*plain, transforms.RandomHorizontalFlip(1)],
        "rotate:15": [*plain, rotate],
        "color:0.2": [*plain, colour],
        "hue:0.1": [*plain, transforms.ColorJitter(hue=0.1)],
        "cutout:0.25": [*plain, CutOut(side // 2)],
        "crop:0.5-1,flip,rotate:15,color:0.2": [crop, transforms.RandomHorizontalFlip(), rotate, colour],
        "pad:4,flip,cutout:16px": [*plain, transforms.RandomCrop(side, padding=4), transforms.RandomHorizontalFlip(), CutOut(16)],
    }


def scene(width, height):
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x * 5 + y * 9) % 256], axis=-1)
    return Image.fromarray(rgb.astype(np.uint8))


def milliseconds(work, image, seconds):
    work(image.copy()).tobytes()
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        fresh = image.copy()  # not timed: cut-out writes into its image where nothing else did before
        start = time.process_time()
        work(fresh).tobytes()
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def main():
    torch.set_num_threads(1)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    found = {}
    for size, image, side, plain in [("Photo224", scene(640, 480), 224, [transforms.Resize(256), transforms.CenterCrop(224)]), ("Cifar32", scene(32, 32), 32, [])]:
        for text, steps in recipes(side, plain).items():
            found[f"{size} {text}"] = milliseconds(transforms.Compose(steps), image, seconds)
    print(json.dumps({"peer": f"torchvision {torchvision.__version__}, Pillow {PIL.__version__}", "milliseconds": found}))


if __name__ == "__main__":
    main()
