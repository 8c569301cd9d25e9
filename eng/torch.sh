#!/usr/bin/env bash
# torch.sh: gets the Python packages that the tests against PyTorch need, where root and apt-get are at hand, and names
# them otherwise. Never fails: those tests skip, and say so, where the packages are missing.
set -euo pipefail
say() { printf '%s\n' "torch: $*" >&2; }

python=${ONNXTRANSFER_PYTHON:-${PYTHON:-/usr/bin/python3}}
packages=(python3-torch python3-torchvision python3-onnx python3-pil)
has_all() { "$python" -c 'import torch, torchvision, onnx, PIL' 2>/dev/null; }

has_all && exit 0
if [ "$python" != /usr/bin/python3 ]; then
  say "$python lacks some of torch, torchvision, onnx and Pillow: run '$python -m pip install torch torchvision onnx pillow'"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing ${packages[*]}"
  apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null 2>&1 || true
  has_all || say "could not install them; the tests against PyTorch will skip"
else
  say "missing: run 'sudo apt-get install ${packages[*]}' (without them the tests against PyTorch skip)"
fi
