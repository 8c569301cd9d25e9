"""Reference neighbours and answers from scikit-learn for NearestNeighboursTests: python3 make_knn.py

Values have few decimals: exact in JSON, same in float32. The softmax weighting (Wu et al. 2018) is numpy's. Queries 0 to 2 are
rows themselves, and row 7 stands twice, so that distances of 0 occur; there are no other ties.
"""
import json
import os

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(5)
ROWS, WIDTH, QUERIES, CLASSES = 90, 11, 20, 4

x = np.float32(np.round(random.randn(ROWS, WIDTH) + 2, 2)).astype(np.float64)
x[8] = x[7]
queries = np.float32(np.round(random.randn(QUERIES, WIDTH) + 2, 2)).astype(np.float64)
queries[:3] = x[[30, 7, 61]]
labels = random.randint(0, CLASSES, ROWS)
labels[7], labels[8] = 1, 3
targets = np.round(random.randn(ROWS, 2) * [1, 50] + [3, 400], 3)
cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (x / np.linalg.norm(x, axis=1, keepdims=True)).T


def vote(weights):
    """What scikit-learn calls with a table of distances: exact hits alone where there are any, cosines' rounding counted as 0."""
    if weights == "uniform":
        return weights

    def inverse(distance):
        hit = distance < 1e-12
        return np.where(hit.any(1, keepdims=True), hit, 1 / np.where(hit, 1, distance))
    return inverse


def case(metric, weights, k):
    options = {"n_neighbors": k, "metric": metric, "weights": vote(weights), "algorithm": "brute"}
    classifier = KNeighborsClassifier(**options).fit(x, labels)
    regressor = KNeighborsRegressor(**options).fit(x, targets)
    geometric = KNeighborsRegressor(**options).fit(x, np.log(targets[:, 1]))
    return {
        "distance": metric, "weighting": weights, "k": k,
        "probabilities": classifier.predict_proba(queries).ravel().tolist(), "values": regressor.predict(queries).ravel().tolist(),
        "geometric": np.exp(geometric.predict(queries)).tolist(),
    }


def softmax(k, temperature):
    probabilities = np.zeros((QUERIES, CLASSES))
    for q in range(QUERIES):
        for row in np.argsort(-cosines[q], kind="stable")[:k]:
            probabilities[q, labels[row]] += np.exp(cosines[q, row] / temperature)
    return {"k": k, "temperature": temperature, "probabilities": (probabilities / probabilities.sum(1, keepdims=True)).ravel().tolist()}


with open(os.path.join(HERE, "knn.json"), "w") as file:
    json.dump({
        "x": [round(float(v), 2) for v in x.ravel()], "queries": [round(float(v), 2) for v in queries.ravel()],
        "width": WIDTH, "labels": labels.tolist(), "classes": CLASSES, "targets": targets.ravel().tolist(),
        "cases": [case(metric, weights, k) for metric, weights, k in
                  [("euclidean", "uniform", 1), ("euclidean", "uniform", 7), ("euclidean", "distance", 9),
                   ("cosine", "uniform", 10), ("cosine", "distance", 6), ("euclidean", "uniform", 90)]],
        "softmax": [softmax(12, 0.07), softmax(90, 0.02)],
    }, file, separators=(",", ":"))
