"""Reference scores for ClassificationScoresTests and RegressionScoresTests: python3 make_golden.py

All from scikit-learn but the calibration error, which is numpy's, after the definition of Guo et al. (2017).
"""
import json
import os

import numpy as np
from sklearn import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(11)
ROWS, CLASSES, ABSENT, UNPREDICTED = 80, 7, 5, 2

logits = random.randn(ROWS, CLASSES) * 1.5
labels = random.choice([c for c in range(CLASSES) if c != ABSENT], ROWS)
logits[np.arange(ROWS), labels] += 1
logits[:, UNPREDICTED] -= 9
logits[3, labels[3]] -= 60  # a probability below the clip
probabilities = np.exp(logits - logits.max(1, keepdims=True))
probabilities = np.float32(probabilities / probabilities.sum(1, keepdims=True))
predicted = probabilities.argmax(1)
names = list(range(CLASSES))
precision, recall, f1, count = metrics.precision_recall_fscore_support(labels, predicted, labels=names, zero_division=0)
macro = metrics.precision_recall_fscore_support(labels, predicted, labels=names, zero_division=0, average="macro")

# Bin m holds the confidences above (m - 1) / 15 and up to m / 15.
confidence, right = probabilities.max(1).astype(np.float64), predicted == labels
bins = np.digitize(confidence, np.arange(1, 15) / 15, right=True)
count_of = np.bincount(bins, minlength=15)
mean_of = [np.bincount(bins, weights=values, minlength=15) / np.maximum(count_of, 1) for values in (confidence, right)]
classification = {
    "calibrationError": float((count_of * np.abs(mean_of[1] - mean_of[0])).sum() / ROWS),
    "binCounts": count_of.tolist(), "binConfidences": mean_of[0].tolist(), "binAccuracies": mean_of[1].tolist(),
    "probabilities": [float(p) for p in probabilities.ravel()], "labels": labels.tolist(), "classes": CLASSES,
    "accuracy": metrics.accuracy_score(labels, predicted),
    "topFive": metrics.top_k_accuracy_score(labels, probabilities, k=5, labels=names),
    "logLoss": float(metrics.log_loss(labels, probabilities, labels=names)),
    "macroPrecision": macro[0], "macroRecall": macro[1], "macroF1": macro[2],
    "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "count": count.tolist(),
    "confusion": metrics.confusion_matrix(labels, predicted, labels=names).ravel().tolist(),
}

targets = random.randn(ROWS) * 30 + 100
values = targets + random.randn(ROWS) * 12
regression = {
    "targets": targets.tolist(), "values": values.tolist(), "r2": metrics.r2_score(targets, values),
    "rmse": metrics.mean_squared_error(targets, values, squared=False), "mae": metrics.mean_absolute_error(targets, values),
    "medianRelativeError": float(np.median(np.abs(values - targets) / np.abs(targets))),
}
with open(os.path.join(HERE, "scores.json"), "w") as file:
    json.dump({"classification": classification, "regression": regression}, file, separators=(",", ":"))
