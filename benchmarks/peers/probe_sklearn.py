#!/usr/bin/env python3
"""probe_sklearn.py [REPEATS]: scikit-learn fits what the Fit benchmark fits: 10,000 planted embeddings of width 512, 10
classes or one target, standardised within the time, float32. Prints one JSON line: milliseconds of wall time per fit.

Equal work: "Logistic" ends where OnnxTransfer's does by default, its objective less than 1e-4 of itself above the optimum
(TOLERANCE was chosen for that); "LogisticTight" is scikit-learn's own tolerance, less than 1e-6 above, and OnnxTransfer's 1e-6.
Debian's numpy comes with the reference BLAS, some 20 times slower than OpenBLAS: eng/bench.sh sees to it, and the BLAS
in use is part of the line."""
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import HuberRegressor, LogisticRegression, Ridge
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

ROWS, WIDTH, CLASSES, L2 = 10_000, 512, 10, 1e-3
TOLERANCE = 5e-3  # of the first gradient's largest component


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
    first = np.abs((np.float32(1 / CLASSES) - one).T @ z).max()
    tolerance = first * tolerance if tolerance else 1e-4
    return LogisticRegression(C=1 / (L2 * ROWS), tol=tolerance, max_iter=1000, multi_class="multinomial").fit(z, labels)


def ridge(x, targets):
    return Ridge(alpha=L2 * ROWS).fit(StandardScaler().fit_transform(x), targets)


def svm(x, labels):
    return LinearSVC(C=1 / (L2 * ROWS), dual=False, intercept_scaling=10).fit(StandardScaler().fit_transform(x), labels)


def huber(x, targets):
    centre = np.median(targets)
    scaled = (targets - centre) / (1.4826 * np.median(np.abs(targets - centre)))
    return HuberRegressor(alpha=L2 * ROWS, max_iter=1000).fit(StandardScaler().fit_transform(x), scaled)


def centroid(x, labels):
    return NearestCentroid().fit(StandardScaler().fit_transform(x), labels)


def lda(x, labels):
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(StandardScaler().fit_transform(x), labels)


def milliseconds(work, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def blas():
    maps = Path("/proc/self/maps").read_text().splitlines()
    libraries = {Path(line.split()[-1]).name for line in maps if "blas" in line.lower()}
    return next((name for name in sorted(libraries) if "openblas" in name), "no OpenBLAS")


def main():
    warnings.simplefilter("error")  # a fit that did not converge is no measurement
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    x, labels, targets = plant()
    found = {
        "Logistic": milliseconds(lambda: logistic(x, labels, TOLERANCE), repeats),
        "LogisticTight": milliseconds(lambda: logistic(x, labels, None), repeats),
        "Ridge": milliseconds(lambda: ridge(x, targets), repeats),
        "Svm": milliseconds(lambda: svm(x, labels), repeats),
        "Huber": milliseconds(lambda: huber(x, targets), repeats),
        "Centroid": milliseconds(lambda: centroid(x, labels), repeats),
        "Lda": milliseconds(lambda: lda(x, labels), repeats),
    }
    print(json.dumps({"peer": f"scikit-learn {sklearn.__version__}, {blas()}", "milliseconds": found}))


if __name__ == "__main__":
    main()
