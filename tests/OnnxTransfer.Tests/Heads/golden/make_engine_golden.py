"""More reference fits from scikit-learn, on the rows of logistic.json: python3 make_engine_golden.py

labels.json: several labels a row, one LogisticRegression per label; separable.json: classes that a line tells apart, hardly
penalised, where float32 stops short of the optimum; outputs.json: several targets a row, one Ridge for all. Columns are
standardised by scikit-learn's StandardScaler; coefficients are brought back to raw columns.
"""
import json
import os
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore")  # newton-cg's line search ends in rounding; what it reached is checked below
HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(11)


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file, separators=(",", ":"))


def fit_label(z, y, weights, l2):
    model = LogisticRegression(C=1 / (l2 * weights.sum()), tol=1e-9, max_iter=2000, solver="newton-cg").fit(z, y, sample_weight=weights)
    p = model.predict_proba(z)[:, 1]
    gradient = ((p - y) * weights) @ z / weights.sum() + l2 * model.coef_[0]
    assert np.abs(gradient).max() < 1e-8, "not at the optimum"
    loss = -(weights * (y * np.log(p) + (1 - y) * np.log1p(-p))).sum() / weights.sum()
    return model.coef_[0], model.intercept_[0], loss + 0.5 * l2 * (model.coef_ ** 2).sum()


with open(os.path.join(HERE, "logistic.json")) as file:
    x = np.float64(np.float32(json.load(file)["x"])).reshape(500, 20)
scaler = StandardScaler().fit(x)
z = scaler.transform(x)

# Five labels, of which a row may have none or all.
logits = z @ random.randn(20, 5) * 0.4 + [0, -1, 1, -2, 0.5]
has = (logits + random.logistic(size=logits.shape) > 0).astype(int)
cases = []
for weights, l2 in ((np.ones(500), 1e-3), (np.round(random.uniform(0.1, 3, 500), 1), 1e-2)):
    scaler = StandardScaler().fit(x, sample_weight=weights)
    fits = [fit_label(scaler.transform(x), has[:, c], weights, l2) for c in range(5)]
    coefficients = np.array([f[0] for f in fits]) / scaler.scale_
    cases.append({
        "l2": l2, "weights": weights.tolist(), "objective": sum(f[2] for f in fits),
        "coefficients": coefficients.ravel().tolist(),
        "intercepts": (np.array([f[1] for f in fits]) - coefficients @ scaler.mean_).tolist(),
    })
write("labels.json", {"has": has.ravel().tolist(), "cases": cases})

# Three classes by the largest of three combinations of the columns: separable; only rows well inside are kept.
combinations = z @ random.randn(20, 3)
order = np.sort(combinations, axis=1)
clear = np.flatnonzero(order[:, 2] - order[:, 1] > 1.0)[:200]
y = combinations[clear].argmax(1)
scaler = StandardScaler().fit(x[clear])
cases = []
for l2 in (1e-3, 1e-5, 1e-6):
    zc = scaler.transform(x[clear])
    model = LogisticRegression(C=1 / (l2 * len(y)), tol=1e-12, max_iter=2000, multi_class="multinomial", solver="newton-cg").fit(zc, y)
    residuals = (model.predict_proba(zc) - np.eye(3)[y]) / len(y)
    assert model.score(zc, y) == 1
    gradient = np.abs(residuals.T @ zc + l2 * model.coef_).max()
    objective = -model.predict_log_proba(zc)[np.arange(len(y)), y].mean() + 0.5 * l2 * (model.coef_ ** 2).sum()
    assert gradient ** 2 * 60 / (2 * l2) < 1e-7 * objective, "not at the optimum"  # f - f* <= |gradient|^2 / (2 l2)
    cases.append({"l2": l2, "objective": objective})
write("separable.json", {"rows": clear.tolist(), "labels": y.tolist(), "cases": cases})

cases = []
for rows, weighted, l2 in ((90, False, 1e-2), (90, True, 0.3), (12, False, 1e-2)):
    targets = x[:rows] @ random.randn(20, 3) * [1, 1e3, 1e-3] + [40, -2e4, 0] + random.randn(rows, 3) * [1, 1e3, 1e-3]
    weights = np.round(random.uniform(0.1, 3, rows), 1) if weighted else np.ones(rows)
    scaler = StandardScaler().fit(x[:rows], sample_weight=weights)
    model = Ridge(alpha=l2 * weights.sum(), solver="cholesky").fit(scaler.transform(x[:rows]), targets, sample_weight=weights)
    coefficients = model.coef_ / scaler.scale_
    cases.append({
        "rows": rows, "l2": l2, "weights": weights.tolist(), "targets": targets.ravel().tolist(),
        "coefficients": coefficients.ravel().tolist(), "intercepts": (model.intercept_ - coefficients @ scaler.mean_).tolist(),
    })
write("outputs.json", {"cases": cases})
