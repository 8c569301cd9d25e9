#!/usr/bin/python3
"""Makes augmented.json: sha256 of pseudo-random images after augmentations by Pillow and torchvision.

Run from anywhere. Versions used: Pillow 9.4.0, torchvision 0.14.1, numpy 1.24 (Debian 12). No pixels are stored.
Cut-out is DeVries and Taylor's own code (github.com/uoguelph-mlrg/Cutout, util/cutout.py), written out below.
"""
import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

FILTERS = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
GREY = [127, 130, 7]


def noise(width, height, seed):
    """The bytes of a linear congruential generator; the tests make the same."""
    count, state, out = width * height * 3, seed, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return Image.frombytes("RGB", (width, height), bytes(out))


def cutout(image, x, y, length, fill):
    a = np.array(image)
    h, w = a.shape[:2]
    y1, y2 = np.clip(y - length // 2, 0, h), np.clip(y + length // 2, 0, h)
    x1, x2 = np.clip(x - length // 2, 0, w), np.clip(x + length // 2, 0, w)
    a[y1:y2, x1:x2] = fill
    return Image.fromarray(a)


def main():
    cases = []

    def add(operation, width, height, result, *numbers, text=""):
        cases.append({"Operation": operation, "Width": width, "Height": height, "Seed": len(cases) + 1, "Numbers": list(numbers), "Text": text,
                      "Pixels": hashlib.sha256(result.tobytes()).hexdigest()})

    def image(width, height):
        return noise(width, height, len(cases) + 1)

    for width, height in [(32, 32), (37, 29), (1, 5)]:
        add("flip", width, height, F.hflip(image(width, height)))
        add("vflip", width, height, F.vflip(image(width, height)))
        for pad, left, top in [(4, 0, 0), (4, 8, 3), (4, 4, 4), (1, 2, 0)] + ([(40, 0, 80), (40, 41, 39)] if width > 1 else []):
            black = F.pad(image(width, height), pad, fill=0)
            add("pad", width, height, F.crop(black, top, left, height, width), pad, left, top)
            filled = F.pad(image(width, height), pad, fill=tuple(GREY))
            add("padFilled", width, height, F.crop(filled, top, left, height, width), pad, left, top)
            if width > 1:
                mirrored = np.pad(np.asarray(image(width, height)), ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
                add("padReflected", width, height, F.crop(Image.fromarray(mirrored), top, left, height, width), pad, left, top)
        for x, y, side in [(0, 0, 8), (width - 1, height - 1, 15), (width // 2, height // 2, 6), (0, 2, 400)]:
            add("cutOut", width, height, cutout(image(width, height), x, y, side, GREY), x, y, side)

    # angle, right, down, zoom, shear
    maps = [(0, 0, 0, 1, 0), (15, 0, 0, 1, 0), (-7.3, 0, 0, 1, 0), (90, 0, 0, 1, 0), (180, 0, 0, 1, 0), (0, 3, -2, 1, 0), (0, 40, 0, 1, 0), (0, 0, 0, 0.8, 0), (0, 0, 0, 1.27, 0),
            (0, 0, 0, 1, 10), (0, 0, 0, 1, -33.5), (12.25, -2, 3, 1.1, 8.5), (-163.1, 1, 1, 0.37, -20), (3, 0, 2, 4.5, 1)]
    for width, height in [(32, 32), (37, 29), (224, 224), (1, 3)]:
        for angle, right, down, zoom, shear in maps:
            for fill in [[0, 0, 0], GREY]:
                mapped = F.affine(image(width, height), angle, [right, down], zoom, [shear, 0.0], InterpolationMode.BILINEAR, fill)
                add("affine", width, height, mapped, angle, right, down, zoom, shear, *fill)

    for width, height in [(32, 32), (37, 29), (113, 90)]:
        for factor in [0, 0.2, 0.3333333333333333, 0.8, 0.999, 1, 1.001, 1.2, 1.75, 2.5, 11]:
            add("brightness", width, height, F.adjust_brightness(image(width, height), factor), factor)
            add("contrast", width, height, F.adjust_contrast(image(width, height), factor), factor)
            add("saturation", width, height, F.adjust_saturation(image(width, height), factor), factor)
        for turn in [-0.5, -0.31, -0.1, -0.003, 0, 0.003, 0.05, 0.123456789, 0.25, 0.499, 0.5]:
            add("hue", width, height, F.adjust_hue(image(width, height), turn), turn)
    add("hue", 400, 300, F.adjust_hue(image(400, 300), 0.07), 0.07)

    # left, top, width, height of the window; columns and rows of the result
    for width, height, window, size in [(64, 48, (3, 5, 20, 17), (32, 32)), (64, 48, (0, 0, 64, 48), (32, 32)), (64, 48, (63, 47, 1, 1), (8, 9)), (64, 48, (10, 0, 32, 32), (32, 32)),
                                        (64, 48, (40, 1, 24, 47), (96, 80)), (500, 375, (31, 60, 333, 251), (224, 224))]:
        for name, interpolation in FILTERS.items():
            left, top, columns, rows = window
            add("crop", width, height, F.resized_crop(image(width, height), top, left, rows, columns, [size[1], size[0]], interpolation), *window, *size, text=name)

    path = Path(__file__).parent / "augmented.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


main()
