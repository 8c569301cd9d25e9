#!/usr/bin/env bash
# gpu.sh [--quick] [--minutes N] [--provider cuda|tensorrt|cpu] [--torch PYTHON] [--images FOLDER] [--networks A,B] [-o FOLDER]
#
# Runs from a bundle (eng/bundle.sh) or a checkout built with -p:OnnxRuntimeFlavor=gpu. Embeddings on the GPU are held
# against the CPU's first, and nothing is timed where they differ; then throughput beside PyTorch, with the same weights and
# images in the same run: pixels on the device, from the host's memory, and from JPEG files. Every row is written as it is
# measured, the table after every step; what fails, or no longer fits into the time, is in the table with its reason.
#   --quick       ends within 8 minutes: fewer batches and variants
#   --minutes N   starts no row after N minutes (default 120; with --quick 6)
#   --torch       a Python with PyTorch, torchvision, onnx and Pillow (default: $PYTHON, python3, /usr/bin/python3); its CUDA
#                 libraries serve too. It makes the networks, with random weights; without it only those carried are measured.
#   --images      a folder of JPEG photos instead of made ones
#   --provider cpu tries the script itself on a machine without a GPU: smallest sizes, no figure worth keeping
#   -o            where gpu.md, versions.txt, rows.jsonl and utilisation.csv go (default benchmarks/results/<cpu>+<gpu>);
#                 networks and photos lie in TMPDIR while it runs, some 2 GB
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
say() { printf '%s\n' "gpu: $*" >&2; }
fail() { say "$*"; exit 1; }

quick= minutes= provider=cuda python= images= networks= out=
while [ $# -gt 0 ]; do
  case "$1" in
    --quick) quick=1; shift ;;
    --minutes|--provider|--torch|--images|--networks|-o)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case "$1" in
        --minutes) minutes=$2 ;; --provider) provider=$2 ;; --torch) python=$2 ;; --images) images=$(readlink -f "$2") ;; --networks) networks=$2 ;; -o) out=$2 ;;
      esac
      shift 2 ;;
    -h|--help) sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 0 ;;
    *) say "unknown argument $1 (--help)"; exit 2 ;;
  esac
done
case $provider in cuda|tensorrt|cpu) ;; *) say "--provider $provider: expected cuda, tensorrt or cpu"; exit 2 ;; esac
case ${minutes:=$([ -n "$quick" ] && echo 6 || echo 120)} in *[!0-9]*) say "--minutes $minutes: expected a whole number"; exit 2 ;; esac
until=$(($(date +%s) + 60 * minutes))

# --- the programs, the libraries ---------------------------------------------------------------------------------------
if [ -x "$root/app/OnnxTransfer.Benchmarks" ]; then
  program=("$root/app/OnnxTransfer.Benchmarks") models=$root/app/models version=$(cat "$root/VERSION")
else
  built=$root/benchmarks/OnnxTransfer.Benchmarks/bin/Release/net10.0
  [ -f "$built/OnnxTransfer.Benchmarks.dll" ] || fail "nothing is built: ./eng/build.sh -p:OnnxRuntimeFlavor=gpu"
  program=(dotnet "$built/OnnxTransfer.Benchmarks.dll") models=$root/models version=$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)
fi

has_torch() { "$1" -c 'import torch, torchvision, onnx, PIL' 2>/dev/null; }
if [ -n "$python" ]; then
  has_torch "$python" || fail "--torch $python: it lacks torch, torchvision, onnx or Pillow"
else
  for candidate in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    if has_torch "$candidate"; then python=$candidate; break; fi
  done
fi

# The folders of a PyTorch installation that hold CUDA's libraries. Only OnnxTransfer is given them: PyTorch finds its own.
libraries=${LD_LIBRARY_PATH:-}
if [ -n "$python" ]; then
  found=$("$python" - <<'EOF'
import glob, os, sys, torch
wheels = [found for folder in sys.path for found in sorted(glob.glob(os.path.join(folder, "nvidia", "**", "lib"), recursive=True))]
print(":".join([*wheels, os.path.join(os.path.dirname(torch.__file__), "lib")]))
EOF
  )
  libraries=$found${libraries:+:$libraries}
fi
[ ! -d /usr/local/cuda/lib64 ] || libraries=${libraries:+$libraries:}/usr/local/cuda/lib64
# The C++ runtime, where the system has none.
has_cxx() { local folder; for folder in /{,usr/}lib{,64}{,/x86_64-linux-gnu}; do [ ! -e $folder/libstdc++.so.6 ] || return 0; done; return 1; }
[ ! -d "$root/app/cxx" ] || has_cxx || libraries=${libraries:+$libraries:}$root/app/cxx
ours() { LD_LIBRARY_PATH=$libraries "${program[@]}" gpu "$@"; }

