"""PyTorch's gradients for GradientRulesTests and RowLossTests: python3 make_gradients.py

Every case is one operator on random shapes: y = f(inputs), and the gradients of sum(y * r) by the inputs for random r. Inputs are
odd multiples of 0.005, so that no value lies on a kink (0 of a Relu, a bound of a Clip) and none changes in float32.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(11)
cases, losses = [], []


def values(shape, low=-2.0, high=2.0):
    x = np.round(random.uniform(low, high, shape) / 0.01) * 0.01 + 0.005
    return torch.tensor(np.float64(np.float32(x)), requires_grad=True)


def numbers(tensor):
    return [round(float(v), 8) for v in tensor.detach().reshape(-1)]


def case(operator, function, inputs, attributes=None, lists=(), name=""):
    """`lists` are integer inputs behind the real ones (axes)."""
    y = function(*inputs)
    r = values(tuple(y.shape)).detach()
    gradients = torch.autograd.grad((y * r).sum(), inputs)
    cases.append({
        "name": f"{operator} {name}".strip(), "operator": operator, "attributes": attributes or {}, "lists": [list(x) for x in lists],
        "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
        "shape": list(y.shape), "output": numbers(y), "factors": numbers(r), "gradients": [numbers(g) for g in gradients],
    })


def shape(rank, low=2, high=5):
    return tuple(int(d) for d in random.randint(low, high, rank))


for a, b in (((3, 4), (3, 4)), ((5, 4), (4,)), ((3, 1), (1, 4)), ((4,), (2, 3, 4)), ((2, 3, 4), (3, 1))):
    for operator, function in (("Add", torch.add), ("Sub", torch.sub), ("Mul", torch.mul), ("Div", torch.div)):
        positive = operator == "Div"
        case(operator, function, [values(a), values(b, 0.5, 2.5) if positive else values(b)], name=f"{list(a)} by {list(b)}")
for operator, function, low in (("Identity", lambda x: x * 1, -2), ("Neg", torch.neg, -2), ("Exp", torch.exp, -2), ("Log", torch.log, 0.2),
                                ("Relu", torch.relu, -2), ("Sigmoid", torch.sigmoid, -4), ("Softplus", F.softplus, -4)):
    for rank in (1, 2, 3):
        case(operator, function, [values(shape(rank), low)], name=f"rank {rank}")
for low, high in ((-0.7, 1.1), (0.0, 6.0)):
    case("Clip", lambda x: torch.clamp(x, low, high), [values((4, 5))], {"low": low, "high": high}, name=f"{low} to {high}")
for axis in (-1, 0, 1):
    case("Softmax", lambda x: torch.softmax(x, axis), [values((4, 5))], {"axis": axis}, name=f"axis {axis}")
    case("LogSoftmax", lambda x: torch.log_softmax(x, axis), [values((4, 5, 2))], {"axis": axis}, name=f"axis {axis}")
for axes, keep in (((0,), 1), ((0,), 0), ((1, 2), 0), ((-1,), 1), ((0, -1), 1)):
    case("ReduceSum", lambda x: x.sum(axes, keepdim=bool(keep)), [values((3, 4, 2))], {"keepdims": keep}, [axes], f"{list(axes)} keeping {keep}")
    case("ReduceMean", lambda x: x.mean(axes, keepdim=bool(keep)), [values((3, 4, 2))], {"keepdims": keep, "axes": list(axes)},
         name=f"{list(axes)} keeping {keep}")
case("ReduceSum", lambda x: x.sum(), [values((3, 4))], {"keepdims": 0}, name="all")
case("ReduceMean", lambda x: x.mean(), [values((3, 4))], {"keepdims": 0}, name="all")
for trans_a in (0, 1):
    for trans_b in (0, 1):
        m, k, n = shape(3)
        for term in ((m, n), (n,), (m, 1), None):
            alpha, beta = round(float(random.uniform(0.3, 2)), 2), round(float(random.uniform(0.3, 2)), 2)
            inputs = [values((k, m) if trans_a else (m, k)), values((n, k) if trans_b else (k, n))] + ([values(term)] if term else [])
            case("Gemm", lambda a, b, c=None: alpha * ((a.T if trans_a else a) @ (b.T if trans_b else b)) + (0 if c is None else beta * c), inputs,
                 {"transA": trans_a, "transB": trans_b, "alpha": alpha, "beta": beta}, name=f"{trans_a}{trans_b} plus {list(term) if term else 'nothing'}")
for a, b in (((3, 4), (4, 2)), ((2, 3, 4), (2, 4, 3)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 2)), ((2, 1, 3, 4), (3, 4, 2))):
    case("MatMul", torch.matmul, [values(a), values(b)], name=f"{list(a)} by {list(b)}")


def loss(name, settings, function, outputs, targets):
    """`function` gives a loss per row; a batch's loss is their sum weighted by r."""
    rows = function(outputs)
    r = values((len(rows),), 0.0, 2.0).detach()
    gradient, = torch.autograd.grad((rows * r).sum(), [outputs])
    losses.append({"name": name, "settings": settings, "rows": len(rows), "width": outputs.shape[1], "outputs": numbers(outputs),
                   "targets": numbers(targets), "weights": numbers(r), "losses": numbers(rows), "gradients": numbers(gradient)})


for rows, classes in ((7, 4), (3, 11)):
    outputs, labels = values((rows, classes), -4, 4), torch.tensor(random.randint(0, classes, rows))
    weights = torch.tensor(np.round(random.uniform(0.2, 3, classes), 2))
    one = F.one_hot(labels, classes).double()
    for smoothing in (0.0, 0.1):
        for given in (None, weights):
            loss("SoftmaxCrossEntropy", {"smoothing": smoothing, "classWeights": [] if given is None else given.tolist()},
                 lambda x: F.cross_entropy(x, labels, weight=given, label_smoothing=smoothing, reduction="none"), outputs, one)
    several = torch.tensor(np.float64(random.rand(rows, classes) < 0.4))
    outputs = values((rows, classes), -6, 6)
    for smoothing in (0.0, 0.2):
        loss("BinaryCrossEntropy", {"smoothing": smoothing},
             lambda x: F.binary_cross_entropy_with_logits(x, several * (1 - smoothing) + smoothing / 2, reduction="none").mean(1), outputs, several)
    outputs, targets = values((rows, classes)), values((rows, classes)).detach()
    loss("SquaredLoss", {}, lambda x: F.mse_loss(x, targets, reduction="none").mean(1), outputs, targets)
    for delta in (1.0, 0.35):
        loss("HuberLoss", {"delta": delta}, lambda x: F.huber_loss(x, targets, reduction="none", delta=delta).mean(1), outputs, targets)

with open(os.path.join(HERE, "gradients.json"), "w") as file:
    json.dump({"torch": torch.__version__, "cases": cases, "losses": losses}, file, separators=(",", ":"))
