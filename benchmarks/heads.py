#!/usr/bin/env python3
"""Own heads, ML.NET's trainers and scikit-learn on the same embeddings in one run, each fit in a process of its own.

    ONNXTRANSFER_TESTDATA=... python3 benchmarks/heads.py [--repeats 3] [--work FOLDER] [--output benchmarks/results/<cpu>/heads.md]

ONNXTRANSFER_TESTDATA names a folder with cifar10/{train,test}/CLASS. Wants eng/build.sh to have run and Python with numpy and
scikit-learn (PYTHON names another than python3); unpacks OpenBLAS where numpy is without it. Half an hour on two cores.
ML.NET's rows are there where the build has ML.NET.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from peers.blas import with_openblas

ROOT = Path(__file__).resolve().parent.parent
PYTHON = os.environ.get("PYTHON", "python3")
PROGRAM = ROOT / "benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll"
OWN = {
    "cifar10": ["logistic", "logistic-tight", "svm", "centroid", "lda", "knn", "mlp"],
    "synthetic": ["logistic", "logistic-tight", "svm", "centroid", "lda", "knn", "mlp"],
    "synthetic-values": ["ridge", "huber", "quantile", "knn-regression"],
}
MLNET = {
    "cifar10": ["mlnet:lbfgs", "mlnet:sdca", "mlnet:averaged-perceptron", "mlnet:naive-bayes"],
    "synthetic": ["mlnet:lbfgs", "mlnet:sdca", "mlnet:averaged-perceptron", "mlnet:naive-bayes"],
    "synthetic-values": ["mlnet:sdca", "mlnet:ogd"],
}
LONG = 15  # seconds: such a fit is run once
WITHOUT_PEER = {"quantile"}  # scikit-learn's is a linear program: hours here
ABOUT = {
    "cifar10": "CIFAR-10, 10,000 training and 2,000 test images as embeddings of the carried resnet14-cifar10 (itself trained on those training images), 1,248 wide, 10 classes",
    "synthetic": "Synthetic, 20,000 x 2,048, 10 overlapping Gaussian clouds, 4,000 test rows",
    "synthetic-values": "Synthetic, 20,000 x 2,048, a noisy linear target, 4,000 test rows",
}


def prepare(work):
    data = work / "data"
    if not (data / "cifar10").exists():
        source = os.environ.get("ONNXTRANSFER_TESTDATA") or sys.exit("heads.py: ONNXTRANSFER_TESTDATA is not set; it names the folder with cifar10/")
        subprocess.run([str(ROOT / "artifacts/onnxtransfer"), "embed", f"{source}/cifar10", "--cache", str(work / "cache"), "--out", str(work / "cifar.npy")],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run([PYTHON, str(ROOT / "benchmarks/peers/heads_data.py"), str(data), str(work / "cifar.npy")], check=True)
    return data


def fit(command, environment):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    if run.returncode:
        print(f"left out: {' '.join(map(str, command[-2:]))}: {run.stderr.strip().splitlines()[-1] if run.stderr.strip() else run.returncode}", file=sys.stderr)
        return None
    return json.loads(run.stdout.strip().splitlines()[-1])


def measure(data, repeats, environment):
    """name of data -> head -> who -> runs; the three take turns, so that a busy moment falls on all."""
    found = {}
    has_mlnet = "mlnet:lbfgs" in subprocess.run(["dotnet", str(PROGRAM), "heads"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for name, heads in OWN.items():
        folder = data / name
        for head in heads + (MLNET[name] if has_mlnet else []):
            for _ in range(repeats):
                commands = {"OnnxTransfer": ["dotnet", str(PROGRAM), "heads", str(folder), head]}
                if head not in WITHOUT_PEER and not head.startswith("mlnet:"):
                    commands["peer"] = [PYTHON, str(ROOT / "benchmarks/peers/heads_sklearn.py"), str(folder), head]
                for who, command in commands.items():
                    earlier = found.get(name, {}).get(head, {}).get(who, [])
                    if earlier and earlier[0]["seconds"] > LONG:
                        continue
                    if (result := fit(command, environment)) is not None:
                        found.setdefault(name, {}).setdefault(head, {}).setdefault(who, []).append(result)
                        print(f"{name} {json.dumps(result)}", file=sys.stderr)
    return found


def row(head, who, runs, peer_seconds):
    middle = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
    seconds = statistics.median(run["seconds"] for run in runs)
    ratio = f"{peer_seconds / seconds:.2f}" if peer_seconds and who != "peer" and not head.startswith("mlnet:") else ""
    objective = f"{middle['objective']:.8g}" if middle["objective"] is not None else ""
    return (f"| {ratio} | {head.removeprefix('mlnet:')} | {middle['by']} | {seconds:.2f} | {statistics.median(run['predictSeconds'] for run in runs):.2f} | "
            f"{objective} | {middle['score']:.4f} | {max(run['peakMegabytes'] for run in runs):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "artifacts/benchmarks/heads", help="folder for data and cache")
    parser.add_argument("--output", help="file for the table (default: standard output)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    environment = with_openblas(PYTHON, options.work)
    found = measure(prepare(options.work), options.repeats, environment)
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    lines = [
        "# Heads side by side", "",
        f"Made by `benchmarks/heads.py` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}, {cpu}, {os.cpu_count()} cores, "
        f"{platform.freedesktop_os_release()['PRETTY_NAME']}. Every fit in a process of its own, all cores, median of {options.repeats} (a fit of over {LONG} s: once); OnnxTransfer, ML.NET and "
        "scikit-learn took turns. Standardising the columns is part of the time, starting the process and reading the file are not. Peak memory is the process's, runtime and "
        "data included (the embeddings alone: 50 MB for CIFAR-10, 164 MB for the synthetic rows; OnnxTransfer maps the file, whose pages count while they are in use). "
        "L2 = 1e-3 on standardised columns everywhere it exists; objectives of the same name are the same function: logistic mean log loss + L2/2 ||W||², ridge half the "
        "mean squared error + the same. `logistic` is both at their defaults, `logistic-tight` both at 1e-6.", "",
    ]
    for name, heads in found.items():
        lines += [f"## {ABOUT[name]}", "", f"| peer / OnnxTransfer | head | by | fit, s | predict test rows, s | objective | {'R2' if 'values' in name else 'accuracy'} | peak MB |",
                  "|--:|---|---|--:|--:|--:|--:|--:|"]
        for head, whos in heads.items():
            peer = statistics.median(run["seconds"] for run in whos["peer"]) if "peer" in whos else None
            lines += [row(head, who, runs, peer) for who, runs in whos.items()]
        lines.append("")
    table = "\n".join(lines)
    if options.output:
        Path(options.output).write_text(table)
    print(table)


if __name__ == "__main__":
    main()
