"""PyTorch's gradients for OperatorGradientTests, numpy's losses for QuantileLossTests: python3 make_operators.py

Every case is one operator: y = f(inputs), and the gradients of sum(y * r) by the inputs for random r. Inputs are listed in the
operator's order: real ones (a gradient is wanted), lists of integers, truth values, None for one left out. Values are odd multiples
of 0.005, so that none lies on a kink and none changes in float32. A quantile loss is written out in numpy, its gradient too, and
compared with scikit-learn's.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import mean_pinball_loss

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(6)
cases = []


def values(*shape, low=-2.0, high=2.0):
    x = np.round(random.uniform(low, high, shape) / 0.01) * 0.01 + 0.005
    return torch.tensor(np.float64(np.float32(x)), requires_grad=True)


def numbers(tensor):
    return [round(float(v), 7) for v in tensor.detach().reshape(-1)]


def case(operator, function, inputs, name="", since=13, outputs=1, **attributes):
    """`function` takes the real inputs; of several outputs it gives a list."""
    reals = [x for x in inputs if isinstance(x, torch.Tensor) and x.dtype == torch.float64]
    y = function(*reals)
    ys = list(y) if outputs > 1 else [y]
    factors = [values(*t.shape).detach() for t in ys]
    gradients = torch.autograd.grad(sum((t * r).sum() for t, r in zip(ys, factors)), reals)

    def written(x):
        if x is None:
            return {}
        if isinstance(x, list):
            return {"longs": x}
        if isinstance(x, tuple):
            return {"constant": list(x)}
        return {"shape": list(x.shape), "values": numbers(x)} if x.dtype == torch.float64 else {"shape": list(x.shape), "bools": x.int().reshape(-1).tolist()}

    cases.append({"name": f"{operator} {name}".strip(), "operator": operator, "since": since, "attributes": attributes, "inputs": [written(x) for x in inputs],
                  "outputs": [{"shape": list(t.shape), "values": numbers(t), "factors": numbers(r)} for t, r in zip(ys, factors)],
                  "gradients": [numbers(g) for g in gradients]})


for operator, function, low, since, attributes in (
        ("Abs", torch.abs, -2, 13, {}), ("Tanh", torch.tanh, -2, 13, {}), ("Sqrt", torch.sqrt, 0.2, 13, {}), ("Reciprocal", torch.reciprocal, 0.3, 13, {}),
        ("Erf", torch.erf, -2, 13, {}), ("Dropout", lambda x: F.dropout(x, training=False), -2, 13, {}),
        ("LeakyRelu", lambda x: F.leaky_relu(x, 0.25), -2, 13, {"alpha": 0.25}), ("Elu", lambda x: F.elu(x, 0.5), -2, 13, {"alpha": 0.5}),
        ("HardSigmoid", F.hardsigmoid, -5, 13, {"alpha": 1 / 6, "beta": 0.5}), ("HardSwish", F.hardswish, -5, 14, {}),
        ("Gelu", F.gelu, -2, 20, {}), ("Gelu", lambda x: F.gelu(x, approximate="tanh"), -2, 20, {"approximate": "tanh"})):
    case(operator, function, [values(4, 5, low=low, high=max(2, -low))], since=since, name=" ".join(map(str, attributes.values())), **attributes)
case("PRelu", lambda x, s: F.prelu(x, s.reshape(-1)), [values(2, 3, 2, 2), values(3, 1, 1)])
for exponent in (2.0, 3.0, -0.5, 1.7):
    case("Pow", lambda x: x ** exponent, [values(3, 4, low=0.3), (exponent,)], name=str(exponent))
for operator, function in (("Max", torch.maximum), ("Min", torch.minimum)):
    case(operator, function, [values(3, 4), values(4)])
ties = torch.tensor([[1.0, 2.0, 0.0]], dtype=torch.float64, requires_grad=True)
case("Max", lambda a, b: torch.maximum(a, b), [ties, torch.tensor([[1.0, 0.5, 0.0]], dtype=torch.float64, requires_grad=True)], name="of equals")
case("Sum", lambda a, b, c: a + b + c, [values(3, 4), values(4), values(3, 1)])
case("Mean", lambda a, b, c: (a + b + c) / 3, [values(3, 4), values(4), values(3, 1)])
condition = torch.tensor(random.rand(3, 4) < 0.5)
case("Where", lambda a, b: torch.where(condition, a, b), [condition, values(3, 4), values(1, 4)])

case("Flatten", lambda x: torch.flatten(x, 1), [values(2, 3, 2, 2)])
case("Reshape", lambda x: x.reshape(2, 2, 6), [values(2, 3, 4), [0, 2, -1]])
case("Squeeze", lambda x: x.squeeze(3).squeeze(2), [values(2, 3, 1, 1), [2, -1]])
case("Unsqueeze", lambda x: x[:, :, None, None], [values(2, 3), [2, 3]])
case("Transpose", lambda x: x.permute(0, 2, 3, 1), [values(2, 3, 2, 4)], perm=[0, 2, 3, 1])
case("Transpose", lambda x: x.permute(2, 1, 0), [values(2, 3, 4)], name="all round")
case("Expand", lambda x: x.expand(2, 3, 4), [values(3, 1), [2, 3, 4]])
for axis in (1, -1, 0):
    case("Concat", lambda a, b, c: torch.cat([a, b, c], axis), [values(2, 3, 2), values(2, 3, 2), values(2, 3, 2)], name=f"axis {axis}", axis=axis)
case("Split", lambda x: x.split([1, 3, 2], 1), [values(2, 6), [1, 3, 2]], outputs=3, axis=1)
case("Slice", lambda x: x[:, :, ::2, ::2], [values(2, 2, 5, 4), [0, 0], [2 ** 63 - 1] * 2, [2, 3], [2, 2]], name="every second")
case("Slice", lambda x: x[1:-1, 2:], [values(4, 5), [1, 2], [-1, 100]], name="without axes")
case("Slice", lambda x: torch.flip(x, [1])[:, ::2], [values(3, 5), [-1], [-(2 ** 63)], [1], [-2]], name="backwards")
case("Pad", lambda x: F.pad(x, (0, 0, 0, 0, 4, 4)), [values(2, 3, 2, 2), [0, 4, 0, 0, 0, 4, 0, 0], (0.0,)], name="channels")
case("Pad", lambda x: F.pad(x, (1, 2, -1, 1), value=1.5), [values(2, 4, 3), [0, -1, 1, 0, 1, 2], (1.5,)], name="and cut")
case("Gather", lambda x: x[:, [0, 2, 0, 3]], [values(3, 4, 2), [0, 2, 0, -1]], axis=1)
for scale in (2, 3):
    case("Resize", lambda x: F.interpolate(x, scale_factor=scale, mode="nearest"), [values(1, 2, 3, 2), None, (1.0, 1.0, float(scale), float(scale))],
         name=f"by {scale}", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    case("Resize", lambda x: F.interpolate(x, scale_factor=scale, mode="nearest-exact"), [values(1, 2, 3, 2), None, (1.0, 1.0, float(scale), float(scale))],
         name=f"by {scale}, half pixels", mode="nearest", coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_floor")

reductions = {
    "ReduceL1": lambda x, a, k: x.abs().sum(a, k), "ReduceL2": lambda x, a, k: torch.linalg.vector_norm(x, 2, a, k),
    "ReduceSumSquare": lambda x, a, k: (x * x).sum(a, k), "ReduceLogSum": lambda x, a, k: x.sum(a, k).log(),
    "ReduceLogSumExp": lambda x, a, k: x.logsumexp(a, k), "ReduceMax": lambda x, a, k: x.amax(a, k), "ReduceMin": lambda x, a, k: x.amin(a, k)}
for operator, function in reductions.items():
    for axes, keep in (((1,), 1), ((0, 2), 0)):
        case(operator, lambda x: function(x, axes, bool(keep)), [values(2, 3, 4, low=0.2 if operator == "ReduceLogSum" else -2)],
             name=f"{list(axes)} keeping {keep}", keepdims=keep, axes=list(axes))
equal = torch.tensor([[1.0, 3.0, 3.0], [0.0, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
case("ReduceMax", lambda x: x.amax(1), [equal], name="of equals", keepdims=0, axes=[1])
case("ReduceL2", lambda x: torch.linalg.vector_norm(x, 2, 1), [equal], name="of zeros", keepdims=0, axes=[1])
case("LpNormalization", lambda x: F.normalize(x, dim=1), [values(3, 4)], axis=1, p=2)

quantiles = []
for rows, levels in ((6, [0.1, 0.5, 0.9]), (4, [0.25])):
    width = max(2, len(levels))
    outputs, targets, weights = (values(rows, width).detach().numpy(), values(rows, width).detach().numpy(), values(rows, low=0, high=2).detach().numpy())
    targets = targets + 0.0025
    q, e = np.array(levels), targets - outputs
    losses = np.maximum(q * e, (q - 1) * e)
    peer = [mean_pinball_loss(targets[:, j], outputs[:, j], alpha=levels[j % len(levels)]) for j in range(width)]
    assert np.allclose(losses.mean(0), peer)
    gradients = np.where(e > 0, -q, 1 - q) * weights[:, None] / width
    quantiles.append({"rows": rows, "width": width, "levels": levels, "outputs": numbers(torch.tensor(outputs)), "targets": numbers(torch.tensor(targets)),
                      "weights": numbers(torch.tensor(weights)), "losses": numbers(torch.tensor(losses.mean(1))), "gradients": numbers(torch.tensor(gradients))})

with open(os.path.join(HERE, "operators.json"), "w") as file:
    json.dump({"torch": torch.__version__, "cases": cases, "quantiles": quantiles}, file, separators=(",", ":"))
