#!/usr/bin/env python3
"""Train a small residual network on CIFAR and export it as an ONNX feature extractor.

The result is a backbone for transfer learning: an ONNX graph (opset 13, batch norm folded into
the convolutions) whose outputs are the three stages `layer1`, `layer2`, `layer3`, the pooled
features `avgpool` and the class scores `logits`, next to a JSON description with the expected
preprocessing, the taps and a golden embedding of a reference image.

Papers: He et al. 2016, "Deep Residual Learning for Image Recognition" (the 6n+2 network for
CIFAR, section 4.2); Smith and Topin 2018, "Super-Convergence" (one learning-rate cycle);
DeVries and Taylor 2017, "Cutout"; Szegedy et al. 2016, "Rethinking the Inception Architecture"
(label smoothing); Goyal et al. 2017, "Accurate, Large Minibatch SGD" (last norm of a block
starts at zero).

DATA is CIFAR-10 or CIFAR-100, either as images, DIR/train/CLASS/* and DIR/test/CLASS/*, or the
original binary version, data_batch_*.bin with test_batch.bin, or train.bin with test.bin.

Needs Python >= 3.9, PyTorch >= 1.13, NumPy and Pillow; PyTorch 2 also wants the onnx package to
export. A run that was stopped goes on from its checkpoint when started again. Example:
  pretrain.py cifar10 --epochs 40 --seed 7 --threads 1 --output resnet14-cifar10.onnx
"""
import argparse
import hashlib
import inspect
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image

