#!/usr/bin/env python3
"""gpu_torch.py --rows FILE --network resnet50 --precision fp16 [--batches 1,32] [--images FOLDER --work jpeg --batch 128] ...:
what `OnnxTransfer.Benchmarks gpu infer` and `gpu embed` do, by PyTorch: the same networks with the same random weights
(models/export.py), pixels to embeddings. Every row is appended to FILE as it is measured, failures with their reason.

Work `device`: eager networks are given normalised float tensors in the layout named; compiled ones uint8 NHWC pixels, as
OnnxTransfer is, so that normalising is compiled into them. Work `host` and `jpeg`: uint8 pixels go over from pinned memory,
the embeddings come back. Many batches are queued before the device is waited for."""
import argparse
import contextlib
import json
import os
import statistics
import sys
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(folder) for folder in (HERE.parent.parent / "models", HERE.parent.parent / "app" / "models")]
sys.dont_write_bytecode = True
import export  # noqa: E402

# Every batch is compiled for itself. Beyond eight PyTorch would run eagerly and only warn, under the label of what is compiled.
if hasattr(torch, "compile"):
    import torch._dynamo
    for limit in ("recompile_limit", "cache_size_limit"):      # the name since 2.6, and before
        if hasattr(torch._dynamo.config, limit):
            setattr(torch._dynamo.config, limit, 64)

WINDOWS = 3
VARIANTS = {                # name: (precision, channels_last, amp, mode of torch.compile or None)
    "eager": ("any", False, False, None),
    "eager, channels_last": ("any", True, False, None),
    "eager, channels_last, amp": ("fp16", True, True, None),
    "compiled, channels_last": ("any", True, False, "default"),
    "compiled reduce-overhead, channels_last": ("any", True, False, "reduce-overhead"),
}


