#!/usr/bin/env python3
"""probe_sklearn.py [REPEATS]: scikit-learn fits what the Fit benchmark fits: 10,000 planted embeddings of width 512, 10
classes or one target, standardised within the time, float32. Prints one JSON line: milliseconds of wall time per fit.

Logistic stops where the gradient is a thousandth of the first one, as OnnxTransfer's LogisticRegression does (here the
largest component, there the norm); "LogisticDefault" stops at scikit-learn's own, stricter tolerance."""
import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

ROWS, WIDTH, CLASSES, L2 = 10_000, 512, 10, 1e-3


def plant():
    random = np.random.default_rng(1)
    labels = np.arange(ROWS) % CLASSES
    centres = 0.1 * random.standard_normal((CLASSES, WIDTH))
    x = (centres[labels] + random.standard_normal((ROWS, WIDTH))).astype(np.float32)
    targets = x @ random.standard_normal(WIDTH) + 3 * random.standard_normal(ROWS)
    return x, labels, targets


def logistic(x, labels, tolerance):
    z = StandardScaler().fit_transform(x)
    one = np.eye(CLASSES, dtype=np.float32)[labels]
    first = np.abs((1 / CLASSES - one).T @ z).max() * tolerance if tolerance else 1e-4
    return LogisticRegression(C=1 / (L2 * ROWS), tol=first, max_iter=1000, multi_class="multinomial").fit(z, labels)


def ridge(x, targets):
    return Ridge(alpha=L2 * ROWS).fit(StandardScaler().fit_transform(x), targets)


def milliseconds(work, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main():
    warnings.simplefilter("error")  # a fit that did not converge is no measurement
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    x, labels, targets = plant()
    found = {
        "Logistic": milliseconds(lambda: logistic(x, labels, 1e-3), repeats),
        "LogisticDefault": milliseconds(lambda: logistic(x, labels, None), repeats),
        "Ridge": milliseconds(lambda: ridge(x, targets), repeats),
    }
    print(json.dumps({"peer": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}", "milliseconds": found}))


if __name__ == "__main__":
    main()
