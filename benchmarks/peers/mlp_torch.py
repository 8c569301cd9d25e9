#!/usr/bin/env python3
"""mlp_torch.py [REPEATS]: PyTorch does what the Perceptron benchmark does: one epoch of a perceptron 512 -> 256 -> 10 over 10,000
planted embeddings, batches of 128, dropout 0.5, AdamW, float32, standardised within the time; on one thread and on all. Prints
one JSON line: milliseconds of wall time per epoch, the making of network and optimiser included.

Debian's PyTorch takes its matrix products from the BLAS it finds, the reference BLAS unless OpenBLAS is installed, and that is
some 20 times slower: eng/bench.sh sees to it, and the BLAS in use is part of the line."""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F

from blas import blas

ROWS, WIDTH, HIDDEN, CLASSES, BATCH = 10_000, 512, 256, 10, 128


def plant():
    torch.manual_seed(1)
    labels = torch.arange(ROWS) % CLASSES
    centres = 0.1 * torch.randn(CLASSES, WIDTH)
    return centres[labels] + torch.randn(ROWS, WIDTH), labels


def epoch(x, labels):
    """A row is standardised when its batch is made, as OnnxTransfer does it."""
    mean, scale = x.mean(0), 1 / x.std(0, unbiased=False)
    net = torch.nn.Sequential(torch.nn.Linear(WIDTH, HIDDEN), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(HIDDEN, CLASSES))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-4, weight_decay=1e-2)
    order = torch.randperm(len(x))
    for first in range(0, len(x), BATCH):
        rows = order[first:first + BATCH]
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net((x[rows] - mean) * scale), labels[rows]).backward()
        optimizer.step()


def milliseconds(work, repeats):
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[len(times) // 2]


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    x, labels = plant()
    found = {}
    for name, threads in (("PerceptronOneThread", 1), ("Perceptron", len(os.sched_getaffinity(0)))):
        torch.set_num_threads(threads)
        found[name] = milliseconds(lambda: epoch(x, labels), repeats)
    print(json.dumps({"peer": f"PyTorch {torch.__version__}, {blas()}", "milliseconds": found}))


if __name__ == "__main__":
    main()
