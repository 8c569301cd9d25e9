#!/usr/bin/env python3
"""steps_torch.py NAME BATCH THREADS SECONDS: PyTorch, eager, does what `steps` of OnnxTransfer.Benchmarks does: training steps of ResNet-18's
layer4 with a head (batch norms frozen), of ResNet-20 (batch norms in training), SGD with Nesterov momentum and weight decay, or epochs
of a perceptron (mlp). Prints one JSON line: milliseconds of each step after the first, CPU milliseconds a step."""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from blas import blas
from mlp_torch import epoch, plant


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer)
        self.conv2, self.bn2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer)
        self.past = nn.Sequential() if inner == outer else nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True))) + self.past(x), inplace=True)


def layer4():
    net = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    return net.eval(), (256, 14, 14)


def resnet20():
    widths = [16] * 4 + [32] * 3 + [64] * 3
    blocks = [Block(a, b, 1 if a == b else 2) for a, b in zip(widths, widths[1:])]
    net = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return net.train(), (3, 32, 32)


def stepping(name, batch):
    torch.manual_seed(1)
    if name == "mlp":
        x, labels = plant()
        return lambda: epoch(x, labels)
    net, shape = {"layer4": layer4, "resnet20": resnet20}[name]()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x, labels = torch.relu(torch.randn(batch, *shape)), torch.arange(batch) % 10

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def main():
    name, batch, threads, seconds = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    step = stepping(name, batch)
    step()
    times, begin, cpu = [], time.perf_counter(), time.process_time()
    while not times or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"peer": f"PyTorch {torch.__version__}, {blas()}", "milliseconds": times, "cpuMilliseconds": 1000 * (time.process_time() - cpu) / len(times)}))


if __name__ == "__main__":
    main()
