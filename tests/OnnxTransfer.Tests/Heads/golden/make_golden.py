"""Reference fits from scikit-learn for LogisticRegressionTests and RidgeRegressionTests: python3 make_golden.py

Columns are standardised by scikit-learn's StandardScaler where a case says so; coefficients are brought back to raw
columns here, so that they compare with those of a head. Values of X have few decimals: exact in JSON, same in float32.
"""
import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(7)


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file, separators=(",", ":"))


def data(rows, width):
    mixing = random.randn(width, width) * 0.4 + np.eye(width)
    x = random.randn(rows, width) @ mixing * np.linspace(0.3, 4, width) + np.linspace(-3, 5, width)
    return np.float32(np.round(x, 2)).astype(np.float64)


def scale(x, weights, standardise):
    if not standardise:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    scaler = StandardScaler().fit(x, sample_weight=weights)
    return scaler.mean_, scaler.scale_


def logistic(x, y, weights, l2, standardise):
    mean, deviation = scale(x, weights, standardise)
    z = (x - mean) / deviation
    model = LogisticRegression(C=1 / (l2 * weights.sum()), tol=1e-6, max_iter=1000, multi_class="multinomial", solver="newton-cg")
    model.fit(z, y, sample_weight=weights)
    residuals = (model.predict_proba(z) - np.eye(4)[y]) * weights[:, None] / weights.sum()
    assert np.abs(residuals.T @ z + l2 * model.coef_).max() < 1e-7, "not at the optimum"
    loss = -(weights * model.predict_log_proba(z)[np.arange(len(y)), y]).sum() / weights.sum()
    coefficients = model.coef_ / deviation
    return {
        "l2": l2, "standardise": standardise, "weights": weights.tolist(),
        "objective": loss + 0.5 * l2 * (model.coef_ ** 2).sum(),
        "coefficients": coefficients.ravel().tolist(), "intercepts": (model.intercept_ - coefficients @ mean).tolist(),
    }


def ridge(x, y, weights, l2, standardise):
    mean, deviation = scale(x, weights, standardise)
    z = (x - mean) / deviation
    model = Ridge(alpha=l2 * weights.sum(), solver="cholesky").fit(z, y, sample_weight=weights)
    coefficients = model.coef_ / deviation
    return {
        "rows": len(y), "l2": l2, "standardise": standardise, "weights": weights.tolist(), "targets": y.tolist(),
        "coefficients": coefficients.tolist(), "intercept": model.intercept_ - coefficients @ mean,
    }


x = data(500, 20)
logits = x @ random.randn(20, 4) * 0.15 + random.gumbel(size=(500, 4)) + [0, 0.5, 1, 1.5]
y = logits.argmax(1)
ones, mixed = np.ones(500), np.round(random.uniform(0, 3, 500), 1)
write("logistic.json", {
    "x": [round(float(v), 2) for v in x.ravel()], "labels": y.tolist(),
    "cases": [logistic(x, y, ones, 1e-3, True), logistic(x, y, ones, 1e-1, True),
              logistic(x, y, mixed, 1e-2, True), logistic(x, y, ones, 1e-2, False)],
})

few, many = 12, 90
target = x[:many] @ random.randn(20) + 40 + random.randn(many)
write("ridge.json", {
    "cases": [ridge(x[:many], target, ones[:many], 1e-2, True), ridge(x[:many], target, mixed[:many], 0.3, True),
              ridge(x[:many], target, ones[:many], 1e-1, False), ridge(x[:few], target[:few], ones[:few], 1e-2, True),
              ridge(x[:few], target[:few], mixed[:few], 1e-2, True)],
})
