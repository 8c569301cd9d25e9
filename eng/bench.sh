#!/usr/bin/env bash
# bench.sh [--full]: builds, runs all benchmarks and their peers, and writes the tables to benchmarks/results/<cpu>/, with
# versions.txt. On a quiet machine: five minutes, with --full some twenty. The peers need Python with Pillow, numpy and
# scikit-learn (PYTHON names another than python3).
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

say 'benchmarks'
benchmarks --artifacts "$work" --filter '*' "$@" >&2
say 'peers'
benchmarks photos "$work/photos"
# Debian's numpy runs on the reference BLAS unless OpenBLAS is installed, which would flatter OnnxTransfer.
if ! "$python" -c 'import numpy; print(open("/proc/self/maps").read())' | grep -qiE 'openblas|mkl|blis'; then
  say 'numpy is here without OpenBLAS; unpacking it for this run'
  (cd "$work" && apt-get download -qq libopenblas0-pthread && dpkg -x libopenblas0-pthread_*.deb .) >/dev/null 2>&1 ||
    { say "$python has numpy without OpenBLAS, which is no fair peer: apt-get install libopenblas0-pthread, or set PYTHON"; exit 1; }
  LD_LIBRARY_PATH=$(dirname "$(find "$work/usr" -name libblas.so.3)"); export LD_LIBRARY_PATH
fi
"$python" benchmarks/peers/decode_pillow.py "$work/photos" >"$work/peers.jsonl"
"$python" benchmarks/peers/probe_sklearn.py >>"$work/peers.jsonl"
if "$python" -c 'import torch' 2>/dev/null; then "$python" benchmarks/peers/mlp_torch.py >>"$work/peers.jsonl"; else say 'no PyTorch: its row is left out (apt-get install python3-torch)'; fi
find "$place" -name '*.md' ! -name families.md ! -name taps.md ! -name heads.md ! -name houses.md ! -name latency.md -delete   # those come from elsewhere and take longer
cp "$work/versions.txt" "$place/"
"$python" benchmarks/peers/compare.py "$work/results" "$work/peers.jsonl" "$place"
say "written: $place"
cat "$place/README.md"
