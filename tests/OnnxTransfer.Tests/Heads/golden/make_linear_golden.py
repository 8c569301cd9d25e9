"""Reference fits from scikit-learn, scipy and numpy for the tests of LinearSvm, HuberRegression, QuantileRegression,
NearestCentroid and LinearDiscriminant: python3 make_linear_golden.py

Embeddings are those of logistic.json (500 x 20). Columns are standardised by scikit-learn's StandardScaler where a case
says so; coefficients are brought back to raw columns here, so that they compare with those of a head.
"""
import json
import os
import warnings

import numpy as np
from scipy.optimize import linprog, minimize
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import HuberRegressor
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(11)
with open(os.path.join(HERE, "logistic.json")) as file:
    shared = json.load(file)
X = np.array(shared["x"], np.float64).reshape(500, 20)
Y = np.array(shared["labels"])
ONES, MIXED = np.ones(500), np.round(random.uniform(0.1, 3, 500), 1)


def write(name, cases):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump({"cases": cases}, file, separators=(",", ":"))


def scale(x, weights, standardise):
    if not standardise:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    scaler = StandardScaler().fit(x, sample_weight=weights)
    return scaler.mean_, scaler.scale_


def svm(signs, weights, l2, standardise, labels=None):
    mean, deviation = scale(X, weights, standardise)
    z = (X - mean) / deviation
    share = weights / weights.sum()
    coefficients, intercepts, objective = [], [], 0
    for y in signs.T:
        def value(p):
            gap = np.maximum(0, 1 - y * (z @ p[:-1] + p[-1]))
            slope = -2 * share * y * gap
            return share @ gap ** 2 + l2 / 2 * p[:-1] @ p[:-1], np.append(z.T @ slope + l2 * p[:-1], slope.sum())

        found = minimize(value, np.zeros(21), jac=True, method="L-BFGS-B", options={"maxiter": 20000, "maxfun": 40000, "ftol": 1e-16, "gtol": 1e-9})
        assert np.abs(found.jac).max() < 1e-6, found
        # LinearSVC penalises the intercept, the less the larger intercept_scaling is.
        peer = LinearSVC(C=1 / (l2 * weights.sum()), dual=False, tol=1e-8, max_iter=10000, intercept_scaling=100).fit(z, y, weights)
        assert np.allclose(peer.coef_[0], found.x[:-1], atol=2e-3), (peer.coef_, found.x)
        objective += found.fun
        coefficients.append(found.x[:-1] / deviation)
        intercepts.append(found.x[-1] - coefficients[-1] @ mean)
    case = {"l2": l2, "standardise": standardise, "weights": weights.tolist(), "objective": objective,
            "coefficients": np.ravel(coefficients).tolist(), "intercepts": intercepts}
    return case if labels is None else case | {"sets": labels}


def weighted_median(values, weights):
    order = np.argsort(values, kind="stable")
    return values[order[np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)]]


def robust(y, weights):
    centre = weighted_median(y, weights)
    return centre, 1.4826 * weighted_median(np.abs(y - centre), weights)


def huber(rows, y, weights, l2, epsilon, standardise):
    x = X[:rows]
    mean, deviation = scale(x, weights, standardise)
    centre, spread = robust(y, weights)
    model = HuberRegressor(epsilon=epsilon, alpha=l2 * weights.sum(), tol=1e-10, max_iter=100000)
    z, y2 = (x - mean) / deviation, (y - centre) / spread
    model.fit(z, y2, weights)

    def value(p):
        """Its objective (Owen 2007), over 2 sum(w), with the scale as exp of a parameter."""
        error, sigma, share = z @ p[:-2] + p[-2] - y2, np.exp(p[-1]), weights / weights.sum() / 2
        near = np.abs(error) < epsilon * sigma
        loss = np.where(near, sigma + error ** 2 / sigma, sigma + 2 * epsilon * np.abs(error) - epsilon ** 2 * sigma)
        slope = share * np.where(near, 2 * error / sigma, 2 * epsilon * np.sign(error))
        by_sigma = share @ np.where(near, 1 - (error / sigma) ** 2, 1 - epsilon ** 2)
        return share @ loss + l2 / 2 * p[:-2] @ p[:-2], np.concatenate([z.T @ slope + l2 * p[:-2], [slope.sum(), by_sigma * sigma]])

    # scikit-learn's own fit ends early where columns are not standardised; scipy carries it on.
    first = np.concatenate([model.coef_, [model.intercept_, np.log(model.scale_)]])
    found = minimize(value, first, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 10000})
    assert np.abs(found.jac).max() < 1e-7 and value(first)[0] - found.fun < 1e-3 * found.fun, (found, value(first)[0])
    assert not standardise or np.abs(found.x - first).max() < 1e-2, found.x - first
    coefficients, intercept, sigma = found.x[:-2] / deviation * spread, found.x[-2], np.exp(found.x[-1])
    return {"rows": rows, "targets": y.tolist(), "weights": weights.tolist(), "l2": l2, "epsilon": epsilon, "standardise": standardise,
            "coefficients": coefficients.tolist(), "intercept": centre + intercept * spread - coefficients @ mean,
            "scale": sigma * spread}


def quantile(rows, y, weights, l2, coverage):
    x = X[:rows]
    mean, deviation = scale(x, weights, True)
    z = (x - mean) / deviation
    centre, spread = robust(y, weights)
    y2 = (y - centre) / spread
    share = weights / weights.sum()
    objectives = []
    for tau in [(1 - coverage) / 2, 0.5, (1 + coverage) / 2]:
        objectives.append(linear_programme(z, y2, share, tau) if l2 == 0 else augmented_lagrangian(z, y2, share, tau, l2))
    return {"rows": rows, "targets": y.tolist(), "weights": weights.tolist(), "l2": l2, "coverage": coverage, "centre": centre, "spread": spread,
            "mean": mean.tolist(), "deviation": deviation.tolist(), "objectives": objectives}


