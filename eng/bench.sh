#!/usr/bin/env bash
# bench.sh [--full]: builds, runs all benchmarks and their peers, and writes the tables to benchmarks/results/<cpu>/, with
# versions.txt. On a quiet machine half an hour, with --full an hour. The peers need Python with Pillow, numpy and scikit-learn
# (PYTHON names another than python3); with PyTorch, torchvision and onnx there are rows for ResNet-18, ResNet-50 and VGG-16 too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { printf '%s\n' "bench: $*" >&2; }
case "$*" in ''|--full) ;; *) say "unknown arguments $* (known: --full)"; exit 2 ;; esac
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
python=${PYTHON:-python3}
"$python" -c 'import PIL, numpy, sklearn' ||
  { say "the peers need Pillow, numpy and scikit-learn: apt-get install python3-pil python3-sklearn"; exit 1; }

./eng/bootstrap.sh
dotnet build benchmarks/OnnxTransfer.Benchmarks -c Release -v quiet >&2
benchmarks() { dotnet benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0/OnnxTransfer.Benchmarks.dll "$@"; }
work=$PWD/artifacts/benchmarks
rm -rf "$work"; mkdir -p "$work"
field() { sed -n "s/^$1[[:space:]]*: *//p" /proc/cpuinfo | head -1; }
cpu=$(field 'model name')
place=benchmarks/results/$(printf %s "$cpu" | tr '[:upper:]' '[:lower:]' | sed 's/([^)]*)//g; s/[^a-z0-9]\{1,\}/-/g; s/^-//; s/-$//')
mkdir -p "$place"
cat >"$work/versions.txt" <<EOF
date          $(date -u +%Y-%m-%dT%H:%MZ)
commit        $(git describe --always --dirty)
job           ${1:-short}
cpu           $cpu
cores         $(nproc)
vectors       $(grep -owE 'avx2|fma|avx512f|avx512_vnni|asimd' /proc/cpuinfo | sort -u | tr '\n' ' ')
load          $(cut -d' ' -f1-3 /proc/loadavg) (1, 5, 15 minutes before the run)
os            $(. /etc/os-release; printf %s "$PRETTY_NAME"), $(uname -sr)
dotnet        SDK $(dotnet --version)
onnxruntime   $(sed -n 's/.*"Microsoft.ML.OnnxRuntime" Version="\([^"]*\)".*/\1/p' Directory.Packages.props)
python        $("$python" --version | cut -d' ' -f2)
EOF

if "$python" -c 'import torch, torchvision, onnx' 2>/dev/null; then
  torch=true; mkdir -p "$work/networks"; export ONNXTRANSFER_BENCHMARK_MODELS=$work/networks
  ./eng/build.sh >&2
  for name in resnet18 resnet50 vgg16; do
    artifacts/onnxtransfer models export "$name" --weights none --seed 1 --output "$work/networks/$name.onnx" --python "$python" >&2
  done
else
  torch=false; say 'no PyTorch with torchvision and onnx: its rows are left out (apt-get install python3-torch python3-torchvision python3-onnx)'
fi
say 'benchmarks'
benchmarks --artifacts "$work" --filter '*' "$@" >&2
say 'peers'
benchmarks photos "$work/photos"
fast=$("$python" benchmarks/peers/blas.py "$work") || { say "$python has numpy without OpenBLAS, which is no fair peer: apt-get install libopenblas0-pthread, or set PYTHON"; exit 1; }
[ -z "$fast" ] || { say 'numpy is here without OpenBLAS; unpacked for this run'; export LD_LIBRARY_PATH=$fast; }
"$python" benchmarks/peers/decode_pillow.py "$work/photos" >"$work/peers.jsonl"
"$python" benchmarks/peers/probe_sklearn.py >>"$work/peers.jsonl"
! $torch || "$python" benchmarks/peers/mlp_torch.py >>"$work/peers.jsonl"
! $torch || "$python" benchmarks/peers/augment_torchvision.py >>"$work/peers.jsonl"
! $torch || "$python" benchmarks/throughput.py --work "$work/networks" --output "$place/throughput.md" >&2
cp "$work/versions.txt" "$place/"
"$python" benchmarks/peers/compare.py "$work/results" "$work/peers.jsonl" "$place"
absent=$(benchmarks infer-absent)
[ -z "$absent" ] || printf '\nNot measured:\n\n%s\n' "$absent" >>"$place/infer.md"
say "written: $place"
cat "$place/README.md"
