#!/usr/bin/env bash
# test-bundle.sh [FOLDER]: makes a bundle of the CPU flavour in pieces, or takes the one in FOLDER that eng/bundle.sh left, and
# holds it to its promises: a damaged or missing piece is refused and named; unpacked and moved into a root with nothing but
# glibc, a shell and coreutils (as root; otherwise with an empty environment), it embeds, trains and predicts; and where a
# Python has PyTorch, benchmarks/gpu.sh runs from it on the CPU. Some minutes; not part of eng/test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD
say() { printf '%s\n' "test-bundle: $*" >&2; }
fail() { say "FAILED: $*"; exit 1; }
work=$(mktemp -d "$PWD/artifacts/test-bundle-XXXXXX" 2>/dev/null || { mkdir -p artifacts; mktemp -d "$PWD/artifacts/test-bundle-XXXXXX"; })
trap 'rm -rf "$work"' EXIT
bundle=${1:-}
if [ -z "$bundle" ]; then bundle=$work/made; ./eng/bundle.sh --pieces 20M --level 1 -o "$bundle"; fi
bundle=$(cd "$bundle" && pwd)
passed=0; pass() { passed=$((passed + 1)); say "ok: $*"; }
refuses() { # what folder expected
  if "$2/unpack.sh" "$work/refused" >"$work/log" 2>&1; then fail "$1 was not refused"; fi
  grep -qF "$3" "$work/log" || fail "$1: the message lacks '$3': $(cat "$work/log")"
  [ ! -e "$work/refused" ] || [ -z "$(ls "$work/refused")" ] || fail "$1: something was unpacked"
  pass "$1 is refused"
}

mkdir "$work/copy"; cp "$bundle"/unpack.sh "$bundle"/*.tar.xz* "$work/copy"
last=$(basename "$(ls "$work/copy"/*.tar.xz* | tail -1)")
printf 'x' | dd of="$work/copy/$last" bs=1 seek=1000 conv=notrunc status=none
refuses 'a damaged piece' "$work/copy" "$last"
rm "$work/copy/$last"
refuses 'a missing piece' "$work/copy" "$last is missing"
rm -rf "$work/copy"

root=$work/root; mkdir -p "$root"/{bin,tmp,proc,dev,home}
unpacked=$("$bundle/unpack.sh" "$work/there") || fail 'unpack.sh'
mv "$unpacked" "$root/home/moved"; rmdir "$work/there"
pass 'unpacked, every file checked'

# Two classes of photos, made by the bundle itself.
photos() { env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH="$root/home/moved/app/cxx" "$root/home/moved/app/OnnxTransfer.Benchmarks" gpu photos "$@"; }
photos "$root/home/images/large" --count 8 --width 120 --height 90
photos "$root/home/images/small" --count 8 --width 40 --height 30
if [ "$(id -u)" = 0 ] && command -v unshare chroot >/dev/null && unshare -m true 2>/dev/null; then
  programs=(sh dirname readlink env)
  for file in $(for program in "${programs[@]}"; do command -v $program; done); do
    cp -L "$file" "$root/bin/"
    ldd "$file" | grep -o '/[^ ]*'
  done | sort -u | while read -r file; do mkdir -p "$root$(dirname "$file")"; cp -L "$file" "$root$file"; done
  for soname in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libresolv.so.2 libmvec.so.1 libutil.so.1; do
    file=$(ldconfig -p | sed -n "s/^\t$soname (.*x86-64.*=> //p" | sed -n 1p)
    [ -z "$file" ] || { mkdir -p "$root$(dirname "$file")"; cp -L "$file" "$root$file"; }
  done
  [ ! -e "$root/usr/lib" ] || ! find "$root" -path "$root/home" -prune -o -name 'libstdc*' -print | grep -q . || fail 'the bare root is not bare'
  bare() { unshare -m sh -c 'mount --bind /proc "$1/proc" && mount --bind /dev "$1/dev" && root=$1 && shift && cd / && exec chroot "$root" /bin/env -i PATH=/bin "$@"' sh "$root" "$@"; }
  where='a root with glibc alone' at=/home
else
  bare() { env -i PATH=/usr/bin:/bin "$@"; }
  where='an empty environment' at=$root/home
fi
transfer() { bare "$at/moved/onnxtransfer" "$@" 2>"$work/log" || fail "onnxtransfer $*: $(cat "$work/log")"; }

transfer embed $at/images --backbone resnet14-cifar10 --cache $at/cache --out $at/images.npy
[ -s "$root/home/images.npy" ] || fail 'embed wrote nothing'
pass "embed in $where"
transfer train $at/images --backbone resnet14-cifar10 --cache $at/cache --output $at/photos.onnx --json >"$work/train.json"
grep -q '"embedded": 0' "$work/train.json" || fail "train embedded again: $(cat "$work/train.json")"
pass "train in $where"
transfer predict $at/photos.onnx $at/images/large/00000.jpg --json >"$work/predict.json"
grep -q '"large"' "$work/predict.json" && grep -q '"small"' "$work/predict.json" || fail "predict: $(cat "$work/predict.json")"
pass "predict in $where"
if [ -f "$root/home/moved/app/libvips.so.42" ]; then
  # A PNG, and the embedding that PyTorch computed of it.
  transfer models check resnet14-cifar10 >"$work/check"
  pass "models check, through the bundle's own libvips, in $where"
fi
wild=$(grep -rhoaE "$repository/[A-Za-z]+" "$root/home/moved/onnxtransfer" "$root/home/moved/benchmarks" "$root/home/moved/app"/*.json 2>/dev/null | head -1) || true
[ -z "$wild" ] || fail "the bundle names a path of this machine: $wild"
pass 'no path of this machine in it'

python=${PYTHON:-/usr/bin/python3}
if "$python" -c 'import torch, torchvision, onnx, PIL' 2>/dev/null; then
  env -i PATH=/usr/bin:/bin "$root/home/moved/benchmarks/gpu.sh" --provider cpu --quick --torch "$python" -o "$work/gpu" >"$work/log" 2>&1 || fail "gpu.sh: $(tail -20 "$work/log")"
  grep -qE '^\| [0-9.]+ \| device \| resnet18 \| fp32' "$work/gpu/gpu.md" || fail "gpu.md has no ratio: $(cat "$work/gpu/gpu.md")"
  grep -q '^| 1.0000000 ' "$work/gpu/gpu.md" || fail "gpu.md has no check: $(cat "$work/gpu/gpu.md")"
  pass 'benchmarks/gpu.sh on the CPU'
else
  say "skipped: benchmarks/gpu.sh on the CPU ($python has no PyTorch)"
fi
say "$passed passed"
