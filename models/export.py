#!/usr/bin/env python3
"""Export a ResNet or VGG of torchvision as an ONNX backbone whose every stage is a tap.

Writes the ONNX graph (dynamic batch N, opset 17, evaluation mode: no dropout, batch norm folded
into the convolutions) and, beside it, the JSON description: expected preprocessing, taps, weights
and multiply-adds, and the golden embedding of reference.png, computed by PyTorch. Outputs, named
as the taps are:
  resnet  stem (after the max pool), layer1 .. layer4 (after the last ReLU), avgpool [N,512|2048]
  vgg     block1 .. block5 (after each max pool), avgpool [N,512,7,7], fc6, fc7 (after the ReLU)
and logits, the class scores. The embedding, unless other taps are asked for, is the last layer
before the classifier, which the literature on transfer takes: avgpool, or fc7 of a VGG (Donahue
et al. 2014, "DeCAF"; Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?").

WEIGHTS is one of
  V1    torchvision's IMAGENET1K_V1 (the default)
  V2    IMAGENET1K_V2, where torchvision has it: better on ImageNet, worse as frozen features
  none  random, from --seed: for tests. Statistics of the norms are random too.
  FILE  a state dict of the same network saved by torch.save, such as one fine-tuned; also as
        {"state_dict": ...} or {"model": ...} and with "module." before the names. The number of
        classes is that of its last layer.
V1 and V2 are downloaded to PyTorch's cache (TORCH_HOME) and held against their hashes.

Papers: He et al. 2016, "Deep Residual Learning for Image Recognition" (as v1.5: the stride is in
the 3x3 convolution of a bottleneck); Xie et al. 2017, "Aggregated Residual Transformations";
Zagoruyko and Komodakis 2016, "Wide Residual Networks"; Simonyan and Zisserman 2015, "Very Deep
Convolutional Networks".

Needs Python >= 3.9, PyTorch >= 1.13, torchvision >= 0.14, onnx and Pillow. Examples:
  export.py resnet50
  export.py resnet18 --weights none --seed 7 --output /tmp/resnet18.onnx
  export.py vgg16_bn --weights flowers.pth --output vgg16-flowers.onnx
"""
import argparse
import difflib
import hashlib
import inspect
import json
import math
import os
import pickle
import shutil
import sys
from pathlib import Path

try:
    import onnx
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    import torchvision
    from PIL import Image
    from torchvision import models, transforms
except ImportError as missing:
    raise SystemExit(f"export.py: {sys.executable} lacks {missing.name}; install what is missing with\n"
                     f"  {sys.executable} -m pip install torch torchvision onnx pillow\n"
                     "or, on Debian and Ubuntu, with\n"
                     "  apt install python3-torch python3-torchvision python3-onnx python3-pil\n"
                     "and use /usr/bin/python3")

RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "resnext50_32x4d"]
VGGS = [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
OPSET = 17                                   # the newest that PyTorch 1.13 writes
REFERENCE = Path(__file__).with_name("reference.png")


class ResNetTaps(nn.Module):
    """[N,3,S,S] -> stem [N,64,S/4,S/4], layer1 .. layer4, avgpool [N,512|2048], logits."""

    taps, embedding = ["stem", "layer1", "layer2", "layer3", "layer4", "avgpool"], ["avgpool"]

    def __init__(self, net, side):
        super().__init__()
        self.net = net

    def forward(self, x):
        net = self.net
        found = [net.maxpool(net.relu(net.bn1(net.conv1(x))))]
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            found.append(stage(found[-1]))
        pooled = net.avgpool(found[-1]).flatten(1)
        return (*found, pooled, net.fc(pooled))


class VggTaps(nn.Module):
    """[N,3,S,S] -> block1 [N,64,S/2,S/2] .. block5, avgpool [N,512,7,7], fc6, fc7 [N,4096], logits."""

    taps, embedding = [*(f"block{i}" for i in range(1, 6)), "avgpool", "fc6", "fc7"], ["fc7"]

    def __init__(self, net, side):
        super().__init__()
        self.net, self.cell = net, side // 32 // 7
        if side // 32 % 7:
            # ONNX has no adaptive pooling. Where 7 x 7 cells do not divide the map, they are two products with
            # fixed matrices: cell i averages the places floor(i s / 7) up to, not with, ceil((i + 1) s / 7).
            s = side // 32
            cells = torch.zeros(7, s)
            for i in range(7):
                span = slice(i * s // 7, -(-(i + 1) * s // 7))
                cells[i, span] = 1 / (span.stop - span.start)
            self.register_buffer("cells", cells)
        else:
            self.cells = None                # at 224 the map is 7 x 7 already, and a cell one place

    def forward(self, x):
        found, (fc6, _, _, fc7, _, _, last) = [], self.net.classifier
        for layer in self.net.features:
            x = layer(x)
            if isinstance(layer, nn.MaxPool2d):
                found.append(x)
        x = F.avg_pool2d(x, self.cell) if self.cells is None else self.cells @ x @ self.cells.T
        six = F.relu(fc6(x.flatten(1)))
        seven = F.relu(fc7(six))
        return (*found, x, six, seven, last(seven))


def build(name, weights, seed, side):
    """A family's network in evaluation mode with all its taps, and where its weights come from: source and licence."""
    if weights in ("V1", "V2"):
        weights = published(name, weights)
        net = models.get_model(name, weights=None)
        net.load_state_dict(download(name, weights))
        about = published_source(name, weights)
    elif weights == "none":
        torch.manual_seed(seed)
        net = models.get_model(name, weights=None)
        randomise(net)
        about = f"torchvision's {name} with random weights of seed {seed}: for tests", "none (random weights)"
    else:
        net = from_file(name, Path(weights))
        about = (f"torchvision's {name} with the weights of {Path(weights).name} "
                 f"(SHA-256 {hashlib.sha256(Path(weights).read_bytes()).hexdigest()})"), "that of the weights' file"
    return tapped(net, name, side), about


def tapped(net, name, side):
    return (VggTaps if name in VGGS else ResNetTaps)(net, side).eval()


def published(name, version):
    """torchvision's weights of this version."""
    known = models.get_model_weights(name)
    if f"IMAGENET1K_{version}" not in known.__members__:
        raise SystemExit(f"export.py: torchvision has no {version} weights for {name}, only V1; use --weights V1")
    return known[f"IMAGENET1K_{version}"]


def published_source(name, weights):
    return f"torchvision's {name}, weights {weights.name}: {weights.url}", "BSD-3-Clause (torchvision); trained on ImageNet"


def download(name, weights):
    try:
        return torch.hub.load_state_dict_from_url(weights.url, map_location="cpu", check_hash=True, progress=download.progress)
    except (OSError, RuntimeError) as e:     # no network, no space, refused; or another hash than that in the URL
        raise SystemExit(f"export.py: the weights of {name} could not be downloaded from\n  {weights.url}\n({e}); fetch that file "
                         f"some other way and give it as --weights FILE, or put it into {torch.hub.get_dir()}/checkpoints")


download.progress = True


@torch.no_grad()
def randomise(net):
    """Weights under which every layer matters and 152 of them stay in range. A fresh network would hide faults: its
    norms do nothing and its biases are zero. Draws go on from the seed that the network was constructed with."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            # By what flows in, so that a convolution in groups keeps the scale as well (He et al. 2015).
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.bias.normal_(0, .1)
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, .1)
            module.running_var.uniform_(.5, 1.5)
            module.weight.uniform_(.5, 1.5)
            module.bias.normal_(0, .1)
    for module in net.modules():
        if isinstance(module, (models.resnet.BasicBlock, models.resnet.Bottleneck)):
            last = module.bn3 if isinstance(module, models.resnet.Bottleneck) else module.bn2
            last.weight.mul_(.3)             # else a block doubles what it is given, 50 times over


def from_file(name, file):
    """The network with the weights of a state dict."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as e:
        raise SystemExit(f"export.py: {file} cannot be read ({e.strerror}); expected V1, V2, none or a file of weights")
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as e:
        why = (str(e) or type(e).__name__).split("WeightsUnpickler error: ")[-1].splitlines()[0]
        raise SystemExit(f"export.py: {file} is not a state dict ({why}); expected what "
                         "torch.save(model.state_dict(), FILE) writes, with nothing in it but tensors and plain values")
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not state or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise SystemExit(f"export.py: {file} holds a {type(state).__name__} that is no state dict; expected names with their tensors")
    state = {key[7:] if key.startswith("module.") else key: value for key, value in state.items()}
    last = "classifier.6.weight" if name in VGGS else "fc.weight"
    classes = len(state[last]) if last in state and state[last].ndim == 2 else 1000
    net = models.get_model(name, weights=None, num_classes=classes)
    expected = {key: list(v.shape) for key, v in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    given = {key: list(v.shape) for key, v in state.items() if not key.endswith("num_batches_tracked")}
    wrong = [f"lacks {key} {shape}" for key, shape in expected.items() if key not in given]
    wrong += [f"has {key} {shape}, which a {name} has not" for key, shape in given.items() if key not in expected]
    wrong += [f"{key} is {given[key]}, expected {shape}" for key, shape in expected.items() if given.get(key, shape) != shape]
    if wrong:
        more = f"\n  and {len(wrong) - 8} more" if len(wrong) > 8 else ""
        raise SystemExit(f"export.py: {file} does not hold the weights of a {name}:\n  " + "\n  ".join(wrong[:8]) + more
                         + "\nGive the network that they were trained in, or rename them")
    net.load_state_dict({key: value for key, value in state.items() if key in expected}, strict=False)
    return net


def describe(model, name, stem, file, about, side, resize):
    """The description without golden embedding. `file` is what is known of the file: its hash, or how to obtain it. Shapes
    and counts are found without computing where the model lies on PyTorch's "meta" device."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    macs = []                        # a weight is used once at each output position of its layer
    hooks = [m.register_forward_hook(lambda m, _, y: macs.append(m.weight.numel() * y[0, 0].numel())) for m in layers]
    outputs = model(torch.zeros(1, 3, side, side, device=layers[0].weight.device))
    for hook in hooks:
        hook.remove()
    shapes = [list(t.shape[1:]) for t in outputs[:-1]]
    return {
        "format": 1, "name": stem, "family": "vgg" if name in VGGS else "resnet", "file": f"{stem}.onnx", **file,
        "source": about[0], "licence": about[1],
        "input": {"tensor": "input", "layout": "NCHW", "height": side, "width": side, "channels": "RGB"},
        "preprocessing": {"resize": "shorterSide", "size": [resize], "crop": [side, side], "interpolation": "bilinear",
                          "mean": [.485, .456, .406], "std": [.229, .224, .225]},
        "taps": [{"name": tap, "tensor": tap, "shape": shape, "pooling": "none" if len(shape) == 1 else "average",
                  "width": shape[0]} for tap, shape in zip(model.taps, shapes)],
        "embedding": model.embedding,
        # As in the file: one bias a channel is all that remains of a folded batch norm.
        "parameters": sum(m.weight.numel() + len(m.weight) for m in layers), "macs": sum(macs),
    }


def catalogue(name):
    """What is known of a family without its weights."""
    net = models.get_model(name, weights=None, **({"init_weights": False} if name in VGGS else {}))
    about = published_source(name, published(name, "V1"))
    return describe(tapped(net, name, 224).to("meta"), name, name, {"obtain": f"onnxtransfer models export {name}"}, about, 224, 256)


def resized(side, version):
    """torchvision's shorter side before the cut: 256 for 224 (V2: 232), and in this proportion for others."""
    return math.floor((232 if version == "V2" else 256) * side / 224 + .5)


def golden(model, about, image):
    """All taps of the reference image, preprocessed as described and pooled as described, one after the other."""
    cut = about["preprocessing"]
    pixels = transforms.Compose([transforms.Resize(cut["size"][0]), transforms.CenterCrop(cut["crop"]), transforms.ToTensor(),
                                 transforms.Normalize(cut["mean"], cut["std"])])
    with Image.open(REFERENCE) as reference:
        x = pixels(reference.convert("RGB"))[None]
    pooled = [t.mean((2, 3)) if t.ndim == 4 else t for t in model(x)[:-1]]
    return {"image": image, "taps": model.taps, "values": torch.cat(pooled, 1)[0].tolist()}


def lay_reference(folder, stem):
    """The reference image beside the description, which names it; a file of that name with another content is kept."""
    image = folder / REFERENCE.name
    if image.exists() and image.read_bytes() != REFERENCE.read_bytes():
        image = folder / f"{stem}.{REFERENCE.name}"
    if not image.exists():
        shutil.copyfile(REFERENCE, image)
    return image.name


def to_json(value, indent=""):
    """JSON with a 2-space indent that keeps short objects and all arrays of scalars on one line,
    and floats at 9 significant digits, which is enough to restore a float32 exactly."""
    inner = indent + "  "
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, list) and not any(isinstance(v, dict) for v in value):
        return "[" + ", ".join(to_json(v) for v in value) + "]"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + to_json(v, inner) for v in value) + "\n" + indent + "]"
    if isinstance(value, dict):
        parts = [json.dumps(k) + ": " + to_json(v, inner) for k, v in value.items()]
        line = "{ " + ", ".join(parts) + " }"
        return line if indent and len(line) <= 250 and "\n" not in line else \
            "{\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + "}"
    return json.dumps(value, ensure_ascii=False)


