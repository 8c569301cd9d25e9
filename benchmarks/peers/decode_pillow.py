#!/usr/bin/env python3
"""decode_pillow.py FOLDER [SECONDS]: Pillow decodes the photos that `OnnxTransfer.Benchmarks photos FOLDER` wrote, and resizes
and crops them to 224 x 224, on one thread. Prints one JSON line: median milliseconds of CPU time per
image, by photo and work."""
import io
import json
import statistics
import sys
import time
from pathlib import Path

import PIL
from PIL import Image, features


def decode(encoded):
    image = Image.open(io.BytesIO(encoded))
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def decode_resize_crop(encoded):
    image = decode(encoded)
    shorter = min(image.size)
    width, height = (int(256 * side / shorter) for side in image.size)
    image = image.resize((width, height), Image.BILINEAR)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    return image.crop((left, top, left + 224, top + 224)).tobytes()


def milliseconds(work, encoded, seconds):
    work(encoded)
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.process_time()
        work(encoded)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def main():
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 2
    found = {}
    for path in sorted(folder.iterdir()):
        for name, work in (("DecodeOnly", decode), ("DecodeResizeCrop", decode_resize_crop)):
            found[f"{name} {path.stem}"] = milliseconds(work, path.read_bytes(), seconds)
    print(json.dumps({"peer": f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}", "milliseconds": found}))


if __name__ == "__main__":
    main()
