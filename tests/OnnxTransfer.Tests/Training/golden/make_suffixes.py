"""PyTorch's gradients and ten optimiser steps of whole network endings for SuffixTests: python3 make_suffixes.py

The architectures are torchvision's, narrower: layer4 and the classifier of ResNet-18, the last block and the classifier of VGG-11,
and the whole of a ResNet-20 for CIFAR-10 (He et al. 2016, section 4.2), cut to ResNet-8 with batch norms in training. Weights and inputs
are drawn by a formula that the test knows too, so that only norms and samples of the results are kept. Float64.
"""
import json
import os

import torch
import torch.nn.functional as F
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, CLASSES, STEPS, SAMPLES = 4, 5, 10, 12


def draw(seed, count):
    """Numerical Recipes' linear congruential generator, in [-0.5, 0.5)."""
    state, found = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        found.append(state / 2**32 - 0.5)
    return torch.tensor(found, dtype=torch.float64)


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer)
        self.conv2, self.bn2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer)
        self.downsample = None
        if stride > 1 or inner != outer:
            self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet18():
    return nn.Sequential(Block(8, 16, 2), Block(16, 16, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES)).eval()


def vgg11():
    return nn.Sequential(
        nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(),
        nn.Linear(108, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, CLASSES)).eval()


def resnet8():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), Block(4, 4, 1), Block(4, 8, 2), Block(8, 16, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES)).train()


def drawn(make):
    """Weights by their place in the network: convolutions as wide as Kaiming's, scales and variances around 1."""
    net = make().double()
    state = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    for seed, (name, value) in enumerate(state.items(), 1):
        values = draw(seed, value.numel()).reshape(value.shape)
        if value.dim() > 1:
            values = values * (24 / value[0].numel()) ** 0.5
        elif name.endswith("running_var") or (name.endswith("weight") and value.dim() == 1):
            values = 1 + values
        value.copy_(values)
    return net


def told(tensor):
    values = tensor.detach().reshape(-1)
    step = max(1, len(values) // SAMPLES)
    return {"norm": float(f"{float(values.norm()):.9g}"), "step": step, "samples": [float(f"{float(v):.9g}") for v in values[::step]]}


def case(name, make, shape):
    x = draw(100, BATCH * torch.tensor(shape).prod().item()).reshape(BATCH, *shape) * 2
    if name != "resnet8":
        x = x.clamp(min=0)  # what a Relu leaves: activations
    labels = torch.arange(BATCH) % CLASSES
    net = drawn(make)
    loss = F.cross_entropy(net(x), labels)
    loss.backward()
    found = {"name": name, "shape": list(shape), "loss": float(loss.detach()), "weights": {n: {"gradient": told(p.grad)} for n, p in net.named_parameters()}, "runs": []}
    for kind, rate, decay in (("nesterov", 0.02, 5e-3), ("adamw", 1e-3, 1e-2)):
        net, losses = drawn(make), []
        parameters = list(net.parameters())
        optimizer = (torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True, weight_decay=decay) if kind == "nesterov"
                     else torch.optim.AdamW(parameters, lr=rate, weight_decay=decay))
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), labels)
            loss.backward()
            optimizer.step()
            losses.append(float(f"{float(loss.detach()):.9g}"))
        kept = {n: told(v) for n, v in net.state_dict().items() if not n.endswith("num_batches_tracked")}
        found["runs"].append({"optimizer": kind, "rate": rate, "decay": decay, "losses": losses, "weights": kept})
    return found


with open(os.path.join(HERE, "suffixes.json"), "w") as file:
    json.dump({"torch": torch.__version__, "batch": BATCH, "classes": CLASSES, "cases": [
        case("resnet18", resnet18, (8, 6, 6)), case("vgg11", vgg11, (8, 6, 6)), case("resnet8", resnet8, (3, 12, 12))]}, file, separators=(",", ":"))
