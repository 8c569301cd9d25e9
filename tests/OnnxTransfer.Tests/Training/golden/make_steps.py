"""PyTorch's weights after ten optimiser steps, and its learning rates, for StepGraphTests and LearningRateScheduleTests:
python3 make_steps.py

A perceptron 12 -> 8 -> 5 in float32, torch.nn.Linear's own initialisation, softmax cross entropy with label smoothing 0.1, a batch of 6
new rows a step, weight decay on weights but not on biases.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, ROWS, WIDTH, HIDDEN, CLASSES = 10, 6, 12, 8, 5
random = np.random.RandomState(5)
x = np.float32(np.round(random.randn(STEPS, ROWS, WIDTH), 2))
labels = random.randint(0, CLASSES, (STEPS, ROWS))


def network():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(WIDTH, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES))


def numbers(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def groups(net, decay):
    parameters = list(net.parameters())
    return [{"params": parameters[0::2], "weight_decay": decay}, {"params": parameters[1::2], "weight_decay": 0}]


def case(name, rate, decay, make):
    net = network()
    optimizer = make(groups(net, decay), rate)
    told = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(torch.tensor(x[step])), torch.tensor(labels[step]), label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        told.append(float(loss.detach()))
    return {"name": name, "rate": rate, "decay": decay, "losses": told, "weights": [numbers(p) for p in net.parameters()]}


def rates(make, epochs=12, rate=0.1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler, found = make(optimizer), []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def warmed(make, epochs):
    return lambda optimizer: lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.LinearLR(optimizer, start_factor=1 / (epochs + 1), total_iters=epochs), make(optimizer)], milestones=[epochs])


def cosine(optimizer):
    return lr_scheduler.CosineAnnealingLR(optimizer, 12)


with open(os.path.join(HERE, "steps.json"), "w") as file:
    json.dump({
        "torch": torch.__version__, "x": [round(float(v), 2) for v in x.reshape(-1)], "labels": labels.reshape(-1).tolist(),
        "start": [numbers(p) for p in network().parameters()],
        "cases": [
            case("adam", 0.01, 0.0, lambda g, r: torch.optim.Adam(g, lr=r)),
            case("adam with decay", 0.01, 0.1, lambda g, r: torch.optim.Adam(g, lr=r)),
            case("adamw", 0.01, 0.1, lambda g, r: torch.optim.AdamW(g, lr=r)),
            case("sgd", 0.1, 0.0, lambda g, r: torch.optim.SGD(g, lr=r)),
            case("momentum", 0.1, 0.01, lambda g, r: torch.optim.SGD(g, lr=r, momentum=0.9)),
            case("nesterov", 0.1, 0.01, lambda g, r: torch.optim.SGD(g, lr=r, momentum=0.9, nesterov=True)),
        ],
        "schedules": {
            "constant": rates(lambda o: lr_scheduler.ConstantLR(o, factor=1)),
            "step": rates(lambda o: lr_scheduler.StepLR(o, 4, 0.3)),
            "exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
            "cosine": rates(cosine),
            "cosine with floor": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 12, eta_min=0.02)),
            "cosine warmed up": rates(warmed(cosine, 3)),
            "step warmed up": rates(warmed(lambda o: lr_scheduler.StepLR(o, 4, 0.3), 2)),
        },
    }, file, separators=(",", ":"))
