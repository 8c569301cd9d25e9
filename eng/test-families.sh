#!/usr/bin/env bash
# test-families.sh [TABLE.md]: holds all fifteen networks that models/export.py makes against PyTorch, every tap whole, with
# random weights, and writes the figures as a table. Sets everything up; takes some minutes and 3 GB of disk at a time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
table=${1:-artifacts/families.md}
./eng/torch.sh
./eng/build.sh
python=${ONNXTRANSFER_PYTHON:-${PYTHON:-/usr/bin/python3}}
"$python" -c 'import torch, torchvision, onnx, PIL' || { echo "test-families.sh: $python has no PyTorch; see above" >&2; exit 1; }

rows=$(mktemp "$PWD/artifacts/families-XXXXXX"); trap 'rm -f "$rows"' EXIT
ONNXTRANSFER_FAMILIES_TABLE=$rows dotnet test tests/OnnxTransfer.Tests -c Release --no-build --filter FullyQualifiedName~SameAsTorchTests \
  --logger 'console;verbosity=normal' >&2

version() { sed -n "s/.*PackageVersion Include=\"$1\" Version=\"\([^\"]*\)\".*/\1/p" Directory.Packages.props; }
{
  echo '# Every tap of every exported network against PyTorch'
  echo
  echo 'Made by `eng/test-families.sh`: random weights of seed 7 with random norm statistics, two images of random pixels, the'
  echo 'whole map of every tap. The worst tap counts: its largest difference relative to its largest value, and its cosine;'
  echo 'allowed are 1e-4 and 1 - 1e-5 (fp16: a cosine of 1 - 1e-3). Multiply-adds are per image, seconds those of the whole'
  echo 'test, the export by PyTorch with it.'
  echo
  "$python" -c 'import torch, torchvision, onnx, platform
print(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, onnx {onnx.__version__}, Python {platform.python_version()},")'
  echo "ONNX Runtime $(version Microsoft.ML.OnnxRuntime) on one thread of: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1-3 /proc/loadavg) (1, 5, 15 minutes before the end)."
  echo
  echo '| network | input | M parameters | G multiply-adds | largest difference | 1 - least cosine | fp16: 1 - least cosine | seconds |'
  echo '|---|--:|--:|--:|--:|--:|--:|--:|'
  sort -t'|' -k5,5n -k3,3n "$rows"
} >"$table"
echo "wrote $table" >&2
