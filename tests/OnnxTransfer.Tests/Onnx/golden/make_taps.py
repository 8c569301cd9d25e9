"""Golden values for pooled and normalised taps, from PyTorch.

Run: python3 make_taps.py   (torch 1.13, numpy; no options, always the same output)
"""
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
rng = np.random.RandomState(77)


def flat(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, dtype=np.float32).reshape(-1)]


def both():
    t = torch.from_numpy(rng.randn(2, 3, 5, 4).astype(np.float32).round(4))
    pooled = torch.cat([F.adaptive_avg_pool2d(t, 1), F.adaptive_max_pool2d(t, 1)], 1).flatten(1)
    return {"shape": [3, 5, 4], "x": flat(t), "xNhwc": flat(t.permute(0, 2, 3, 1)), "pooled": flat(pooled)}


def l2():
    """Ordinary rows, one of zeros, one of tiny numbers (shorter than the 1e-12 that torch divides by), one of large ones."""
    t = torch.from_numpy(rng.randn(5, 6).astype(np.float32).round(4))
    t[1] = 0
    t[2] *= 1e-15
    t[3] *= 1e6
    return {"shape": [5, 6], "x": flat(t), "normalized": flat(F.normalize(t, dim=1))}


(HERE / "taps.json").write_text(json.dumps({"both": both(), "l2": l2()}) + "\n")
