"""Reference temperatures from scipy for TemperatureTests: python3 make_temperature.py

T minimises the weighted mean log loss of softmax(logits / T), and of the logistic function of each logit / T for labels
(Guo et al. 2017). Logits have few decimals: exact in JSON, same in float32.
"""
import json
import os

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit, log_softmax

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(3)
ROWS, OUTPUTS = 120, 5

logits = np.float32(np.round(random.randn(ROWS, OUTPUTS) * 4, 2)).astype(np.float64)
labels = np.array([random.choice(OUTPUTS, p=np.exp(log_softmax(row / 2.5))) for row in logits])
sets = random.uniform(size=(ROWS, OUTPUTS)) < expit(logits / 1.6)
weights = np.round(random.uniform(0, 3, ROWS), 1)


def classes(inverse, w):
    return -(w * log_softmax(logits * inverse, axis=1)[np.arange(ROWS), labels]).sum() / w.sum()


def several(inverse, w):
    return -(w * np.where(sets, log_expit(logits * inverse), log_expit(-logits * inverse)).mean(1)).sum() / w.sum()


def temperature(loss, w):
    return 1 / minimize_scalar(loss, bounds=(0.01, 10), args=(w,), method="bounded", options={"xatol": 1e-12}).x


ones = np.ones(ROWS)
with open(os.path.join(HERE, "temperature.json"), "w") as file:
    json.dump({
        "outputs": OUTPUTS, "logits": [round(float(v), 2) for v in logits.ravel()], "labels": labels.tolist(),
        "sets": sets.astype(int).ravel().tolist(), "weights": weights.tolist(),
        "classes": temperature(classes, ones), "classesWeighted": temperature(classes, weights),
        "several": temperature(several, ones), "severalWeighted": temperature(several, weights),
    }, file, separators=(",", ":"))
