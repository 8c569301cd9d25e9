"""Reference values from numpy, scipy and scikit-learn for the tests of Transfer*: python3 make_transfer.py

Percentile intervals of paired resamples are drawn here with numpy's own generator, 200,000 of them, and so differ from 2,000 of
another generator by chance alone.
"""
import json
import os

import numpy as np
from scipy import stats
from sklearn import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(7)
DRAWS = 200_000


def interval(values):
    return np.nanpercentile(values, [2.5, 97.5]).tolist()


# Two classifiers on the same items: how often each of the four outcomes occurs decides everything, so counts are resampled.
outcomes = np.array([[1, 1, 0, 0], [1, 0, 1, 0]])  # way right, base right
counts = np.array([230, 90, 30, 50])
ROWS = counts.sum()
drawn = random.multinomial(ROWS, counts / ROWS, size=DRAWS)
way, base = drawn @ outcomes[0] / ROWS, drawn @ outcomes[1] / ROWS
paired = {
    "counts": counts.tolist(), "way": (counts @ outcomes[0] / ROWS).item(), "base": (counts @ outcomes[1] / ROWS).item(),
    "wayInterval": interval(way), "gainInterval": interval(way - base), "rateInterval": interval(way / base),
    # Unpaired, the interval would be wider: what the pairing is for.
    "unpairedWidth": float(np.ptp(interval(way - random.permutation(base)))),
    "normal": (stats.norm.ppf(0.975) * np.sqrt(np.mean((counts @ (outcomes[0] - outcomes[1]) ** 2) / ROWS - ((counts @ (outcomes[0] - outcomes[1])) / ROWS) ** 2) / ROWS)).item(),
}

# Two regressions of the same targets, R2 by scikit-learn.
N = 120
targets = random.randn(N) * 10 + 50
good, poor = np.float32(targets + random.randn(N) * 4), np.float32(targets + random.randn(N) * 6)


def r2(rows, values):
    y, errors = targets[rows], (targets[rows] - values[rows].astype(float)) ** 2
    return 1 - errors.sum(-1) / ((y - y.mean(-1, keepdims=True)) ** 2).sum(-1)


rows = random.randint(0, N, size=(DRAWS // 10, N))
regression = {
    "targets": targets.tolist(), "good": [float(v) for v in good], "poor": [float(v) for v in poor],
    "goodR2": metrics.r2_score(targets, good.astype(float)), "poorR2": metrics.r2_score(targets, poor.astype(float)),
    "gainInterval": interval(r2(rows, good) - r2(rows, poor)), "rateInterval": interval(r2(rows, good) / r2(rows, poor)),
}

# Several labels: micro F1 by scikit-learn.
right = (random.rand(60, 4) < 0.4).astype(int)
probabilities = np.float32(np.clip(right * 0.5 + random.rand(60, 4) * 0.6, 0, 1))
labels = {
    "right": right.ravel().tolist(), "probabilities": [float(p) for p in probabilities.ravel()],
    "microF1": metrics.f1_score(right, (probabilities > 0.5).astype(int), average="micro"),
}

# Where a curve, linear between points of the logarithm of the labels, reaches a performance: numpy's interpolation the other way round.
curve = {"labels": [100, 500, 1000, 2500, 10000], "performance": [0.31, 0.42, 0.5, 0.61, 0.72]}
aims = [0.31, 0.4, 0.5, 0.66, 0.7199]
reached = np.exp(np.interp(aims, curve["performance"], np.log(curve["labels"]))).tolist()
with open(os.path.join(HERE, "transfer.json"), "w") as file:
    json.dump({"paired": paired, "regression": regression, "labels": labels, "curve": curve | {"aims": aims, "reached": reached}}, file, separators=(",", ":"))
