#!/usr/bin/env python3
"""Files to embeddings, side by side: OnnxTransfer, PyTorch with Pillow and a DataLoader, and ML.NET where it is at hand.

    python3 benchmarks/throughput.py [--photos FOLDER] [--rounds 3] [--output benchmarks/results/<cpu>/throughput.md]

ResNet-18, ResNet-50 and VGG-16 with the same random weights everywhere, on the CPU, on the same JPEG files of 500 x 375: crops
of the photos in FOLDER (ONNXTRANSFER_TESTDATA's, where that is set), or made-up scenes. Every round runs every contestant once, each in
a process of its own, each into nothing kept; medians of the rounds. Rates begin when the network is loaded and end with the last
embedding (OnnxTransfer's: on the disk). A quarter of an hour on two cores. Wants eng/build.sh and the benchmarks to be built, and a
Python with PyTorch, torchvision, onnx and Pillow.
"""
import argparse
import datetime
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from peers.blas import with_openblas

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = ["dotnet", str(ROOT / "benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll")]
COMMAND = str(ROOT / "artifacts/onnxtransfer")
NETWORKS = {"resnet18": ("avgpool", 256), "resnet50": ("avgpool", 128), "vgg16": ("fc7", 64)}   # tap, images
SEED = 1


def run(command, environment=None, may_lack=False):
    """The JSON that a command prints; None where it may lack what it needs and says so (exit code 2)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode == 2 and may_lack:
        return None
    if done.returncode:
        sys.exit(f"throughput.py: {' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1] if done.stdout.count("\n{") else done.stdout)


def crops(photos, folder, count):
    """JPEG files of 500 x 375, quality 90: windows of the photos, mirrored or not, all different."""
    from PIL import Image
    draw = random.Random(SEED)
    images = [Image.open(path).convert("RGB") for path in sorted(Path(photos).iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    for i in range(count):
        image = draw.choice(images)
        scale = max(500 / image.width, 375 / image.height) * (1 + draw.random() / 2)
        image = image.resize((math.ceil(image.width * scale), math.ceil(image.height * scale)), Image.BICUBIC)
        left, top = draw.randint(0, image.width - 500), draw.randint(0, image.height - 375)
        image = image.crop((left, top, left + 500, top + 375))
        (image if draw.random() < .5 else image.transpose(Image.FLIP_LEFT_RIGHT)).save(folder / f"{i:05}.jpg", quality=90)


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def own(work, model, folder):
    cache = work / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    found = run([COMMAND, "embed", str(folder), "--backbone", str(model), "--provider", "cpu", "--cache", str(cache), "--out", str(work / "own.npy"), "--json"])
    return {"imagesPerSecond": found["embedded"] / found["secondsEmbedding"], "peer": "OnnxTransfer", "first": first_row(work / "own.npy"), "bottleneck": found["bottleneck"]}


def first_row(path):
    import numpy
    return numpy.load(path, mmap_mode="r")[0].tolist()


def measure(name, work, photos, rounds, python):
    tap, count = NETWORKS[name]
    folder, model = work / f"{'crops' if photos else 'scenes'}-{count}", work / f"{name}.onnx"
    if not folder.exists():
        begun = folder.with_suffix(".part")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        crops(photos, begun, count) if photos else run_quietly([*BENCHMARKS, "scenes", str(begun), str(count), "500", "375"])
        begun.rename(folder)
    if not model.exists():
        run_quietly([COMMAND, "models", "export", name, "--weights", "none", "--seed", str(SEED), "--output", str(model), "--python", python])
    torch = [python, str(ROOT / "benchmarks/peers/embed_torch.py"), name, str(SEED), str(folder)]
    fast = with_openblas(python, work)
    contestants = {
        "own": lambda: own(work, model, folder),
        "eager": lambda: run([*torch, "eager"], fast),
        "compiled": lambda: run([*torch, "compiled"], fast),
        "mlnet": lambda: run([*BENCHMARKS, "apply-onnx-model", str(model), tap, str(folder)], may_lack=True),
        "stages": lambda: run([*BENCHMARKS, "stages", str(model), str(folder)]),
    }
    found = {key: [] for key in contestants}
    for i in range(rounds):
        for key, contestant in contestants.items():
            if (result := contestant()) is not None:
                found[key].append(result)
                print(f"throughput.py: {name}, round {i + 1}, {key}: {result.get('imagesPerSecond', result.get('imagesPerSecondAllowed')):.2f} images/s", file=sys.stderr)
    return found


def run_quietly(command):
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def rows(name, found):
    own_rate = statistics.median(run["imagesPerSecond"] for run in found["own"])
    yield f"| | {name} | {own_rate:.1f} | | OnnxTransfer |"
    for key in ("eager", "compiled", "mlnet"):
        if not found[key]:
            continue
        rate = statistics.median(run["imagesPerSecond"] for run in found[key])
        alike = min(cosine(found["own"][0]["first"], run["first"]) for run in found[key])
        yield f"| {own_rate / rate:.2f} | {name} | {rate:.1f} | {1 - alike:.0e} | {found[key][0]['peer']} |"
    allowed = statistics.median(run["imagesPerSecondAllowed"] for run in found["stages"])
    costs = found["stages"][0]
    yield (f"| {own_rate / allowed:.2f} | {name} | {allowed:.1f} | | what its stages allow: {costs['inferMs']:.1f} ms of all cores for the backbone, "
           f"{costs['prepareMs'] + costs['readMs']:.2f} ms of one for reading, decoding and resizing |")


def main():
    data = os.environ.get("ONNXTRANSFER_TESTDATA")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=Path, default=Path(data) / "photos" if data else None, help="photos that the JPEG files are cut from (default: made-up scenes)")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="of " + ", ".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", default=sys.executable, help="Python with PyTorch (default: the one running this)")
    parser.add_argument("--work", type=Path, default=ROOT / "artifacts/benchmarks/throughput", help="folder for networks and JPEG files")
    parser.add_argument("--output", type=Path, help="file for the table (default: standard output)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    found = {name: measure(name, options.work, options.photos, options.rounds, options.python) for name in options.networks.split(",")}
    without = "" if all(runs["mlnet"] for runs in found.values()) else " No rows for ML.NET: its packages are not at hand in this build."
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    spread = "; ".join(f"{name} {min(rates):.1f} to {max(rates):.1f}" for name, runs in found.items() if (rates := [run["imagesPerSecond"] for run in runs["own"]]))
    text = "\n".join([
        "# Files to embeddings", "",
        f"Made by `benchmarks/throughput.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, {os.cpu_count()} cores, medians of {options.rounds} rounds. "
        f"JPEG files of 500 x 375 ({'crops of real photos' if options.photos else 'made-up scenes'}), CPU, fp32, random weights, the same everywhere. "
        "OnnxTransfer's rates include writing the embeddings to the disk; ML.NET's loads no images of its own here (its image packages are not asked for) "
        "but is given OnnxTransfer's, and runs one image at a time." + without, "",
        f"OnnxTransfer's rounds: {spread}. 1 - cosine is that of the first image's embedding against OnnxTransfer's.", "",
        "| OnnxTransfer / this | network | images/s | 1 - cosine | by |", "|--:|:--|--:|--:|:--|",
        *[row for name, runs in found.items() for row in rows(name, runs)], "",
        "ML.NET's `ImageClassification` trainer is no row: it needs TensorFlow's native library, which was not to be had here.", ""])
    if options.output:
        options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
