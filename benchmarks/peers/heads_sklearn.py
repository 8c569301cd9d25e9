#!/usr/bin/env python3
"""heads_sklearn.py DATA HEAD: scikit-learn fits HEAD on the embeddings in DATA (train.npy, train-labels.npy, test.npy, ...), as
`OnnxTransfer.Benchmarks heads DATA HEAD` does, and prints one JSON line: seconds of the fit, objective, score on the test
rows, peak memory. Columns are standardised within the time, penalties are the same: L2 on standardised columns, C = 1 / (L2 x N).
Debian's numpy runs on the reference BLAS: eng/bench-heads.sh sees to OpenBLAS, whose name is part of the line."""
import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import HuberRegressor, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

L2 = 1e-3
NEIGHBOURS, EPOCHS, HIDDEN, BATCH = 10, 10, 256, 128


def make(head, rows):
    """The estimator, and whether its columns are standardised."""
    return {
        "logistic": lambda: (LogisticRegression(C=1 / (L2 * rows), tol=1e-4, max_iter=1000, multi_class="multinomial"), True),
        "logistic-tight": lambda: (LogisticRegression(C=1 / (L2 * rows), tol=1e-6, max_iter=10000, multi_class="multinomial"), True),
        # scikit-learn's sum of squared hinges + 1/(2C) ||w||^2 is OnnxTransfer's mean + L2/2 ||w||^2.
        "svm": lambda: (LinearSVC(C=1 / (L2 * rows), loss="squared_hinge", dual=False, tol=1e-4), True),
        "centroid": lambda: (NearestCentroid(), False),
        "lda": lambda: (LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), False),
        "knn": lambda: (KNeighborsClassifier(NEIGHBOURS, algorithm="brute"), False),
        "mlp": lambda: (MLPClassifier((HIDDEN,), batch_size=BATCH, max_iter=EPOCHS, alpha=1e-4, random_state=0), True),
        "ridge": lambda: (Ridge(alpha=L2 * rows), True),
        "huber": lambda: (HuberRegressor(alpha=L2 * rows, max_iter=1000), True),
        "knn-regression": lambda: (KNeighborsRegressor(NEIGHBOURS, algorithm="brute"), False),
    }[head]()


def objective(head, model, z, y):
    """Mean log loss + L2/2 ||W||^2, or half the mean squared error + the same, in float64."""
    if head.startswith("logistic"):
        logits = z.astype(np.float64) @ model.coef_.T.astype(np.float64) + model.intercept_
        logits -= logits.max(1, keepdims=True)
        loss = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y]
        return float(loss.mean() + 0.5 * L2 * (model.coef_.astype(np.float64) ** 2).sum())
    if head == "ridge":
        error = z.astype(np.float64) @ model.coef_.astype(np.float64) + model.intercept_ - y
        return float(0.5 * (error ** 2).mean() + 0.5 * L2 * (model.coef_.astype(np.float64) ** 2).sum())
    return None


def main():
    data, head = Path(sys.argv[1]), sys.argv[2]
    x, y = np.load(data / "train.npy", mmap_mode="r"), np.load(data / "train-answers.npy")[:, 0]
    test, answers = np.load(data / "test.npy", mmap_mode="r"), np.load(data / "test-answers.npy")[:, 0]
    classes = (data / "classes").exists()
    y, answers = (y.astype(int), answers.astype(int)) if classes else (y.astype(np.float64), answers.astype(np.float64))
    warnings.simplefilter("ignore")
    model, scaled = make(head, len(y))
    start = time.perf_counter()
    scaler = StandardScaler().fit(x) if scaled else None
    z = scaler.transform(x) if scaled else np.asarray(x)
    model.fit(z, y)
    fitted = time.perf_counter()
    predicted = model.predict(scaler.transform(test) if scaled else np.asarray(test))
    score = (predicted == answers).mean() if classes else 1 - ((predicted - answers) ** 2).sum() / ((answers - answers.mean()) ** 2).sum()
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    maps = Path("/proc/self/maps").read_text()
    blas = next((name for name in ("openblas", "mkl", "blis") if name in maps), "reference BLAS")
    print(json.dumps({
        "by": f"scikit-learn {sklearn.__version__}, {blas}", "head": head, "seconds": fitted - start, "predictSeconds": done - fitted,
        "objective": objective(head, model, z, y), "score": float(score), "peakMegabytes": peak,
    }))


if __name__ == "__main__":
    main()