# --- where it goes -----------------------------------------------------------------------------------------------------
name() { tr '[:upper:]' '[:lower:]' <<<"$1" | sed 's/([^)]*)//g; s/[^a-z0-9]\{1,\}/-/g; s/^-//; s/-$//'; }
cpu=$(sed -n 's/^model name[[:space:]]*: *//p' /proc/cpuinfo | head -1)
gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1 || true)
[ "$provider" != cpu ] || gpu=
out=${out:-$root/benchmarks/results/$(name "$cpu")${gpu:++$(name "$gpu")}}
mkdir -p "$out"; out=$(cd "$out" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/onnxtransfer-gpu-XXXXXX")
rows=$out/rows.jsonl sampler=
finish() {
  [ -z "$sampler" ] || kill "$sampler" 2>/dev/null || true
  table || true
  rm -rf "$work"
}
table() { [ ! -f "$rows" ] || ours table "$out"; }
trap finish EXIT
rm -f "$rows" "$out/utilisation.csv" "$out/gpu.md"
{
  echo "date          $(date -u +%Y-%m-%dT%H:%MZ)"
  echo "commit        $version"
  echo "run           provider $provider${quick:+, quick}, rows started within $minutes minutes"
  echo "cpu           $cpu"
  echo "cores         $(nproc)"
  echo "load          $(cut -d' ' -f1-3 /proc/loadavg) (1, 5, 15 minutes before the run)"
  echo "gpu           ${gpu:-none}"
  [ -z "$gpu" ] || echo "driver        $(nvidia-smi --query-gpu=driver_version,memory.total,power.limit,clocks.max.sm --format=csv,noheader | head -1) (version, memory, power limit, highest clock)"
  echo "os            $(. /etc/os-release; printf %s "$PRETTY_NAME"), $(uname -sr)"
  echo "onnxruntime   $(ours runtime)"
  [ ! -f "$root/REDUCED" ] || echo "              $(cat "$root/REDUCED")"
  [ -z "$python" ] || "$python" -c 'import platform, torch, torchvision, PIL
print(f"python        {platform.python_version()}, Pillow {PIL.__version__}")
print(f"pytorch       {torch.__version__}, torchvision {torchvision.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")'
} >"$out/versions.txt"
cat "$out/versions.txt" >&2

if [ -n "$gpu" ]; then
  TZ=UTC nvidia-smi --query-gpu=timestamp,utilization.gpu,memory.used --format=csv,noheader,nounits -lms 200 >"$out/utilisation.csv" 2>/dev/null & sampler=$!
fi

# --- what is measured --------------------------------------------------------------------------------------------------
precisions='fp16 tf32 fp32' batches=1,2,4,8,16,32,64,128,256,512 further_batches=1,32,256 graph_batches=1,8,32 photos=8192 large=256 large_batch=16 embed_batch=128 seconds=3 repeats=5
variants='eager;eager, channels_last;eager, channels_last, amp;compiled, channels_last;compiled reduce-overhead, channels_last'
jpeg_variants='eager, channels_last;compiled, channels_last'
networks=${networks:-resnet50,vgg16,resnet18}
if [ -n "$quick" ]; then
  batches=1,32,256 further_batches=128 graph_batches=1 photos=4096 large=64 seconds=1 repeats=3
  variants='compiled, channels_last;eager, channels_last' jpeg_variants='compiled, channels_last'
fi
if [ "$provider" = cpu ]; then
  precisions='fp32 fp16' batches=1,2 further_batches=1 photos=12 large=2 large_batch=2 embed_batch=4 seconds=0.1 repeats=1 jpeg_variants='eager, channels_last'
  [ "$networks" != resnet50,vgg16,resnet18 ] || networks=resnet18
fi
device=cuda; [ "$provider" != cpu ] || device=cpu

# A step that crashes or hangs ends alone; what it wrote stays. It may run 45 seconds past the time.
step() {
  local left=$((until - $(date +%s))); [ "$left" -gt 0 ] || left=0
  local what=$1 status=0; shift
  "$@" $((left + 45)) || status=$?
  [ $status = 0 ] || say "$what ended with exit code $status"
  table
  return $status
}
timed() { local limit=${!#}; timeout -k 15 "$limit" "${@:1:$#-1}"; }
own() { LD_LIBRARY_PATH=$libraries timed "${program[@]}" gpu "$@"; }
peer() { TORCHINDUCTOR_CACHE_DIR=$work/inductor TRITON_CACHE_DIR=$work/triton timed "$python" "$root/benchmarks/peers/gpu_torch.py" "$@"; }
missed() { # work network precision batch by reason: a row without a figure
  printf '{"work":"%s","network":"%s","precision":"%s","batch":%s,"by":"%s","failure":"%s"}\n' "$@" >>"$rows"
}
time_is_up() { [ "$(date +%s)" -ge $until ]; }
infer() { # network precision batches
  step "OnnxTransfer $*" own infer --backbone "$work/$1.onnx" --provider "$provider" --precision "$2" --batches "$3" --rows "$rows" --seconds $seconds --until $until || true
  [ $provider != cuda ] || [ ! -f "$work/$1-$2-graph" ] ||
    step "OnnxTransfer, CUDA graph, $*" own infer --backbone "$work/$1.onnx" --provider cuda --precision "$2" --batches $graph_batches --graph on --rows "$rows" --seconds $seconds --until $until || true
  [ -n "$python" ] || return 0
  # Loading PyTorch only to say that there is no time would take time.
  if time_is_up; then for batch in ${3//,/ }; do missed device "$1" "$2" "$batch" PyTorch 'not run: the time given to the whole run was up'; done; return; fi
  step "PyTorch $*" peer --network "$1" --precision "$2" --batches "$3" --variants "$variants" --device $device --seconds $seconds --rows "$rows" --until $until || true
}
embed_own() { # network precision work folder batch decoding
  step "OnnxTransfer $*" own embed --backbone "$work/$1.onnx" --provider "$provider" --precision "$2" --work "$3" --images "$4" --batch "$5" --jpeg "$6" --repeats $repeats --rows "$rows" --until $until || true
}
embed() { # network precision work folder batch
  embed_own "$@" exact
  [ -n "$python" ] || return 0
  if time_is_up; then missed "$3" "$1" "$2" "$5" PyTorch 'not run: the time given to the whole run was up'; return; fi
  step "PyTorch $*" peer --network "$1" --precision "$2" --work "$3" --images "$4" --batch "$5" --repeats $repeats --variants "$jpeg_variants" --device $device --rows "$rows" --until $until || true
}

say 'photos'
if [ -z "$images" ]; then images=$work/photos; ours photos "$images" --count $photos --width 500 --height 375; fi
if [ -z "$python" ]; then
  say 'no Python with PyTorch: measuring the backbone carried alone, beside nothing'
  networks=resnet14-cifar10
fi
prepare() { # network: its file, and in every precision the embeddings of the CPU, or the end of it all
  if [ -f "$models/$1.onnx" ]; then cp "$models/$1".* "$models/reference.png" "$work"
  else
    say "making $1"
    "$python" -B "$models/export.py" "$1" --weights none --seed 7 --output "$work/$1.onnx" >"$work/export.log" 2>&1 || {
      cat "$work/export.log" >&2; say "$1 could not be made"
      missed export "$1" - 0 PyTorch "$(tail -1 "$work/export.log" | tr -d '"\\' | cut -c1-300)"
      return 1
    }
  fi
  local precision
  for precision in $precisions; do
    step "check of $1 in $precision" own check --backbone "$work/$1.onnx" --images "$images" --provider "$provider" --precision "$precision" --rows "$rows" --until $until ||
      time_is_up || fail "$1 in $precision on $provider was not shown to give the CPU's embeddings: see $out/gpu.md; nothing more is timed"
    # A recorded run takes another way: it is timed only where it passes too.
    [ $provider != cuda ] ||
      { step "check of $1 in $precision, CUDA graph" own check --backbone "$work/$1.onnx" --images "$images" --provider cuda --precision "$precision" --graph on --rows "$rows" --until $until &&
        touch "$work/$1-$precision-graph"; } || true
  done
}

# The most wanted first. Once the time is up, what is left only leaves rows that say so. A network that PyTorch cannot export
# leaves a row too; without any, the one carried is measured alone.
best=${precisions%% *} made=
for network in ${networks//,/ }; do
  time_is_up || prepare "$network" || continue
  infer "$network" "$best" $batches
  [ -n "$made" ] || embed "$network" "$best" jpeg "$images" $embed_batch
  made=$made${made:+,}$network
done
if [ -z "$made" ]; then
  made=resnet14-cifar10 python=
  prepare $made
  infer $made "$best" $batches
  embed $made "$best" jpeg "$images" $embed_batch
fi
networks=$made first=${made%%,*}
say '12-megapixel photos'
time_is_up || ours photos "$work/large" --count $large --width 4000 --height 3000
embed "$first" "$best" 'jpeg 12 MP' "$work/large" $large_batch
embed_own "$first" "$best" 'jpeg 12 MP, DCT-scaled' "$work/large" $large_batch scaled
embed_own "$first" "$best" 'jpeg 12 MP, decoded on the GPU' "$work/large" $large_batch gpu
embed_own "$first" "$best" 'jpeg, decoded on the GPU' "$images" $embed_batch gpu
for network in ${networks//,/ }; do
  [ "$network" = "$first" ] || embed "$network" "$best" jpeg "$images" $embed_batch
  for precision in ${precisions#* }; do infer "$network" "$precision" $further_batches; done
done
table
say "written: $out"
cat "$out/gpu.md"