def linear_programme(z, y, share, tau):
    n, d = z.shape
    cost = np.concatenate([np.zeros(d + 1), tau * share, (1 - tau) * share])
    equal = np.hstack([z, np.ones((n, 1)), np.eye(n), -np.eye(n)])
    found = linprog(cost, A_eq=equal, b_eq=y, bounds=[(None, None)] * (d + 1) + [(0, None)] * (2 * n), method="highs")
    assert found.status == 0
    return found.fun


def augmented_lagrangian(z, y, share, tau, l2):
    """ADMM on e = y - z w - b until the duality gap is below 1e-6 of the objective."""
    n, d = z.shape
    a = np.hstack([z, np.ones((n, 1))])
    rho = 0.02
    normal = rho * a.T @ a + l2 * np.diag(np.append(np.ones(d), 0))
    e, u = np.zeros(n), np.zeros(n)
    for _ in range(200000):
        p = np.linalg.solve(normal, rho * a.T @ (y - e + u))
        r = y - a @ p + u
        e = np.where(r > tau * share / rho, r - tau * share / rho, np.where(r < (tau - 1) * share / rho, r + (1 - tau) * share / rho, 0))
        u = r - e
        residual = y - a @ p
        primal = share @ np.where(residual > 0, tau * residual, (tau - 1) * residual) + l2 / 2 * p[:-1] @ p[:-1]
        dual = rho * u
        bound = dual @ y - np.sum((z.T @ dual) ** 2) / (2 * l2)
        if abs(dual.sum()) < 1e-9 and primal - bound < 1e-6 * primal:
            return primal
    raise AssertionError((primal, bound, dual.sum()))


def discriminant(rows, labels, shrinkage, standardise, priors=None):
    x, y = X[:rows], labels[:rows]
    mean, deviation = scale(x, ONES[:rows], standardise)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=priors).fit((x - mean) / deviation, y)
    coefficients = model.coef_ / deviation
    return {"rows": rows, "labels": y.tolist(), "shrinkage": None if shrinkage == "auto" else shrinkage, "standardise": standardise,
            "priors": priors, "coefficients": coefficients.ravel().tolist(), "intercepts": (model.intercept_ - coefficients @ mean).tolist(),
            "probabilities": model.predict_proba((x - mean) / deviation)[:20].ravel().tolist()}


def centroid(metric, standardise):
    mean, deviation = scale(X, ONES, standardise)
    z = (X - mean) / deviation
    model = NearestCentroid(metric=metric).fit(z, Y)
    points, centres = z, model.centroids_
    if metric == "cosine":
        points, centres = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (points, centres))
    scores = -((points[:20, None] - centres[None]) ** 2).sum(2) / 3
    probabilities = np.exp(scores - scores.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    return {"distance": metric.capitalize(), "standardise": standardise, "temperature": 3, "predicted": model.predict(z).tolist(),
            "probabilities": probabilities.ravel().tolist()}


warnings.simplefilter("error")
warnings.filterwarnings("ignore", message="Averaging for metrics other than euclidean")
ONE = np.where(Y[:, None] == np.arange(4), 1, -1)
SETS = [[int(c) for c in np.flatnonzero(row)] for row in (X[:, :4] + random.randn(500, 4) > np.median(X[:, :4], 0) + 0.5)]
SIGNS = np.array([[1 if c in s else -1 for c in range(4)] for s in SETS])
write("svm.json", [svm(ONE, ONES, 1e-2, True), svm(ONE, MIXED, 1e-1, True), svm(ONE, ONES, 1e-2, False), svm(SIGNS, ONES, 1e-2, True, SETS)])

target = X @ random.randn(20) + 40 + random.randn(500) * 2
wild = np.round(target + (random.uniform(size=500) < 0.1) * random.randn(500) * 200, 2)
write("huber.json", [huber(150, wild[:150], ONES[:150], 1e-2, 1.35, True), huber(150, wild[:150], MIXED[:150], 0.3, 1.35, True),
                     huber(150, wild[:150], ONES[:150], 1e-2, 2.0, False), huber(15, wild[:15], ONES[:15], 30, 1.35, True)])
skewed = np.round(target + random.exponential(8, 500), 2)
write("quantile.json", [quantile(400, skewed[:400], ONES[:400], 0, 0.9), quantile(150, skewed[:150], MIXED[:150], 0, 0.5),
                        quantile(100, skewed[:100], ONES[:100], 1e-2, 0.8), quantile(15, skewed[:15], ONES[:15], 1e-2, 0.8)])
FEW = np.array([0, 1, 2, 3] * 4 + [3])
FEW[0] = 1  # class 0 keeps three rows
write("discriminant.json", [discriminant(500, Y, "auto", True), discriminant(500, Y, "auto", False), discriminant(500, Y, 0.3, True),
                            discriminant(500, Y, 0, True), discriminant(500, Y, 0.05, False, [0.1, 0.2, 0.3, 0.4]),
                            discriminant(17, FEW, "auto", True), discriminant(17, FEW, 0.5, True), discriminant(500, Y, "auto", True, [0.1, 0.2, 0.3, 0.4])])
write("centroid.json", [centroid(metric, standardise) for metric in ("euclidean", "cosine") for standardise in (True, False)])