class FromPixels(torch.nn.Module):
    """uint8 [N, H, W, 3] -> embedding [N, D], by ImageNet's mean and std."""

    def __init__(self, net, dtype, device):
        super().__init__()
        self.net, self.dtype = net, dtype
        self.register_buffer("mean", torch.tensor([.485, .456, .406], device=device).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor([.229, .224, .225], device=device).view(1, 3, 1, 1) * 255)

    def normalised(self, pixels):
        return ((pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std).to(self.dtype)

    def forward(self, pixels):
        return self.net(self.normalised(pixels))


class Photos(torch.utils.data.Dataset):
    """uint8 [224, 224, 3] of every file: torchvision's Resize(256) and CenterCrop(224) by Pillow."""

    def __init__(self, folder):
        from torchvision import transforms
        self.files = sorted(Path(folder).rglob("*.jpg"))
        self.prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        import numpy
        from PIL import Image
        with Image.open(self.files[index]) as image:
            return torch.from_numpy(numpy.array(self.prepare(image.convert("RGB"))))


def network(name, seed):
    """The backbone up to the embedding that OnnxTransfer takes: avgpool of a ResNet, fc7 of a VGG."""
    net = export.build(name, "none", seed, 224)[0].net
    if name in export.VGGS:
        net.classifier = net.classifier[:5]
    else:
        net.fc = torch.nn.Identity()
    return net.eval()


class Variant:
    def __init__(self, name, args, net_name, precision):
        wanted, self.channels_last, self.amp, mode = VARIANTS[name]
        if wanted not in ("any", precision):
            raise ValueError(f"{name} is for {wanted}")
        if mode and not hasattr(torch, "compile"):
            raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
        if args.device == "cpu" and precision != "fp32":
            raise RuntimeError(f"{precision} is for GPUs")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "fp32"
        torch.backends.cudnn.benchmark = True
        self.device, self.compiled = torch.device(args.device), mode is not None
        half = precision == "fp16" and not self.amp
        net = network(net_name, args.seed).to(self.device, torch.float16 if half else torch.float32)
        if self.channels_last:
            net = net.to(memory_format=torch.channels_last)
        self.model = FromPixels(net, torch.float16 if half else torch.float32, self.device).eval()
        self.pixels = torch.compile(self.model, mode=mode, dynamic=False) if mode else self.model

    def __call__(self, run, x):
        with torch.autocast(self.device.type, torch.float16) if self.amp else contextlib.nullcontext():
            return run(x)

    def on_device(self, batch):
        """A function of no arguments: one batch, its input on the device."""
        pixels = random_pixels(batch).to(self.device)
        if self.compiled:
            return lambda: self(self.pixels, pixels)
        x = self.model.normalised(pixels)
        x = x.contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)
        return lambda: self(self.model.net, x)

    def over(self, pixels):
        """One batch from (pinned) memory of the host, its embedding on the device."""
        return self(self.pixels, pixels.to(self.device, non_blocking=True))

    def from_host(self, batch):
        pixels = random_pixels(batch)
        pixels = pixels.pin_memory() if self.device.type == "cuda" else pixels
        width = self.over(pixels).shape[1]
        back = torch.empty(batch, width, dtype=torch.float32)
        back = back.pin_memory() if self.device.type == "cuda" else back
        return lambda: back.copy_(self.over(pixels), non_blocking=True)

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def random_pixels(batch):
    return torch.randint(0, 256, (batch, 224, 224, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def rate(variant, run, batch, seconds):
    """Images per second and when measuring began: the median of three windows, each many batches queued and then waited for."""
    warm = time.perf_counter()
    for i in range(100):
        run()
        variant.wait()
        if i >= 4 and time.perf_counter() - warm > seconds / 2:
            break
    start = time.perf_counter()
    run()
    variant.wait()
    queued = max(1, min(1000, int(seconds / WINDOWS / (time.perf_counter() - start))))
    rates, began = [], time.time()
    for _ in range(WINDOWS):
        start = time.perf_counter()
        for _ in range(queued):
            run()
        variant.wait()
        rates.append(batch * queued / (time.perf_counter() - start))
    return statistics.median(rates), began


def epochs(variant, args):
    """The same from a folder, by a DataLoader with a worker a core: the median after one epoch to start everything."""
    loader = torch.utils.data.DataLoader(
        Photos(args.images), batch_size=args.batch, num_workers=args.workers, pin_memory=variant.device.type == "cuda",
        drop_last=True, persistent_workers=True, prefetch_factor=4)
    rates, began = [], 0
    for epoch in range(1 + args.repeats):
        began = time.time() if epoch == 1 else began
        start, embeddings = time.perf_counter(), []
        for pixels in loader:
            embeddings.append(variant.over(pixels).float())
        together = torch.cat(embeddings).cpu()
        rates.append(len(together) / (time.perf_counter() - start))
    return statistics.median(rates[1:]), began


def append(args, row, measure):
    if args.until and time.time() >= args.until:
        row["failure"] = "not run: the time given to the whole run was up"
    else:
        try:
            row["imagesPerSecond"], row["from"] = measure()
            row["to"] = time.time()
        except Exception as error:           # whatever it is, the next row gets its turn
            row["failure"] = (str(error) or type(error).__name__).strip().splitlines()[0][:300]
    with open(args.rows, "a", encoding="utf-8") as rows:
        rows.write(json.dumps(row) + "\n")
    print(f"gpu_torch: {row['by']}: {row['work']} {row['network']} {row['precision']} batch {row['batch']}: "
          f"{row.get('failure') or format(row['imagesPerSecond'], '.1f') + ' images/s'}", file=sys.stderr)


@torch.inference_mode()
def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", required=True)
    p.add_argument("--network", required=True)
    p.add_argument("--precision", required=True)
    p.add_argument("--variants", default=";".join(VARIANTS), help="names with ; between them")
    p.add_argument("--batches", default="", help="for works device and host")
    p.add_argument("--images", help="for a work from files: a folder of .jpg")
    p.add_argument("--work", default="jpeg")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--device", default="cuda")
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--until", type=float, default=0)
    p.add_argument("--seed", type=int, default=7)
    args = p.parse_args()
    for name in args.variants.split(";"):
        if hasattr(torch, "compile"):
            torch._dynamo.reset()
        made = {}

        def variant():
            if not made:
                made[0] = Variant(name, args, args.network, args.precision)
            return made[0]

        row = {"by": f"PyTorch {torch.__version__}, {name}", "network": args.network, "precision": args.precision}
        for batch in map(int, filter(None, args.batches.split(","))):
            append(args, {**row, "work": "device", "batch": batch}, lambda: rate(variant(), variant().on_device(batch), batch, args.seconds))
            append(args, {**row, "work": "host", "batch": batch}, lambda: rate(variant(), variant().from_host(batch), batch, args.seconds))
        if args.images:
            append(args, {**row, "work": args.work, "batch": args.batch}, lambda: epochs(variant(), args))


if __name__ == "__main__":
    main()
