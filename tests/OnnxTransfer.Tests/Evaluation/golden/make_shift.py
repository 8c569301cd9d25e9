"""Reference values from numpy, scipy and scikit-learn for LabelScoresTests, MultiValueScoresTests and DomainShiftTests: python3 make_shift.py"""
import json
import os

import numpy as np
from scipy import stats
from scipy.spatial import distance
from sklearn import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(12)
ROWS, LABELS, ABSENT, UNPREDICTED = 60, 6, 4, 1

right = (random.rand(ROWS, LABELS) < 0.35).astype(int)
right[:, ABSENT] = 0
right[5] = 0
probabilities = np.float32(np.round(1 / (1 + np.exp(-1.5 * (right - 0.5) - random.randn(ROWS, LABELS))), 2))  # rounded: ties
probabilities[:, UNPREDICTED] *= np.float32(0.5)
predicted = (probabilities > 0.5).astype(int)
precision, recall, f1, count = metrics.precision_recall_fscore_support(right, predicted, zero_division=0)
labels = {
    "probabilities": [float(p) for p in probabilities.ravel()], "right": right.ravel().tolist(), "labels": LABELS,
    "averagePrecision": metrics.average_precision_score(right, probabilities, average=None).tolist(),
    "meanAveragePrecision": metrics.average_precision_score(right, probabilities, average="macro"),
    "macroF1": metrics.f1_score(right, predicted, average="macro", zero_division=0),
    "microF1": metrics.f1_score(right, predicted, average="micro", zero_division=0),
    "subsetAccuracy": metrics.accuracy_score(right, predicted),
    "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "count": count.tolist(),
}

targets = np.float32(random.randn(ROWS, 3) * [1, 30, 5] + [0, 100, -2])
values = np.float32(targets + random.randn(ROWS, 3) * [0.5, 12, 6])
multiple = {
    "targets": [float(t) for t in targets.ravel()], "values": [float(v) for v in values.ravel()],
    "r2": metrics.r2_score(targets.astype(float), values.astype(float), multioutput="raw_values").tolist(),
    "meanR2": metrics.r2_score(targets.astype(float), values.astype(float), multioutput="uniform_average"),
    "rmse": metrics.mean_squared_error(targets.astype(float), values.astype(float), multioutput="raw_values", squared=False).tolist(),
}

first, second = np.float32(random.randn(20, 5)), np.float32(random.randn(14, 5) * 1.4 + 0.4)
both = np.concatenate([first, second]).astype(float)
squared = distance.cdist(both, both, "sqeuclidean")
bandwidth = np.median(distance.pdist(both))
kernel = np.exp(-squared / (2 * bandwidth**2))
m, n = len(first), len(second)
within, other, across = kernel[:m, :m], kernel[m:, m:], kernel[:m, m:]
discrepancy = {
    "first": [float(v) for v in first.ravel()], "second": [float(v) for v in second.ravel()], "width": 5, "bandwidth": bandwidth,
    "squared": (within.sum() - np.trace(within)) / (m * (m - 1)) + (other.sum() - np.trace(other)) / (n * (n - 1)) - 2 * across.mean(),
}

binomial = [{"hits": k, "tosses": t, "p": stats.binom.sf(k - 1, t, 0.5)} for k, t in [(0, 5), (3, 5), (5, 5), (52, 100), (80, 100), (2100, 4000)]]
with open(os.path.join(HERE, "shift.json"), "w") as file:
    json.dump({"labels": labels, "multiple": multiple, "discrepancy": discrepancy, "binomial": binomial}, file, separators=(",", ":"))
