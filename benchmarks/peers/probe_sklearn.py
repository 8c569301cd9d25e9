#!/usr/bin/env python3
"""probe_sklearn.py [REPEATS]: scikit-learn fits what the Fit benchmark fits: 10,000 planted embeddings of width 512, 10
classes or one target, standardised within the time, float32. Prints one JSON line: milliseconds of wall time per fit.

"Logistic" stops here when its objective is less than 1e-4 of itself above the optimum (TOLERANCE was chosen for that); OnnxTransfer at
its default Tolerance of 1e-4 goes further. "LogisticTight" is scikit-learn's own tolerance, less than 1e-6 above, and OnnxTransfer's 1e-6.
The paths are the field's 45 values, strong to weak (logistic: warm-started, at the looser tolerance), judged on a fifth of
the rows, the best fitted again on all.
Debian's numpy comes with the reference BLAS, some 20 times slower than OpenBLAS: eng/bench.sh sees to it, and the BLAS
in use is part of the line."""
import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import HuberRegressor, LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.neighbors import NearestCentroid
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from blas import blas

ROWS, WIDTH, CLASSES, L2 = 10_000, 512, 10, 1e-3
TOLERANCE = 5e-3  # of the first gradient's largest component
LAMBDAS = np.logspace(5, -6, 45)  # the field's, beside the sum of the losses


def plant():
    random = np.random.default_rng(1)
    labels = np.arange(ROWS) % CLASSES
    centres = 0.1 * random.standard_normal((CLASSES, WIDTH))
    x = (centres[labels] + random.standard_normal((ROWS, WIDTH))).astype(np.float32)
    targets = x @ random.standard_normal(WIDTH) + 3 * random.standard_normal(ROWS)
    return x, labels, targets


def first_gradient(z, labels):
    one = np.eye(CLASSES, dtype=np.float32)[labels]
    return np.abs((np.float32(1 / CLASSES) - one).T @ z).max()


def logistic(x, labels, tolerance):
    z = StandardScaler().fit_transform(x)
    tolerance = first_gradient(z, labels) * tolerance if tolerance else 1e-4
    return LogisticRegression(C=1 / (L2 * ROWS), tol=tolerance, max_iter=1000, multi_class="multinomial").fit(z, labels)


def logistic_path(x, labels):
    held = np.arange(len(x)) // CLASSES % 5 == 0
    fit = ~held
    scaler = StandardScaler().fit(x[fit])
    z, judged = scaler.transform(x[fit]), scaler.transform(x[held])
    model = LogisticRegression(tol=first_gradient(z, labels[fit]) * TOLERANCE, max_iter=1000, multi_class="multinomial", warm_start=True)
    losses = [log_loss(labels[held], model.set_params(C=1 / value).fit(z, labels[fit]).predict_proba(judged)) for value in LAMBDAS]
    return model.set_params(C=1 / LAMBDAS[np.argmin(losses)]).fit(StandardScaler().fit_transform(x), labels)


def ridge(x, targets):
    return Ridge(alpha=L2 * ROWS).fit(StandardScaler().fit_transform(x), targets)


def ridge_path(x, targets):
    held = np.arange(len(x)) // CLASSES % 5 == 0
    fit = ~held
    scaler = StandardScaler().fit(x[fit])
    z, judged = scaler.transform(x[fit]), scaler.transform(x[held])
    errors = [mean_squared_error(targets[held], Ridge(alpha=value).fit(z, targets[fit]).predict(judged)) for value in LAMBDAS]
    return Ridge(alpha=LAMBDAS[np.argmin(errors)]).fit(StandardScaler().fit_transform(x), targets)


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


def neighbours(metric):
    """Ten neighbours of each of 1,000 queries among 20,000 rows, as the Nearest benchmark finds them; the fit is not timed there either."""
    random = np.random.default_rng(1)
    x, queries = (random.standard_normal((rows, WIDTH)).astype(np.float32) for rows in (20_000, 1_000))
    fitted = KNeighborsClassifier(10, metric=metric, algorithm="brute", n_jobs=-1).fit(x, np.arange(20_000) % CLASSES)
    return lambda: fitted.predict_proba(queries)


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
        "Logistic": milliseconds(lambda: logistic(x, labels, TOLERANCE), repeats),
        "LogisticTight": milliseconds(lambda: logistic(x, labels, None), repeats),
        "LogisticPath": milliseconds(lambda: logistic_path(x, labels), 1),
        "Ridge": milliseconds(lambda: ridge(x, targets), repeats),
        "RidgePath": milliseconds(lambda: ridge_path(x, targets), 1),
        "Svm": milliseconds(lambda: svm(x, labels), repeats),
        "Huber": milliseconds(lambda: huber(x, targets), repeats),
        "Centroid": milliseconds(lambda: centroid(x, labels), repeats),
        "Lda": milliseconds(lambda: lda(x, labels), repeats),
        "Neighbours": milliseconds(neighbours("euclidean"), repeats),
        "NeighboursByCosine": milliseconds(neighbours("cosine"), repeats),
    }
    print(json.dumps({"peer": f"scikit-learn {sklearn.__version__}, {blas()}", "milliseconds": found}))


if __name__ == "__main__":
    main()
