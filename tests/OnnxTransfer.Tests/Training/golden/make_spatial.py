"""PyTorch's gradients of convolutions, pools and batch norms for SpatialGradientTests: python3 make_spatial.py

Every case is one operator: y = f(inputs), and the gradients of sum(y * r) by the inputs for random r, in float64. Asymmetric and
automatic padding is written out with torch.nn.functional.pad.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(23)
cases = []


def values(shape, low=-2.0, high=2.0, step=0.01):
    return torch.tensor(np.float64(np.float32(np.round(random.uniform(low, high, shape) / step) * step)), requires_grad=True)


def distinct(shape):
    """No two alike: a maximum is one place."""
    return torch.tensor(np.float64(np.float32((random.permutation(int(np.prod(shape))) - 20).reshape(shape) * 0.07)), requires_grad=True)


def numbers(tensor):
    return [float(f"{float(v):.7g}") for v in tensor.detach().reshape(-1)]


def case(operator, name, function, inputs, fixed=(), opset=13, **attributes):
    """`fixed` are further inputs without a gradient: running statistics. A function may give more than y: those are `after`."""
    y, *after = function(*inputs, *fixed) if isinstance(function(*inputs, *fixed), tuple) else (function(*inputs, *fixed),)
    r = values(tuple(y.shape)).detach()
    gradients = torch.autograd.grad((y * r).sum(), inputs)
    cases.append({
        "name": f"{operator} {name}", "operator": operator, "opset": opset, "attributes": attributes,
        "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
        "fixed": [{"shape": list(x.shape), "values": numbers(x)} for x in fixed],
        "shape": list(y.shape), "output": numbers(y), "factors": numbers(r), "gradients": [numbers(g) for g in gradients],
        "after": [numbers(a) for a in after],
    })


def same(size, kernel, stride, dilation, upper):
    begin, end = [], []
    for n, k, s, d in zip(size, kernel, stride, dilation):
        total = max(0, ((n + s - 1) // s - 1) * s + d * (k - 1) + 1 - n)
        begin.append(total // 2 if upper else total - total // 2)
        end.append(total - begin[-1])
    return begin + end


def padded(x, pads, value=0.0):
    rank = len(pads) // 2
    return F.pad(x, [p for i in reversed(range(rank)) for p in (pads[i], pads[i + rank])], value=value)


def conv(name, n, c, m, size, kernel, strides=None, pads=None, dilations=None, groups=1, bias=True, auto=None):
    rank = len(size)
    strides, dilations, pads = strides or [1] * rank, dilations or [1] * rank, pads or [0] * 2 * rank
    real = same(size, kernel, strides, dilations, auto == "SAME_UPPER") if auto and auto != "VALID" else pads
    inputs = [values((n, c, *size)), values((m, c // groups, *kernel))] + ([values((m,))] if bias else [])
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "group": groups}
    attributes |= {"auto_pad": auto} if auto else {"pads": pads}
    function = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    case("Conv", name, lambda x, w, b=None: function(padded(x, real), w, b, tuple(strides), 0, tuple(dilations), groups), inputs, **attributes)


def transposed(name, n, c, m, size, kernel, strides=None, pads=None, dilations=None, groups=1, bias=True, padding=None, auto=None, shape=None):
    rank = len(size)
    strides, dilations, pads, padding = strides or [1] * rank, dilations or [1] * rank, pads or [0] * 2 * rank, padding or [0] * rank
    inputs = [values((n, c, *size)), values((c, m // groups, *kernel))] + ([values((m,))] if bias else [])
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "group": groups, "output_padding": padding}
    attributes |= {"auto_pad": auto} if auto else {} if shape else {"pads": pads}
    attributes |= {"output_shape": shape} if shape else {}
    whole = [s * (i - 1) + d * (k - 1) + 1 + o for i, k, s, d, o in zip(size, kernel, strides, dilations, padding)]
    if shape or auto:
        total = [a - b for a, b in zip(whole, shape or [i * s for i, s in zip(size, strides)])]
        begin = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in total]
        pads = begin + [t - b for t, b in zip(total, begin)]
    function = (F.conv_transpose1d, F.conv_transpose2d)[rank - 1]

    def run(x, w, b=None):
        y = function(x, w, b, tuple(strides), 0, tuple(padding), groups, tuple(dilations))
        return y[(slice(None), slice(None), *(slice(p, s - q) for p, q, s in zip(pads[:rank], pads[rank:], whole)))]
    case("ConvTranspose", name, run, inputs, **attributes)


conv("1 x 1", 2, 3, 4, [3, 4], [1, 1])
conv("3 x 3", 2, 3, 4, [5, 4], [3, 3], pads=[1, 1, 1, 1])
conv("without bias or padding", 2, 2, 3, [5, 6], [3, 2], bias=False)
conv("by 2", 2, 3, 2, [6, 7], [3, 3], [2, 2], [1, 1, 1, 1])
conv("1 x 1 by 2", 2, 3, 4, [4, 5], [1, 1], [2, 2], bias=False)
conv("by 3 and 2 over a rest", 1, 2, 2, [9, 8], [2, 3], [3, 2])
conv("uneven padding", 2, 2, 2, [4, 5], [3, 2], pads=[2, 0, 1, 1])
conv("padding wider than the kernel reaches", 1, 2, 2, [3, 3], [2, 2], pads=[2, 2, 2, 2])
conv("dilated", 1, 2, 3, [7, 6], [3, 2], pads=[2, 1, 2, 1], dilations=[2, 3])
conv("dilated by 2", 1, 2, 2, [8, 8], [3, 3], [2, 2], [2, 2, 2, 2], [2, 2])
conv("2 groups", 2, 4, 6, [4, 4], [3, 3], pads=[1, 1, 1, 1], groups=2)
conv("2 groups by 2", 2, 4, 2, [5, 5], [3, 3], [2, 2], [1, 1, 1, 1], groups=2)
conv("depthwise", 2, 4, 4, [4, 5], [3, 3], pads=[1, 1, 1, 1], groups=4)
conv("depthwise doubling by 2", 2, 3, 6, [5, 5], [3, 3], [2, 2], [1, 1, 1, 1], groups=3)
conv("same, upper", 1, 2, 2, [5, 6], [2, 4], auto="SAME_UPPER")
conv("same, lower by 2", 1, 2, 2, [5, 6], [3, 4], [2, 2], auto="SAME_LOWER")
conv("valid", 1, 2, 2, [5, 5], [3, 3], auto="VALID")
conv("1 dimension", 2, 3, 2, [7], [3], [2], [1, 1])
conv("1 dimension dilated in groups", 2, 4, 4, [8], [3], pads=[2, 2], dilations=[2], groups=2)
conv("3 dimensions", 1, 2, 2, [3, 4, 3], [2, 2, 2], pads=[1, 0, 0, 0, 1, 0])

transposed("2 x 2 by 2", 2, 3, 2, [3, 4], [2, 2], [2, 2])
transposed("3 x 3 by 2", 1, 2, 3, [3, 3], [3, 3], [2, 2], [1, 1, 1, 1], padding=[1, 1])
transposed("without bias", 2, 2, 2, [4, 3], [3, 3], pads=[1, 1, 1, 1], bias=False)
transposed("uneven padding, dilated", 1, 2, 2, [4, 4], [3, 2], [2, 1], [1, 0, 2, 1], [1, 2])
transposed("2 groups", 1, 4, 4, [3, 3], [3, 3], [2, 2], [1, 1, 1, 1], groups=2)
transposed("same, upper", 1, 2, 2, [3, 3], [3, 3], [2, 2], auto="SAME_UPPER")
transposed("a shape", 1, 2, 2, [3, 3], [3, 3], [2, 2], shape=[6, 7])
transposed("1 dimension", 2, 2, 3, [5], [4], [2], [1, 1])


def maximum(name, n, c, size, kernel, strides=None, pads=None, dilations=None, ceil=0, x=None):
    rank = len(size)
    strides, dilations, pads = strides or [1] * rank, dilations or [1] * rank, pads or [0] * 2 * rank
    function = (F.max_pool1d, F.max_pool2d)[rank - 1]
    case("MaxPool", name, lambda x: function(padded(x, pads, -1e9), tuple(kernel), tuple(strides), 0, tuple(dilations), bool(ceil)),
         [distinct((n, c, *size)) if x is None else x], kernel_shape=kernel, strides=strides, pads=pads, dilations=dilations, ceil_mode=ceil)


maximum("2 x 2 by 2", 2, 2, [4, 6], [2, 2], [2, 2])
maximum("3 x 3 by 2, padded", 2, 2, [6, 7], [3, 3], [2, 2], [1, 1, 1, 1])
maximum("overlapping", 1, 2, [5, 5], [3, 2])
maximum("with a rest", 1, 2, [5, 7], [2, 2], [2, 2])
maximum("rounding up", 1, 2, [5, 6], [2, 3], [2, 2], ceil=1)
maximum("dilated", 1, 2, [7, 6], [2, 3], [1, 2], dilations=[3, 2])
maximum("1 dimension", 2, 3, [9], [3], [2], [1, 1])
maximum("ties", 2, 2, [6, 6], [3, 3], [2, 2], [1, 1, 1, 1], x=torch.relu(values((2, 2, 6, 6), -2, 2, 1)).detach().requires_grad_())
maximum("all alike", 1, 1, [4, 4], [2, 2], [2, 2], x=torch.zeros(1, 1, 4, 4, dtype=torch.float64, requires_grad=True))


def average(name, size, kernel, strides=None, pads=0, include=0, ceil=0, c=2):
    rank = len(size)
    strides = strides or [1] * rank
    function = (F.avg_pool1d, F.avg_pool2d)[rank - 1]
    case("AveragePool", name, lambda x: function(x, tuple(kernel), tuple(strides), pads, bool(ceil), bool(include)), [values((2, c, *size))], opset=19,
         kernel_shape=kernel, strides=strides, pads=[pads] * 2 * rank, count_include_pad=include, ceil_mode=ceil)


average("2 x 2 by 2", [4, 6], [2, 2], [2, 2])
average("overlapping", [5, 5], [3, 2])
average("padded", [5, 6], [3, 3], [2, 2], 1)
average("padded, padding counted", [5, 6], [3, 3], [2, 2], 1, include=1)
average("rounding up", [5, 6], [2, 3], [2, 2], ceil=1)
average("padded, rounding up", [6, 6], [3, 3], [2, 2], 1, ceil=1)
average("padded, padding counted, rounding up", [6, 6], [3, 3], [2, 2], 1, include=1, ceil=1)
average("with a rest", [5, 7], [2, 2], [2, 2])
average("1 dimension", [8], [3], [2], 1)

case("GlobalAveragePool", "2 dimensions", lambda x: x.mean((2, 3), keepdim=True), [values((2, 3, 3, 4))])
case("GlobalAveragePool", "1 dimension", lambda x: x.mean(2, keepdim=True), [values((2, 3, 5))])
case("GlobalMaxPool", "2 dimensions", lambda x: F.adaptive_max_pool2d(x, 1), [distinct((2, 3, 3, 4))])
case("GlobalMaxPool", "ties", lambda x: F.adaptive_max_pool2d(x, 1), [torch.relu(values((3, 2, 3, 3), -3, 1, 1)).detach().requires_grad_()])


def frozen(name, shape, epsilon):
    c = shape[1]
    case("BatchNormalization", name, lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, eps=epsilon), [values(shape), values((c,)), values((c,))],
         [values((c,)).detach(), values((c,), 0.2, 3).detach()], epsilon=epsilon)


def training(name, shape, epsilon, momentum, shift=0.0):
    def run(x, w, b, m, v):
        m, v = m.clone(), v.clone()
        return F.batch_norm(x, m, v, w, b, training=True, momentum=1 - momentum, eps=epsilon), m, v
    c = shape[1]
    case("BatchNormalization", name, run, [(values(shape) + shift).detach().requires_grad_(), values((c,)), values((c,))],
         [values((c,)).detach(), values((c,), 0.2, 3).detach()], opset=15, epsilon=epsilon, momentum=momentum, training_mode=1)


frozen("2 dimensions", (2, 3, 3, 4), 1e-5)
frozen("rows", (5, 4), 1e-3)
training("in training", (3, 3, 3, 4), 1e-5, 0.9)
training("in training far from zero", (4, 2, 3, 3), 1e-3, 0.7, shift=30.0)
training("in training on rows", (6, 4), 1e-5, 0.9)
training("in training in 1 dimension", (3, 2, 5), 1e-5, 0.5)

with open(os.path.join(HERE, "spatial.json"), "w") as file:
    json.dump({"torch": torch.__version__, "cases": cases}, file, separators=(",", ":"))
