"""Golden values for int8: a quantised network computed in integers by PyTorch, and ranges by onnxruntime's formulas in numpy.

Run: python3 make_int8.py   (torch 1.13, numpy, scipy, onnx 1.12, Pillow; no options, always the same output)

The ranges follow onnxruntime/python/tools/quantization/calibrate.py (1.16): HistogramCollector.compute_percentile and
get_entropy_threshold, but for the expanded levels of the latter, which stay real numbers here.
"""
import json
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from PIL import Image
from scipy.stats import entropy

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[3] / "models"
BINS = 2048
rng = np.random.RandomState(7)


def flat(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, dtype=np.float32).reshape(-1)]


class Activation:
    """uint8 steps over a range: value = scale (integer - zero)."""

    def __init__(self, values):
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        self.range = [low, high]
        self.scale = np.float32((high - low) / 255)
        self.zero = int(np.clip(np.round(-low / float(self.scale)), 0, 255))

    def integers(self, real):
        return np.clip(np.round(real.numpy() / np.float32(self.scale)) + self.zero, 0, 255)

    def reals(self, integers):
        return torch.from_numpy((integers - self.zero) * float(self.scale))


def convolve(x, steps, weight, bias, out, levels=127, **options):
    """A convolution as integers: (x - zero) * w + b summed exactly, then scaled to the output's steps."""
    w, b = weight.numpy().astype(np.float64), bias.numpy().astype(np.float64)
    scale = np.abs(w).max(axis=(1, 2, 3)).astype(np.float64) / levels
    scale = scale.astype(np.float32).astype(np.float64)
    whole = np.clip(np.round(w / scale[:, None, None, None]), -levels, levels)
    product = float(steps.scale) * scale
    sums = F.conv2d(torch.from_numpy((x - steps.zero).astype(np.float64)), torch.from_numpy(whole), torch.from_numpy(np.round(b / product)), **options)
    return np.clip(np.round(sums.numpy() * (product / float(out.scale))[None, :, None, None]) + out.zero, 0, 255)


def network():
    t = lambda *shape: torch.from_numpy(rng.randn(*shape).astype(np.float32).round(4))
    x, w1, b1, w2, b2, w3, b3 = t(4, 3, 8, 8), t(6, 3, 3, 3), t(6), t(5, 6, 1, 1), t(5), t(5, 1, 3, 3), t(5)
    bn = dict(scale=t(5).abs() + 0.1, bias=t(5), mean=t(5), variance=t(5).abs() + 0.1)
    a = F.relu(F.conv2d(x, w1, b1, padding=1))
    p = F.max_pool2d(a, 2)
    b = F.conv2d(p, w2, b2)
    c = F.conv2d(b, w3, b3, padding=1, groups=5)
    s = b + c
    factor = bn["scale"] / torch.sqrt(bn["variance"] + 1e-5)
    shift = bn["bias"] - bn["mean"] * factor
    n = F.relu(s * factor[None, :, None, None] + shift[None, :, None, None])
    w4, b4 = t(4, 5, 1, 1), t(4)
    y = F.conv2d(n, w4, b4)
    ranges = {name: Activation(v) for name, v in dict(x=x, a=a, b=b, c=c, s=s, n=n, y=y).items()}
    out = {}
    for levels in (127, 64):
        X, A, B, C, S, N, Y = (ranges[k] for k in "xabcsny")
        qx = X.integers(x)
        qa = convolve(qx, X, w1, b1, A, levels, padding=1)  # the ReLU is the lower end of A's range
        qp = F.max_pool2d(torch.from_numpy(qa), 2).numpy()
        qb = convolve(qp, A, w2, b2, B, levels)
        qc = convolve(qb, B, w3, b3, C, levels, padding=1, groups=5)
        qs = S.integers((B.reals(qb) + C.reals(qc)).float())
        qn = convolve(qs, S, factor[:, None, None, None], shift, N, levels, groups=5)
        qy = convolve(qn, N, w4, b4, Y, levels)
        out[levels] = flat(Y.reals(qy))
    return {
        "x": flat(x), "w1": flat(w1), "b1": flat(b1), "w2": flat(w2), "b2": flat(b2), "w3": flat(w3), "b3": flat(b3), "w4": flat(w4), "b4": flat(b4),
        **{f"bn_{k}": flat(v) for k, v in bn.items()}, "ranges": {k: v.range for k, v in ranges.items()},
        "step": float(ranges["y"].scale), "float": flat(y), "int8": out[127], "int7": out[64],
    }


