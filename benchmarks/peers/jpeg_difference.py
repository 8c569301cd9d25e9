#!/usr/bin/env python3
"""jpeg_difference.py BENCHMARKS FOLDER: how far the ways to decode JPEG are from Pillow, after resizing the shorter side to 256
and cropping to 224 x 224. BENCHMARKS is OnnxTransfer.Benchmarks.dll, FOLDER holds photos (jpg, jpeg). Prints a table: mean and
largest absolute difference of all bytes, 0 to 255; a way that this machine does not have is named with its reason."""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def pillow(path):
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    width, height = image.size
    shorter = min(image.size)
    image = image.resize((int(256 * width / shorter), int(256 * height / shorter)), Image.BILINEAR)
    left, top = round((image.width - 224) / 2), round((image.height - 224) / 2)
    return np.asarray(image.crop((left, top, left + 224, top + 224)), np.int16)


def main():
    benchmarks, photos = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        links, out = Path(work) / "photos", Path(work) / "pixels"
        links.mkdir()
        out.mkdir()
        for path in sorted(photos.iterdir()):
            if path.suffix.lower() in (".jpg", ".jpeg"):
                (links / path.name).symlink_to(path.resolve())
        expected = {path.name: pillow(path) for path in sorted(links.iterdir())}
        print("| decoding | photo | decoder | mean difference | largest |\n|:--|:--|:--|--:|--:|")
        for way in ("exact", "scaled", "gpu"):
            run = subprocess.run(["dotnet", benchmarks, "pixels", way, str(links), str(out)], capture_output=True, text=True)
            if run.returncode != 0:
                print(f"| {way} | - | {run.stderr.strip()} | - | - |")
                continue
            for line in run.stdout.splitlines():
                name, decoder = line.split("\t")
                found = np.fromfile(out / f"{name}.rgb", np.uint8).reshape(224, 224, 3).astype(np.int16)
                difference = np.abs(found - expected[name])
                print(f"| {way} | {name} | {decoder} | {difference.mean():.3f} | {difference.max()} |")


if __name__ == "__main__":
    main()
