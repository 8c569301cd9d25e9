"""Reference from scikit-learn's class weights on unequal classes of logistic.json, for RebalancedTrainerTests: python3 make_balanced.py"""
import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "logistic.json")) as file:
    data = json.load(file)
every = {0: 1, 1: 2, 2: 5, 3: 12}  # of class c, one row in so many is kept
labels = np.array(data["labels"])
rows = np.array([i for i in range(len(labels)) if i % every[labels[i]] == 0])
x = np.array(data["x"]).reshape(len(labels), -1)[rows]
y = labels[rows]
balanced = compute_class_weight("balanced", classes=np.arange(4), y=y)
L2 = 1e-2
cases = []
for name, weights in [("balanced", dict(enumerate(balanced))), ("given", {0: 1, 1: 1, 2: 3, 3: 8})]:
    z = StandardScaler().fit(x, sample_weight=[weights[c] for c in y])
    total = sum(weights[c] for c in y)
    model = LogisticRegression(C=1 / (L2 * total), class_weight=weights if name == "given" else "balanced", multi_class="multinomial", tol=1e-10, max_iter=10000)
    model.fit(z.transform(x), y)
    cases.append({
        "name": name, "l2": L2, "weights": [weights[c] for c in range(4)],
        "probabilities": np.round(model.predict_proba(z.transform(x))[:40], 7).ravel().tolist(),
    })
with open(os.path.join(HERE, "balanced.json"), "w") as file:
    json.dump({"rows": rows.tolist(), "cases": cases}, file, separators=(",", ":"))