def percentile(hist, edges, percent):
    cdf = np.cumsum(hist / hist.sum())
    cut = (100.0 - percent) / 200.0
    return edges[np.searchsorted(cdf, cut)], edges[np.searchsorted(cdf, 1.0 - cut)]


def smooth(p, eps=0.0001):
    zeros, full = p == 0, p != 0
    return None if not full.any() else p + eps * zeros - eps * zeros.sum() / full.sum() * full


def kl(hist, edges, levels=128):
    middle, half = hist.size // 2, levels // 2
    divergences, thresholds = [], []
    for i in range(half, middle + 1):
        start, end = middle - i, min(middle + i + 1, hist.size)
        thresholds.append((edges[start], edges[end]))
        sliced = hist[start:end].astype(np.float64)
        p = sliced.copy()
        p[0] += hist[:start].sum()
        p[-1] += hist[end:].sum()
        full = (p != 0).astype(np.int64)
        merged = sliced.size // levels
        bins = [sliced[k * merged:(k + 1) * merged].sum() for k in range(levels)]
        bins[-1] += sliced[levels * merged:].sum()
        q = np.zeros(p.size)
        for k in range(levels):
            norm = full[k * merged:(k + 1) * merged].sum()
            if norm:
                q[k * merged:(k + 1) * merged] = bins[k] / norm
        p, q = smooth(p), smooth(q)
        divergences.append(np.inf if p is None or q is None else entropy(p, q))
    return thresholds[int(np.argmin(divergences))]


def ranges():
    """Of the first convolution of the carried ResNet-14 on its reference image, before and after the ReLU."""
    model = onnx.load(str(MODELS / "resnet14-cifar10.onnx"))
    about = json.loads((MODELS / "resnet14-cifar10.json").read_text())
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    first, relu = model.graph.node[:2]
    assert (first.op_type, relu.op_type) == ("Conv", "Relu")
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in first.attribute}
    pixels = np.asarray(Image.open(MODELS / "reference.png").convert("RGB").resize((32, 32), Image.BILINEAR), dtype=np.float32) / 255
    x = (pixels - np.float32(about["preprocessing"]["mean"])) / np.float32(about["preprocessing"]["std"])
    x = torch.from_numpy(x.transpose(2, 0, 1)[None].copy())
    conv = F.conv2d(x, weights[first.input[1]], weights[first.input[2]], stride=attributes["strides"], padding=attributes["pads"][:2]).numpy()
    cases = {}
    for name, values in ((first.output[0], conv), (relu.output[0], np.maximum(conv, 0))):
        largest = np.abs(values).max()
        hist, edges = np.histogram(values, BINS, range=(-largest, largest))
        inside = lambda pair: [float(max(pair[0], values.min())), float(min(pair[1], values.max()))]
        cases[name] = {
            "bin": float(edges[1] - edges[0]), "min-max": inside((-np.inf, np.inf)), "entropy": inside(kl(hist, edges)),
            "99": inside(percentile(hist, edges, 99)), "99.9": inside(percentile(hist, edges, 99.9)), "99.99": inside(percentile(hist, edges, 99.99)),
        }
    return cases


if __name__ == "__main__":
    (HERE / "int8.json").write_text(json.dumps({"network": network(), "ranges": ranges()}) + "\n")