def write(path, fill):
    """Never a half-written file: `fill` writes a neighbour, which then takes the place."""
    new = path.with_name(path.name + ".new")
    try:
        fill(new)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


@torch.no_grad()
def export(name, weights, seed, side, output):
    """Write the ONNX file, the description and, if it is not there, the reference image."""
    if weights == "V2":
        published(name, weights)
        print(f"export.py: warning: the V2 weights of {name} classify ImageNet better, but their frozen features transfer worse "
              "than those of V1 (github.com/pytorch/vision/issues/8382); for a backbone V1 is the better choice", file=sys.stderr)
    model, about = build(name, weights, seed, side)
    names = ["input", *model.taps, "logits"]
    extra = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}

    def graph(path):
        # Evaluation mode lets the exporter fold each batch norm into the convolution before it.
        torch.onnx.export(model, torch.zeros(2, 3, side, side), str(path), opset_version=OPSET, input_names=names[:1],
                          output_names=names[1:], do_constant_folding=True, dynamic_axes={n: {0: "N"} for n in names}, **extra)
        onnx.checker.check_model(str(path))

    output.parent.mkdir(parents=True, exist_ok=True)
    write(output, graph)
    file = {"sha256": hashlib.sha256(output.read_bytes()).hexdigest()}
    about = describe(model, name, output.stem, file, about, side, resized(side, weights))
    about["golden"] = golden(model, about, lay_reference(output.parent, output.stem))
    about["export"] = {"recipe": "models/export.py", "network": name, "opset": OPSET, "torch": str(torch.__version__),
                       "torchvision": str(torchvision.__version__)}
    description = output.with_suffix(".json")
    write(description, lambda path: path.write_text(to_json(about) + "\n", encoding="utf-8"))
    print(f"wrote {output} ({output.stat().st_size} bytes, {about['macs'] / 1e6:.1f} MMACs) and {description}")


