#!/usr/bin/env python3
"""Training steps of OnnxTransfer and PyTorch side by side in one run, and where the time of a step goes.

    python3 benchmarks/steps.py [--seconds 3] [--rounds 2] [--output benchmarks/results/<cpu>/steps.md]

Wants `dotnet build -c Release benchmarks/OnnxTransfer.Benchmarks` and Python with PyTorch (PYTHON names another than python3); unpacks
OpenBLAS where PyTorch is without it. Five minutes on two cores.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
from pathlib import Path

from peers.blas import with_openblas

ROOT = Path(__file__).resolve().parent.parent
PYTHON = os.environ.get("PYTHON", "python3")
PROGRAM = ROOT / "benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll"
WORK = {
    ("layer4", 32): "ResNet-18 layer4 and head, 14x14x256 activations, batch 32",
    ("layer4", 256): "ResNet-18 layer4 and head, 14x14x256 activations, batch 256",
    ("resnet20", 128): "ResNet-20 for CIFAR-10, batch norm in training, batch 128",
    ("mlp", 128): "Perceptron 512 -> 256 -> 10, an epoch of 10,000 rows, batch 128",
}
THREADS = [t for t in (1, 2) if t <= os.cpu_count()]


def run(command, environment):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout.strip().splitlines()[-1])


def measure(options, environment):
    """(name, batch, threads) -> who -> runs; the two take turns, so that a busy moment falls on both."""
    found = {}
    for (name, batch) in WORK:
        for threads in THREADS:
            arguments = [name, str(batch), str(threads), str(options.seconds)]
            for _ in range(options.rounds):
                for who, command in (("own", ["dotnet", str(PROGRAM), "steps"]), ("peer", [PYTHON, str(ROOT / "benchmarks/peers/steps_torch.py")])):
                    found.setdefault((name, batch, threads), {}).setdefault(who, []).append(run(command + arguments, environment))
    return found


def row(work, threads, whos):
    own, peer = ([t for one in whos[who] for t in one["milliseconds"]] for who in ("own", "peer"))
    cpu = {who: min(one["cpuMilliseconds"] for one in whos[who]) for who in ("own", "peer")}
    return (f"| {statistics.median(peer) / statistics.median(own):.2f} | {work} | {threads} | {statistics.median(own):.0f} | {statistics.median(peer):.0f} | "
            f"{min(own):.0f} | {min(peer):.0f} | {cpu['own']:.0f} | {cpu['peer']:.0f} |")


def profile(name, batch, environment):
    operators = run(["dotnet", str(PROGRAM), "profile", name, str(batch), "1"], environment)["operators"]
    whole = sum(milliseconds for milliseconds, _ in operators.values())
    lines = [f"## Where the time goes: {WORK[name, batch]}, one thread", "", "| operator | nodes | ms | part |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {count} | {milliseconds:.1f} | {100 * milliseconds / whole:.1f} % |"
              for name, (milliseconds, count) in operators.items() if milliseconds > 0.005 * whole]
    return lines + [f"| all | {sum(count for _, count in operators.values())} | {whole:.1f} | |", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=3, help="of steps a process")
    parser.add_argument("--rounds", type=int, default=2, help="processes of each")
    parser.add_argument("--work", type=Path, default=ROOT / "artifacts/benchmarks/blas", help="folder for OpenBLAS")
    parser.add_argument("--output", help="file for the table (default: standard output)")
    options = parser.parse_args()
    environment = with_openblas(PYTHON, options.work)
    found = measure(options, environment)
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    peer = next(iter(found.values()))["peer"][0]["peer"]
    lines = [
        "# Training steps side by side", "",
        f"Made by `benchmarks/steps.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, {cpu}, {os.cpu_count()} cores, "
        f"{platform.freedesktop_os_release()['PRETTY_NAME']}. OnnxTransfer on ONNX Runtime against {peer}, eager; the two took turns in processes of their own, "
        f"{options.rounds} of each, {options.seconds} s of steps after one that is not counted; medians and minima over all steps, CPU time of the better process. SGD with Nesterov momentum and weight decay; "
        "of layer4 OnnxTransfer trains folded convolutions, PyTorch convolutions and frozen batch norms. The first column above 1: OnnxTransfer is faster.", "",
        "| PyTorch / OnnxTransfer | step | threads | OnnxTransfer, ms | PyTorch, ms | least, ms | PyTorch's least, ms | CPU, ms | PyTorch's CPU, ms |", "|--:|---|--:|--:|--:|--:|--:|--:|--:|",
        *(row(WORK[name, batch], threads, whos) for (name, batch, threads), whos in found.items()), "",
        *profile("layer4", 32, environment), *profile("resnet20", 128, environment),
    ]
    table = "\n".join(lines)
    if options.output:
        Path(options.output).write_text(table)
    print(table)


if __name__ == "__main__":
    main()
