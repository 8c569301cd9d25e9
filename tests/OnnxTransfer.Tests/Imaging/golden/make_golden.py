#!/usr/bin/python3
"""Makes the golden files of the Imaging tests with Pillow and torchvision.

Run from anywhere: make_golden.py [folder with photos]
Versions used: Pillow 9.4.0, torchvision 0.14.1, libjpeg-turbo 2.1.5 (Debian 12).

images/            small encoded images of every format
images.json        their upright RGB pixels as Pillow sees them, and after preprocessing: size and sha256
resize.json        sha256 of resized pseudo-random images; no pixels are stored
photos.json        sha256 after preprocessing of the photos in the folder given
*.rgb              a few results as raw bytes, to look at when a hash differs
"""
import ctypes
import hashlib
import io
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import InterpolationMode

HERE = Path(__file__).parent
IMAGES = HERE / "images"
FILTERS = {"bilinear": (InterpolationMode.BILINEAR, Image.BILINEAR), "bicubic": (InterpolationMode.BICUBIC, Image.BICUBIC)}


def picture(width=37, height=29):
    """Gradients with a few hard edges, so that orientation, chroma and filters all show."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x * 5 + y * 9) % 256], axis=-1)
    rgb[5:12, 7:19] = [250, 20, 30]
    rgb[15:25, 20:23] = [10, 240, 235]
    return Image.fromarray(rgb.astype(np.uint8))


def noise(width, height, seed):
    """The bytes of a linear congruential generator; the tests make the same."""
    count, state, out = width * height * 3, seed, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return Image.frombytes("RGB", (width, height), bytes(out))


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


def ycck(image):
    """Pillow cannot write YCCK; libjpeg-turbo makes it of CMYK input by itself."""
    lib = ctypes.CDLL("libturbojpeg.so.0")
    lib.tjInitCompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(lib.tjInitCompress())
    inks = np.ascontiguousarray(255 - np.asarray(image.convert("CMYK")))
    out, size = ctypes.c_void_p(), ctypes.c_ulong()
    rc = lib.tjCompress2(handle, inks.ctypes.data_as(ctypes.c_void_p), image.width, 0, image.height, 11,
                         ctypes.byref(out), ctypes.byref(size), 0, 90, 0)
    assert rc == 0
    return ctypes.string_at(out, size.value)


def png(width, height, depth, colour, rows):
    """A PNG of kinds that Pillow does not write."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def png_interlaced(image):
    """Adam7 by hand: Pillow reads but does not write it."""
    a = np.asarray(image)
    data = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for row in a[y0::dy, x0::dx]:
            data += b"\0" + row.tobytes()
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def bmp16(image, masks):
    """16 bits a pixel: 5-5-5 without masks, 5-6-5 with."""
    a = np.asarray(image).astype(np.uint32)
    if masks:
        v = (a[..., 0] >> 3 << 11) | (a[..., 1] >> 2 << 5) | (a[..., 2] >> 3)
    else:
        v = (a[..., 0] >> 3 << 10) | (a[..., 1] >> 3 << 5) | (a[..., 2] >> 3)
    stride = (image.width * 2 + 3) // 4 * 4
    rows = b"".join(row.astype("<u2").tobytes().ljust(stride, b"\0") for row in v[::-1])
    extra = struct.pack("<III", 0xF800, 0x07E0, 0x001F) if masks else b""
    offset = 54 + len(extra)
    info = struct.pack("<IiiHHIIiiII", 40, image.width, image.height, 1, 16, 3 if masks else 0, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + extra + rows


def bmp_top_down(image):
    a = np.asarray(image)[..., ::-1]
    stride = (image.width * 3 + 3) // 4 * 4
    rows = b"".join(row.tobytes().ljust(stride, b"\0") for row in a)
    info = struct.pack("<IiiHHIIiiII", 40, image.width, -image.height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + info + rows


def bmp4(image):
    p = image.quantize(16)
    a = np.asarray(p)
    stride = (image.width + 7) // 8 * 4
    rows = b""
    for row in a[::-1]:
        row = np.append(row, [0] * (len(row) % 2)).astype(np.uint8)
        rows += (row[0::2] << 4 | row[1::2]).tobytes().ljust(stride, b"\0")
    colours = p.getpalette()[:48]
    colours += [0] * (48 - len(colours))
    palette = b"".join(bytes([colours[i + 2], colours[i + 1], colours[i], 0]) for i in range(0, 48, 3))
    info = struct.pack("<IiiHHIIiiII", 40, image.width, image.height, 1, 4, 0, len(rows), 0, 0, 16, 0)
    return b"BM" + struct.pack("<IHHI", 118 + len(rows), 0, 0, 118) + info + palette + rows


def encoded_images():
    rgb = picture()
    y, x = np.mgrid[0:29, 0:37]
    alpha = Image.fromarray(((x * 7 + y * 3) % 256).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey = rgb.convert("L")
    la = grey.copy()
    la.putalpha(alpha)

    def save(image, kind, **options):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    for name, s in [("444", 0), ("422", 1), ("420", 2)]:
        yield f"jpeg_{name}.jpg", save(rgb, "JPEG", quality=90, subsampling=s)
    yield "jpeg_progressive.jpg", save(rgb, "JPEG", quality=85, progressive=True)
    yield "jpeg_grey.jpg", save(grey, "JPEG", quality=90)
    yield "jpeg_cmyk.jpg", save(rgb.convert("CMYK"), "JPEG", quality=90)
    yield "jpeg_ycck.jpg", ycck(rgb)
    yield "jpeg_restarts.jpg", restarts(rgb)
    for o in range(1, 9):
        yield f"jpeg_exif{o}.jpg", save(rgb, "JPEG", quality=80, exif=exif(o))

    yield "png_rgb.png", save(rgb, "PNG")
    yield "png_rgba.png", save(rgba, "PNG")
    yield "png_grey.png", save(grey, "PNG")
    yield "png_grey_alpha.png", save(la, "PNG")
    yield "png_palette.png", save(rgb.quantize(40), "PNG")
    yield "png_palette_transparent.png", save(rgb.quantize(40), "PNG", transparency=bytes(range(0, 240, 6)))
    yield "png_palette4.png", save(rgb.quantize(16), "PNG", bits=4)
    yield "png_1bit.png", save(rgb.convert("1"), "PNG")
    yield "png_grey_key.png", save(grey, "PNG", transparency=120)
    yield "png_rgb_key.png", save(rgb, "PNG", transparency=(250, 20, 30))
    yield "png_interlaced.png", png_interlaced(rgb)
    yield "png_exif6.png", save(rgb, "PNG", exif=exif(6))
    wide = np.asarray(rgb).astype(">u2") * 256 + 77
    yield "png_rgb16.png", png(37, 29, 16, 2, [row.astype(">u2").tobytes() for row in wide])
    grey16 = (np.asarray(grey).astype(np.uint32) * 256 + 200).astype(">u2")
    yield "png_grey16.png", png(37, 29, 16, 0, [row.tobytes() for row in grey16])

    yield "webp_lossy.webp", save(rgb, "WEBP", quality=80)
    yield "webp_lossless.webp", save(rgb, "WEBP", lossless=True)
    yield "webp_alpha.webp", save(rgba, "WEBP", lossless=True, exact=True)
    yield "webp_alpha_lossy.webp", save(rgba, "WEBP", quality=80)
    yield "webp_exif8.webp", save(rgb, "WEBP", quality=80, exif=exif(8))

    yield "gif.gif", save(rgb.quantize(64), "GIF")
    second = rgb.transpose(Image.ROTATE_180).quantize(64)
    yield "gif_animated.gif", save(rgb.quantize(64), "GIF", save_all=True, append_images=[second])
    yield "gif_interlaced.gif", save(rgb.quantize(32), "GIF", interlace=1)

    yield "bmp_24.bmp", save(rgb, "BMP")
    yield "bmp_32.bmp", save(rgba, "BMP")
    yield "bmp_8.bmp", save(rgb.quantize(200), "BMP")
    yield "bmp_grey.bmp", save(grey, "BMP")
    yield "bmp_1.bmp", save(rgb.convert("1"), "BMP")
    yield "bmp_4.bmp", bmp4(rgb)
    yield "bmp_16_555.bmp", bmp16(rgb, masks=False)
    yield "bmp_16_565.bmp", bmp16(rgb, masks=True)
    yield "bmp_top_down.bmp", bmp_top_down(rgb)

    yield "tiff_rgb.tif", save(rgb, "TIFF")
    yield "tiff_lzw.tif", save(rgb, "TIFF", compression="tiff_lzw")
    yield "tiff_rgba.tif", save(rgba, "TIFF")
    yield "tiff_grey.tif", save(grey, "TIFF")
    yield "tiff_cmyk.tif", save(rgb.convert("CMYK"), "TIFF")
    yield "tiff_palette.tif", save(rgb.quantize(50), "TIFF")
    yield "tiff_1bit.tif", save(rgb.convert("1"), "TIFF", compression="group4")
    yield "tiff_orientation6.tif", save(rgb, "TIFF", tiffinfo={274: 6})


def restarts(image):
    """A restart marker after every row of blocks, by libjpeg's own switch."""
    lib = ctypes.CDLL("libturbojpeg.so.0")
    import os
    os.environ["TJ_RESTART"] = "1"
    lib.tjInitCompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(lib.tjInitCompress())
    pixels = np.ascontiguousarray(np.asarray(image))
    out, size = ctypes.c_void_p(), ctypes.c_ulong()
    assert lib.tjCompress2(handle, pixels.ctypes.data_as(ctypes.c_void_p), image.width, 0, image.height, 0,
                           ctypes.byref(out), ctypes.byref(size), 2, 90, 0) == 0
    del os.environ["TJ_RESTART"]
    return ctypes.string_at(out, size.value)


def upright(data):
    """What the tests expect of an encoded image. Grey of 16 bits is scaled here: Pillow clips it to 255."""
    image = Image.open(io.BytesIO(data))
    image.load()
    if image.format != "TIFF":  # Pillow turns TIFF by itself, and exif_transpose of 9.4 would turn it again
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def sha(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def shorter_side(image, size, crop, kind):
    mode = FILTERS[kind][0]
    return transforms.CenterCrop(crop)(transforms.Resize(size, mode)(image))


def stretched(image, height, width, kind):
    return transforms.Resize((height, width), FILTERS[kind][0])(image)


def preprocessed(image, small):
    """By signature, as PixelPreprocessing writes it."""
    if small:
        yield "shorterSide 18 bilinear crop 16x16", shorter_side(image, 18, 16, "bilinear")
        yield "shorterSide 41 bicubic crop 48x48", shorter_side(image, 41, 48, "bicubic")
        yield "exact 23x50 bilinear crop 23x50", stretched(image, 23, 50, "bilinear")
    else:
        yield "shorterSide 256 bilinear crop 224x224", shorter_side(image, 256, 224, "bilinear")
        yield "shorterSide 232 bicubic crop 224x224", shorter_side(image, 232, 224, "bicubic")
        yield "exact 224x224 bilinear crop 224x224", stretched(image, 224, 224, "bilinear")


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


def main():
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.iterdir():
        old.unlink()
    entries = []
    for name, data in encoded_images():
        (IMAGES / name).write_bytes(data)
        image = upright(data)
        entries.append({
            "File": name, "Width": image.width, "Height": image.height, "Pixels": sha(image),
            "Preprocessed": {signature: sha(result) for signature, result in preprocessed(image, small=True)},
        })
        if name in ("jpeg_420.jpg", "jpeg_ycck.jpg", "png_palette.png"):
            (HERE / (name.split(".")[0] + ".rgb")).write_bytes(image.tobytes())
    write("images.json", entries)

    sizes = [
        ((37, 29), (18, 16)), ((37, 29), (37, 16)), ((37, 29), (18, 29)), ((37, 29), (37, 29)), ((37, 29), (100, 77)),
        ((1, 1), (1, 1)), ((1, 1), (5, 7)), ((1, 40), (9, 3)), ((40, 1), (3, 9)), ((2, 3), (64, 64)), ((3000, 2), (7, 5)),
        ((2, 3000), (5, 7)), ((64, 48), (1, 1)), ((500, 375), (341, 256)), ((31, 64), (10, 64)), ((33, 64), (11, 13)),
        ((257, 129), (32, 32)), ((100, 100), (99, 101)),
    ]
    resized = []
    for seed, ((w, h), (width, height)) in enumerate(sizes, start=1):
        for kind in FILTERS:
            result = noise(w, h, seed).resize((width, height), FILTERS[kind][1])
            resized.append({"Seed": seed, "FromWidth": w, "FromHeight": h, "Width": width, "Height": height,
                            "Interpolation": kind, "Pixels": sha(result)})
    write("resize.json", resized)

    crops = []
    for seed, (w, h, size, crop, kind) in enumerate([
            (50, 31, 24, (20, 17), "bilinear"), (31, 50, 25, (12, 40), "bicubic"), (50, 31, 24, (31, 24), "bilinear"),
            (21, 20, 20, (25, 31), "bicubic"), (40, 40, 33, (34, 20), "bilinear"), (9, 100, 7, (7, 7), "bicubic")], start=1):
        result = shorter_side(noise(w, h, 100 + seed), size, crop, kind)
        crops.append({"Seed": 100 + seed, "FromWidth": w, "FromHeight": h, "Size": size, "CropHeight": crop[0], "CropWidth": crop[1],
                      "Interpolation": kind, "Pixels": sha(result)})
    write("crops.json", crops)

    if len(sys.argv) > 1:
        photos = []
        for path in sorted(Path(sys.argv[1]).iterdir()):
            image = upright(path.read_bytes())
            photos.append({
                "File": path.name, "Width": image.width, "Height": image.height, "Pixels": sha(image),
                "Preprocessed": {signature: sha(result) for signature, result in preprocessed(image, small=False)},
            })
        write("photos.json", photos)


main()