def main(arguments=None):
    p = argparse.ArgumentParser(prog="export.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("name", nargs="?", metavar="NAME", help=f"{', '.join(RESNETS)}; {', '.join(VGGS)}")
    p.add_argument("--weights", default="V1", help="V1, V2, none or a file (default %(default)s)")
    p.add_argument("--seed", type=int, default=7, help="of the random weights (default %(default)s)")
    p.add_argument("--input", type=int, default=224, metavar="SIDE", help="side of the input image, at least 32 (default %(default)s)")
    p.add_argument("--output", type=Path, help="ONNX file; the JSON goes beside it (default NAME.onnx)")
    p.add_argument("--quiet", action="store_true", help="no progress bar while downloading")
    p.add_argument("--list", action="store_true", help="print the networks with the weights that torchvision has for each, and stop")
    p.add_argument("--describe", type=Path, metavar="FOLDER",
                   help="write what is known without weights, the description less hash and golden embedding, of NAME or of all "
                        "networks into FOLDER, and stop")
    args = p.parse_args(arguments)
    if args.list:
        for name in RESNETS + VGGS:
            known = [w for w in ("V1", "V2") if f"IMAGENET1K_{w}" in models.get_model_weights(name).__members__]
            print(f"{name:16} {', '.join(known)}")
        return
    if args.name is not None and args.name not in RESNETS + VGGS:
        near = difflib.get_close_matches(args.name, RESNETS + VGGS, 3, .5) or RESNETS + VGGS
        p.error(f"no network is named '{args.name}'; known are {', '.join(near)}{'' if len(near) > 3 else ' and others (--list)'}")
    if args.describe:
        args.describe.mkdir(parents=True, exist_ok=True)
        for name in [args.name] if args.name else RESNETS + VGGS:
            write(args.describe / f"{name}.json", lambda path: path.write_text(to_json(catalogue(name)) + "\n", encoding="utf-8"))
        return
    if args.name is None:
        p.error("which network? Give NAME (--list prints those there are)")
    output = args.output or Path(f"{args.name}.onnx")
    if output.suffix != ".onnx":
        p.error(f"--output {output}: expected a name that ends in .onnx; the description gets the same with .json")
    if args.input < 32:
        p.error(f"--input {args.input}: expected at least 32; smaller images do not reach the last stage")
    if not REFERENCE.exists():
        p.error(f"{REFERENCE} is not there; it belongs beside export.py")
    download.progress = not args.quiet
    export(args.name, args.weights, args.seed, args.input, output)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as e:                     # no space, no permission, not a folder
        sys.exit(f"export.py: {e}")
