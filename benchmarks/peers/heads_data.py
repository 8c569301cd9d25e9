#!/usr/bin/env python3
"""heads_data.py OUT [CIFAR.npy]: writes the data that heads are compared on, a folder each of train.npy, train-answers.npy,
test.npy and test-answers.npy (float32; answers N x 1), with a file named classes where answers are classes:

- synthetic: 20,000 + 4,000 rows of 2,048 columns in 10 classes, Gaussian clouds 0.05 apart in every column, so that they overlap;
- synthetic-values: the same rows, a noisy combination of their columns as target;
- cifar10: embeddings that `onnxtransfer embed cifar10 --out CIFAR.npy` wrote, CIFAR.csv beside them."""
import csv
import sys
from pathlib import Path

import numpy as np

ROWS, TEST, WIDTH, CLASSES = 20_000, 4_000, 2_048, 10


def write(folder, x, y, test, answers, classes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in (("train", x), ("train-answers", y), ("test", test), ("test-answers", answers)):
        values = np.ascontiguousarray(values, np.float32)
        np.save(folder / f"{name}.npy", values if values.ndim == 2 else values[:, None])
    if classes:
        (folder / "classes").write_text("")


def main():
    out = Path(sys.argv[1])
    random = np.random.default_rng(1)
    labels = np.arange(ROWS + TEST) % CLASSES
    x = (0.05 * random.standard_normal((CLASSES, WIDTH)))[labels] + random.standard_normal((ROWS + TEST, WIDTH))
    x = x.astype(np.float32)
    targets = x @ random.standard_normal(WIDTH) + 20 * random.standard_normal(ROWS + TEST)
    write(out / "synthetic", x[:ROWS], labels[:ROWS], x[ROWS:], labels[ROWS:], True)
    write(out / "synthetic-values", x[:ROWS], targets[:ROWS], x[ROWS:], targets[ROWS:], False)
    if len(sys.argv) > 2:
        embeddings = np.load(sys.argv[2])
        rows = [*csv.DictReader(Path(sys.argv[2]).with_suffix(".csv").open())]
        names = sorted({row["label"] for row in rows})
        labels = np.array([names.index(row["label"]) for row in rows])
        test = np.array([row["split"] == "test" for row in rows])
        write(out / "cifar10", embeddings[~test], labels[~test], embeddings[test], labels[test], True)


if __name__ == "__main__":
    main()
