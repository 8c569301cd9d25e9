#!/usr/bin/env python3
"""How long one photo takes: from the start of a process to its answer, and call by call within a process.

    PYTHON=/usr/bin/python3 python3 benchmarks/latency.py [--runs 25] [--calls 300] [--output benchmarks/results/<cpu>/latency.md]

The peer is PyTorch with Pillow under $PYTHON (default: python3), which also exports ResNet-18; without PyTorch its rows are left
out, and ResNet-18's with them. Processes of all rows take turns, so that what disturbs the machine disturbs all. Two minutes on
two cores. Wants eng/build.sh and `dotnet build benchmarks/OnnxTransfer.Benchmarks -c Release` to have run.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from peers.blas import with_openblas

ROOT = Path(__file__).resolve().parent.parent
CLI = [str(ROOT / "artifacts/onnxtransfer")]
BENCHMARKS = ["dotnet", str(ROOT / "benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll")]
PYTHON = os.environ.get("PYTHON", "python3")
PEER = [PYTHON, str(ROOT / "benchmarks/peers/predict_torch.py")]


def run(*command, environment=None):
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout


def process(command, environment):
    """Milliseconds from start to end, and of processor time."""
    begin = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"latency.py: {' '.join(command)} ended with {child.returncode}")
    return 1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, len(values) * p // 100)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=25, help="processes of each row")
    parser.add_argument("--calls", type=int, default=300, help="calls within a process")
    parser.add_argument("--output", help="file for the tables (default: standard output)")
    options = parser.parse_args()

    work = ROOT / "artifacts/benchmarks/latency"
    work.mkdir(parents=True, exist_ok=True)
    run(*BENCHMARKS, "photos", str(work))
    photo = str(work / "jpeg 0.3 MP.jpeg")
    run(*BENCHMARKS, "predict", "save", "resnet14-cifar10", str(work / "small.onnx"))
    has_torch = subprocess.run([PYTHON, "-c", "import torch, torchvision, onnx, PIL"], stderr=subprocess.DEVNULL).returncode == 0
    starts = {"`onnxtransfer predict`, carried backbone, 32 x 32": [*CLI, "predict", str(work / "small.onnx"), photo]}
    within = {"OnnxTransfer, carried backbone, 32 x 32": [*BENCHMARKS, "predict", str(work / "small.onnx"), photo]}
    if has_torch:
        if not (work / "resnet18.onnx").exists():
            run(*CLI, "models", "export", "resnet18", "--weights", "none", "--python", PYTHON, "-o", str(work / "resnet18.onnx"))
        run(*BENCHMARKS, "predict", "save", str(work / "resnet18.onnx"), str(work / "resnet18-fused.onnx"))
        run(*PEER, "save", str(work / "resnet18.pt"))
        starts["`onnxtransfer predict`, ResNet-18, 224 x 224"] = [*CLI, "predict", str(work / "resnet18-fused.onnx"), photo]
        starts["PyTorch jit and Pillow, ResNet-18, 224 x 224"] = [*PEER, "once", str(work / "resnet18.pt"), photo]
        starts["of these, Python and `import torch` alone"] = [PYTHON, "-c", "import torch"]
        within["OnnxTransfer, ResNet-18, 224 x 224"] = [*BENCHMARKS, "predict", str(work / "resnet18-fused.onnx"), photo]
        within["PyTorch jit and Pillow, ResNet-18, 224 x 224"] = [*PEER, "calls", "jit", str(work / "resnet18.pt"), photo]
        within["PyTorch eager and Pillow, ResNet-18, 224 x 224"] = [*PEER, "calls", "eager", str(work / "resnet18.pt"), photo]

    fast = with_openblas(PYTHON, work) if has_torch else None
    measured = {name: [] for name in starts}
    for turn in range(options.runs + 1):
        for name, command in starts.items():
            figures = process(command, fast if command[0] == PYTHON else None)
            if turn > 0:  # the first reads the files from disk
                measured[name].append(figures)
    start_rows = []
    for name, figures in measured.items():
        wall, processor, memory = zip(*figures)
        start_rows.append(f"| {name} | {statistics.median(wall):.0f} | {percentile(wall, 90):.0f} | {statistics.median(processor):.0f} | {max(memory):.0f} |")

    call_rows, peer = [], "no PyTorch here: its rows and ResNet-18's are left out"
    for name, command in within.items():
        found = json.loads(run(*command, str(options.calls), environment=fast if command[0] == PYTHON else None))
        peer = found.get("peer", peer)
        allocated = f"{found['allocated']}" if "allocated" in found else ""
        call_rows.append(f"| {name} | {found['load']:.0f} | {found['first']:.1f} | {found['median']:.2f} | {found['p99']:.2f} | {allocated} |")

    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    load = " ".join(Path("/proc/loadavg").read_text().split()[:3])
    table = "\n".join([
        "# One photo", "",
        f"Made by `benchmarks/latency.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, {os.cpu_count()} cores, load {load} at the end; {peer}. A JPEG of 640 x 480.", "",
        f"## From the start of a process to its end, {options.runs} runs in turns", "",
        "Milliseconds and megabytes. PyTorch's rows hold what such a program cannot do without: Python, torch and Pillow imported, a frozen traced model loaded, "
        "the photo read, resized, run and told; no torchvision. Files are in the page cache.", "",
        "| program | median | 90 % below | processor time | peak MB |", "|---|--:|--:|--:|--:|", *start_rows, "",
        f"## Within a process, {options.calls} calls after as many warm ones as a tenth", "",
        "Milliseconds from the path of a file to the answer, one call after another; all processors may serve one call.", "",
        "| program | load | first call | median | 99 % below | bytes allocated a call |", "|---|--:|--:|--:|--:|--:|", *call_rows, ""])
    if options.output:
        Path(options.output).write_text(table)
    print(table)


if __name__ == "__main__":
    main()
