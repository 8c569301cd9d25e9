#!/usr/bin/python3
"""Makes scaled.json: JPEG images decoded at 1/2, 1/4 and 1/8 by Pillow's draft mode, which sets libjpeg's scale.

Versions used: Pillow 9.4.0, libjpeg-turbo 2.1.5 (Debian 12).
"""
import hashlib
import json
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
FILES = ["jpeg_420.jpg", "jpeg_422.jpg", "jpeg_444.jpg", "jpeg_grey.jpg", "jpeg_progressive.jpg", "jpeg_restarts.jpg"]


def scaled(file, scale):
    image = Image.open(HERE / "images" / file)
    image.draft(None, tuple(side // scale for side in image.size))
    shorter, pixels = min(image.size), image.convert("RGB")
    return {"File": file, "LeastSide": shorter, "Width": image.width, "Height": image.height,
            "Pixels": hashlib.sha256(pixels.tobytes()).hexdigest()}


rows = [scaled(file, scale) for file in FILES for scale in (1, 2, 4, 8)]
(HERE / "scaled.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
