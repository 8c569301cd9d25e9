"""PyTorch's weights after ten steps of whole trainings, and its one-cycle learning rates, for NetworkFitGoldenTests: python3 make_fits.py

Two networks in float32, torch.nn's own initialisation, batches of 6 rows, all of them new:
- "perceptron" 12 -> 8 -> 5: AdamW, the first layer at 0.3 of the learning rate, gradients clipped to a norm of 0.6, class weights, label
  smoothing 0.1, warm-up over 4 steps (LinearLR) before a cosine (CosineAnnealingLR), stepped after every step.
- "convolution" 2x5x5 -> 4x5x5 -> 3: convolution without bias, batch norm in training, max(x, 0), global average, linear; SGD with Nesterov
  momentum, weight decay on all but biases and norms, the convolution at half the learning rate, OneCycleLR without cycled momentum.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, ROWS = 10, 6
random = np.random.RandomState(11)


def numbers(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def rounded(*shape):
    return np.float32(np.round(random.randn(*shape), 2))


def perceptron():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.ReLU(), torch.nn.Linear(8, 5))


def convolution():
    torch.manual_seed(4)
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(), torch.nn.Linear(4, 3))


def perceptron_optimizer(net):
    first, second = net[0], net[2]
    return torch.optim.AdamW([
        {"params": [first.weight], "lr": 0.3 * 0.05, "weight_decay": 0.1}, {"params": [first.bias], "lr": 0.3 * 0.05, "weight_decay": 0},
        {"params": [second.weight], "lr": 0.05, "weight_decay": 0.1}, {"params": [second.bias], "lr": 0.05, "weight_decay": 0}])


def convolution_optimizer(net):
    conv, norm, linear = net[0], net[1], net[5]
    return torch.optim.SGD([
        {"params": [conv.weight], "lr": 0.5 * 0.1, "weight_decay": 0.05}, {"params": [norm.weight, norm.bias], "lr": 0.1, "weight_decay": 0},
        {"params": [linear.weight], "lr": 0.1, "weight_decay": 0.05}, {"params": [linear.bias], "lr": 0.1, "weight_decay": 0}],
        lr=0.1, momentum=0.9, nesterov=True)


def warm_cosine(optimizer):
    return lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.LinearLR(optimizer, start_factor=1 / 5, total_iters=4), lr_scheduler.CosineAnnealingLR(optimizer, 6)], milestones=[4])


def one_cycle(optimizer, steps=STEPS, **more):
    return lr_scheduler.OneCycleLR(
        optimizer, max_lr=[group["lr"] for group in optimizer.param_groups], total_steps=steps, cycle_momentum=False, **more)


def train(net, x, labels, optimizer, schedule, weight=None, smoothing=0.0, clip=None):
    losses, norms = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(
            net(torch.tensor(x[step])), torch.tensor(labels[step]), weight=weight, label_smoothing=smoothing, reduction="none").mean()
        loss.backward()
        if clip is not None:
            norms.append(float(torch.nn.utils.clip_grad_norm_(net.parameters(), clip)))
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return losses, norms


def case(make, optimizer_of, schedule_of, shape, classes, **more):
    start, net = make(), make()
    x, labels = rounded(STEPS, ROWS, *shape), random.randint(0, classes, (STEPS, ROWS))
    optimizer = optimizer_of(net)
    losses, norms = train(net, x, labels, optimizer, schedule_of(optimizer), **more)
    state = [(name, value) for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")]
    return {
        "x": [round(float(v), 2) for v in x.reshape(-1)], "labels": labels.reshape(-1).tolist(),
        "start": {name: numbers(value) for name, value in start.state_dict().items() if not name.endswith("num_batches_tracked")},
        "losses": losses, "norms": norms, "end": {name: numbers(value) for name, value in state},
    }


def rates(steps, **more):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, found = one_cycle(optimizer, steps, **more), []
    for step in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < steps - 1:
            schedule.step()
    return found


with open(os.path.join(HERE, "fits.json"), "w") as file:
    json.dump({
        "torch": torch.__version__,
        "perceptron": case(
            perceptron, perceptron_optimizer, warm_cosine, (12,), 5, weight=torch.tensor([0.5, 1.0, 2.0, 1.5, 0.7]), smoothing=0.1, clip=0.6),
        "convolution": case(convolution, convolution_optimizer, one_cycle, (2, 5, 5), 3),
        "one cycle": rates(20),
        "one cycle, other settings": rates(15, pct_start=0.4, div_factor=10),
    }, file, separators=(",", ":"))