SIZE = 32                                    # side of a CIFAR image
GRID = 4                                     # a stage is pooled to GRID x GRID cells
STAGES = ["layer1", "layer2", "layer3"]
OUTPUTS = STAGES + ["avgpool", "logits"]


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut: [N,i,H,W] -> [N,o,H/stride,W/stride]."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.norm2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        # A 1x1 projection where the shape changes (option B of He et al.), otherwise the identity.
        self.shortcut = nn.Identity() if i == o and stride == 1 else nn.Sequential(
            nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))
        nn.init.zeros_(self.norm2.weight)    # the block starts as its shortcut (Goyal et al.)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """[N,3,32,32] -> layer1 [N,w,32,32], layer2 [N,2w,16,16], layer3 [N,4w,8,8], avgpool [N,4w],
    logits [N,classes]; depth = 6n+2 layers with n blocks a stage."""

    def __init__(self, depth, width, classes):
        super().__init__()
        if (depth - 2) % 6:
            raise SystemExit("--depth must be 6n+2: 8, 14, 20, ...")
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        i = width
        for k, name in enumerate(STAGES):
            blocks, o = [], width << k
            for j in range((depth - 2) // 6):
                blocks.append(Block(i, o, 2 if k and not j else 1))
                i = o
            setattr(self, name, nn.Sequential(*blocks))
        self.head = nn.Linear(i, classes)

    def forward(self, x):
        a = self.layer1(self.stem(x))
        b = self.layer2(a)
        c = self.layer3(b)
        pooled = F.adaptive_avg_pool2d(c, 1).flatten(1)
        return a, b, c, pooled, self.head(pooled)


def load(root, split):
    """Images [N,3,32,32] uint8 and labels [N] int64 of one split ("train" or "test")."""
    folder = root / split
    if folder.is_dir():
        images, labels = [], []
        for label, directory in enumerate(sorted(d for d in folder.iterdir() if d.is_dir())):
            for file in sorted(f for f in directory.iterdir() if f.is_file()):
                with Image.open(file) as image:
                    images.append(np.asarray(image.convert("RGB")))
                labels.append(label)
        if not images or any(i.shape != (SIZE, SIZE, 3) for i in images):
            raise SystemExit(f"{folder}: expected {SIZE}x{SIZE} images in one folder a class")
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)
    # The binary version: a record is 1 label byte (CIFAR-10), or coarse and fine label bytes
    # (CIFAR-100), followed by the three 32x32 colour planes.
    files, head = sorted(root.glob("data_batch_*.bin" if split == "train" else "test_batch.bin")), 1
    if not files:
        files, head = sorted(root.glob(split + ".bin")), 2
    if not files:
        raise SystemExit(f"{root}: neither {split}/CLASS/* nor CIFAR binary files for '{split}'")
    raw = np.concatenate([np.fromfile(f, np.uint8) for f in files]).reshape(-1, head + 3 * SIZE * SIZE)
    images = np.ascontiguousarray(raw[:, head:]).reshape(-1, 3, SIZE, SIZE)
    return torch.from_numpy(images), torch.from_numpy(raw[:, head - 1].astype(np.int64))


def normalise(x, mean, std):
    """uint8 or [0,1] float images -> normalised float32."""
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    return (x - x.new_tensor(mean).view(1, 3, 1, 1)) / x.new_tensor(std).view(1, 3, 1, 1)


def augment(x, mean, std, grey, cutout, rng):
    """uint8 [N,3,32,32] -> normalised float32 of the same shape. All draws come from the CPU
    generator `rng`, so that a seed means the same augmentation on every device."""
    n, device = len(x), x.device
    x = x.float() / 255
    # Some images in grey: the tasks that follow are often grey, and then colour must not be all
    # that the features respond to.
    luma = (x * x.new_tensor([.299, .587, .114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    x = torch.where((torch.rand(n, generator=rng) < grey).to(device).view(n, 1, 1, 1), luma, x)
    x = F.pad(normalise(x, mean, std), (4, 4, 4, 4))          # zero is the mean colour here
    dy, dx = torch.randint(0, 9, (2, n, 1), generator=rng)
    rows, cols = dy + torch.arange(SIZE), dx + torch.arange(SIZE)                  # [N,32] each
    flip = torch.rand(n, 1, generator=rng) < .5
    cols = torch.where(flip, cols.flip(1), cols)
    batch = torch.arange(n, device=device).view(n, 1, 1)
    x = x.permute(0, 2, 3, 1)[batch, rows.to(device)[:, :, None], cols.to(device)[:, None, :]]
    x = x.permute(0, 3, 1, 2)
    if cutout:
        cy, cx = torch.randint(0, SIZE, (2, n, 1), generator=rng)
        near = [(torch.arange(SIZE) - c).abs() * 2 < cutout for c in (cy, cx)]     # [N,32] each
        x = x.masked_fill((near[0][:, :, None] & near[1][:, None, :])[:, None].to(device), 0)
    return x.contiguous(memory_format=torch.channels_last)    # the layout that is fastest on a CPU


def one_cycle(t):
    """Learning-rate factor at t in [0,1]: linear warm-up for a fifth, then a cosine to zero."""
    return .04 + .96 * t / .2 if t < .2 else .5 + .5 * math.cos(math.pi * (t - .2) / .8)


@torch.no_grad()
def accuracy(model, x, y, mean, std):
    model.eval()
    hits = sum((model(normalise(a, mean, std))[-1].argmax(1) == b).sum().item()
               for a, b in zip(x.split(500), y.split(500)))
    return hits / len(y)


def train(model, state, data, args, device, checkpoint):
    """Train from state["epoch"] to args.epochs, with a checkpoint after every epoch."""
    x, y, testx, testy = (t.to(device) for t in data)
    mean, std = state["mean"], state["std"]
    model.to(device, memory_format=torch.channels_last)
    # Norms and biases are left out of weight decay: shrinking them does not regularise.
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.SGD([{"params": decay, "weight_decay": args.decay}, {"params": plain}],
                                lr=args.lr, momentum=.9, nesterov=True)
    rng = torch.Generator().manual_seed(args.seed)
    if state["epoch"]:
        optimiser.load_state_dict(state["optimiser"])
        rng.set_state(state["rng"])
    steps = len(x) // args.batch                     # the incomplete last batch is left out
    if not steps:
        raise SystemExit("fewer images than one batch")
    begun, before, first = time.time(), state["seconds"], state["epoch"]
    for epoch in range(first, args.epochs):
        model.train()
        order, total, hits = torch.randperm(len(x), generator=rng), 0., 0
        for step in range(steps):
            pick = order[step * args.batch:(step + 1) * args.batch].to(device)
            for group in optimiser.param_groups:
                group["lr"] = args.lr * one_cycle((epoch + step / steps) / args.epochs)
            logits = model(augment(x[pick], mean, std, args.grey, args.cutout, rng))[-1]
            loss = F.cross_entropy(logits, y[pick], label_smoothing=args.smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            if step % 10 == 0:                       # a sample is enough for the progress line
                total, hits = total + loss.item(), hits + (logits.argmax(1) == y[pick]).sum().item()
        tested = epoch % 4 == 3 or epoch + 1 == args.epochs
        state["accuracy"] = accuracy(model, testx, testy, mean, std) if tested else None
        spent = time.time() - begun
        state.update(epoch=epoch + 1, seconds=before + spent, optimiser=optimiser.state_dict(),
                     model=model.state_dict(), rng=rng.get_state())
        torch.save(state, str(checkpoint) + ".new")
        os.replace(str(checkpoint) + ".new", checkpoint)     # never a half-written checkpoint
        seen, eta = (steps + 9) // 10, spent / (epoch + 1 - first) * (args.epochs - epoch - 1)
        print(f"epoch {epoch + 1}/{args.epochs}  loss {total / seen:.3f}  train {hits / seen / args.batch:.3f}  "
              + (f"test {state['accuracy']:.3f}  " if tested else "")
              + f"{state['seconds']:.0f} s  ETA {eta / 60:.1f} min", flush=True)


def make_reference(file):
    """A synthetic 96x64 colour picture from integer arithmetic alone, hence the same everywhere."""
    y, x = np.mgrid[0:64, 0:96].astype(np.int64)
    rgb = np.stack([x * 255 // 95, y * 255 // 63, 255 - (x + y) * 255 // 158], 2)       # gradients
    rgb[(x - 26) ** 2 + (y - 24) ** 2 < 17 ** 2] = (230, 60, 40)                        # a disc
    rgb[(abs(x - 70) < 16) & (abs(y - 20) < 11)] = (30, 90, 200)                        # a rectangle
    rgb[(y > 38) & (abs(x - 48) < (y - 38))] = (245, 215, 60)                           # a triangle
    checks = (x > 66) & (y > 38) & (((x // 4) + (y // 4)) % 2 == 0)
    rgb[checks] = rgb[checks] // 3                                                      # a board
    stripes = (x < 28) & (y > 44) & ((x + 2 * y) % 9 < 3)
    rgb[stripes] = 255 - rgb[stripes] // 2                                              # stripes
    noise = (x * 7919 + y * 104729 + x * y * 31) % 33 - 16                              # grain
    rgb = np.clip(rgb + noise[:, :, None], 0, 255).astype(np.uint8)
    Image.fromarray(rgb).save(file, optimize=True)


def pool(tap, name):
    """A stage [N,C,H,W] -> [N,C*GRID*GRID], channel-major; `avgpool` is flat already."""
    return tap if name == "avgpool" else F.adaptive_avg_pool2d(tap, GRID).flatten(1)


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
        return line if len(line) <= 200 and "\n" not in line else \
            "{\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + "}"
    return json.dumps(value, ensure_ascii=False)


@torch.no_grad()
def export(model, state, args):
    """Write the ONNX file and, next to it, the description."""
    model = model.cpu().to(memory_format=torch.contiguous_format).eval()
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    macs = []                        # a weight is used once at each output position of its layer
    hooks = [m.register_forward_hook(lambda m, _, y: macs.append(m.weight.numel() * y[0, 0].numel())) for m in layers]
    shapes = {name: list(t.shape[1:]) for name, t in zip(OUTPUTS, model(torch.zeros(1, 3, SIZE, SIZE)))}
    for hook in hooks:
        hook.remove()
    output = Path(args.output)
    extra = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    # Eval mode lets the exporter fold each batch norm into the convolution before it.
    torch.onnx.export(model, torch.zeros(2, 3, SIZE, SIZE), str(output), opset_version=13,
                      input_names=["input"], output_names=OUTPUTS, do_constant_folding=True,
                      dynamic_axes={name: {0: "N"} for name in ["input"] + OUTPUTS}, **extra)
    mean, std = state["mean"], state["std"]
    with Image.open(args.reference) as image:
        image = image.convert("RGB").resize((SIZE, SIZE), Image.BILINEAR)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    found = dict(zip(OUTPUTS, model(normalise(pixels, mean, std))))
    golden = torch.cat([pool(found[name], name) for name in args.embedding], 1)[0]
    name, w = args.data_name, state["width"]
    description = {
        "format": 1, "name": output.stem, "family": "resnet", "file": output.name,
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
        "source": f"A ResNet-{state['depth']} for {SIZE}x{SIZE} images (He et al. 2016) with stages of {w}, {2 * w} and "
                  f"{4 * w} channels, trained by models/pretrain.py on {state['images']} {name} images.",
        "licence": f"MIT (weights trained by the recipe; {name} images (c) their owners, not included)",
        "input": {"tensor": "input", "layout": "NCHW", "height": SIZE, "width": SIZE, "channels": "RGB"},
        "preprocessing": {"resize": "exact", "size": [SIZE, SIZE], "crop": [SIZE, SIZE],
                          "interpolation": "bilinear", "mean": mean, "std": std},
        "taps": [{"name": s, "tensor": s, "shape": shapes[s], "pooling": f"grid{GRID}" if s in STAGES else "none",
                  "width": shapes[s][0] * (GRID ** 2 if s in STAGES else 1)} for s in STAGES + ["avgpool"]],
        "embedding": args.embedding,
        # One bias a channel is all that remains of a folded batch norm.
        "parameters": sum(m.weight.numel() + len(m.weight) for m in layers), "macs": sum(macs),
        "golden": {"image": Path(args.reference).name, "taps": args.embedding, "values": golden.tolist()},
        "training": {"recipe": "models/pretrain.py", "data": name, "images": state["images"], "epochs": state["epoch"],
                     "seed": state["seed"], "seconds": round(state["seconds"]), "threads": state["threads"],
                     "device": state["device"], "torch": str(torch.__version__), "sourceAccuracy": state["accuracy"],
                     "testImages": state["testImages"]},
    }
    output.with_suffix(".json").write_text(to_json(description) + "\n", encoding="utf-8")
    print(f"wrote {output} ({output.stat().st_size} bytes, {sum(macs) / 1e6:.1f} MMACs) and {output.with_suffix('.json')}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", nargs="?", type=Path, metavar="DATA", help="folder with CIFAR-10 or CIFAR-100")
    p.add_argument("--data-name", default="CIFAR-10", help="what DATA is, for the description (default %(default)s)")
    p.add_argument("--depth", type=int, default=14, help="layers, 6n+2 (default %(default)s)")
    p.add_argument("--width", type=int, default=24, help="channels of the first stage, doubled by each next (default %(default)s)")
    p.add_argument("--epochs", type=int, default=40, help="passes over the training images (default %(default)s)")
    p.add_argument("--batch", type=int, default=64, help="images a step (default %(default)s)")
    p.add_argument("--lr", type=float, default=.1, help="peak learning rate (default %(default)s)")
    p.add_argument("--decay", type=float, default=5e-4, help="weight decay (default %(default)s)")
    p.add_argument("--smoothing", type=float, default=.05, help="label smoothing; much of it harms transfer (default %(default)s)")
    p.add_argument("--grey", type=float, default=.25, help="share of training images shown in grey (default %(default)s)")
    p.add_argument("--cutout", type=int, default=8, help="side of the square blanked out, 0 for none (default %(default)s)")
    p.add_argument("--seed", type=int, default=7, help="of the weights, the order and the augmentation (default %(default)s)")
    p.add_argument("--threads", type=int, default=1, help="CPU threads; the sums depend on it in the last bits (default %(default)s)")
    p.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="auto takes CUDA if present")
    p.add_argument("--embedding", nargs="+", choices=STAGES + ["avgpool"], default=["layer1", "layer2", "avgpool"],
                   metavar="TAP", help="taps that make up the embedding (default layer1 layer2 avgpool)")
    p.add_argument("--output", default="resnet14-cifar10.onnx", help="ONNX file; the JSON goes next to it (default %(default)s)")
    p.add_argument("--reference", default="reference.png", help="image of the golden embedding, made if absent (default %(default)s)")
    p.add_argument("--checkpoint", type=Path, help="resumed from if it exists (default: OUTPUT with .pt)")
    p.add_argument("--export-only", action="store_true", help="export the checkpoint as it is")
    p.add_argument("--make-reference", action="store_true", help="write the reference image and stop")
    args = p.parse_args()
    if args.make_reference or not Path(args.reference).exists():
        make_reference(args.reference)
    if args.make_reference:
        return
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    device = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = args.checkpoint or Path(args.output).with_suffix(".pt")
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        print(f"{checkpoint}: epoch {state['epoch']}")
    elif args.export_only:
        p.error(f"{checkpoint} does not exist")
    else:
        state = {"epoch": 0, "seconds": 0.}
    if not args.export_only:
        if args.data is None:
            p.error("DATA is needed to train")
        data = (*load(args.data, "train"), *load(args.data, "test"))
        x = data[0].numpy()
        state.update(images=len(x), testImages=len(data[2]), classes=int(data[1].max()) + 1,
                     depth=args.depth, width=args.width, seed=args.seed, threads=args.threads, device=device,
                     mean=[round(float(x[:, c].mean(dtype=np.float64)) / 255, 4) for c in range(3)],
                     std=[round(float(x[:, c].std(dtype=np.float64)) / 255, 4) for c in range(3)])
    model = ResNet(state["depth"], state["width"], state["classes"])
    if state["epoch"]:
        model.load_state_dict(state["model"])
    if not args.export_only:
        train(model, state, data, args, device, checkpoint)
    export(model, state, args)


if __name__ == "__main__":
    main()
