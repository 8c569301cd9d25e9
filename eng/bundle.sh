#!/usr/bin/env bash
# bundle.sh [--provider cpu|cuda|cuda,tensorrt] [--gpu-arch N] [--formats all|jpeg] [--models FILE,...] [--pieces SIZE] [--level N] [-o FOLDER]
#
# Makes a folder that runs wherever there is Linux on x64 and glibc, with no .NET, no ICU, no OpenSSL, no C++ runtime and no
# package registry: the command line, the benchmark program with benchmarks/gpu.sh, .NET, ONNX Runtime, the image libraries,
# the backbones carried and those named. CUDA wants NVIDIA's driver, CUDA 13 and cuDNN 9 there, such as a PyTorch brings.
# Leaves in FOLDER (default artifacts/bundle): the folder, its archive, whole or in pieces, and unpack.sh, which checks them,
# puts them together, unpacks and checks again.
#   --gpu-arch    keep the GPU code of one architecture, such as 90, and make the rest of the CUDA provider zeros: a quarter
#                 of the size, and no other GPU will do (needs python3; see eng/keep-cubins.py)
#   --formats     jpeg: leave out libvips, which reads everything but JPEG and BMP
#   --models      ONNX files with their descriptions beside them
#   --pieces      such as 60M: the archive in pieces of at most this size
#   --level       xz's, from 0 (fast) to 9 (small, the default)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { printf '%s\n' "bundle: $*" >&2; }
fail() { say "$*"; exit 1; }

provider=cpu arch= formats=all models= pieces= level=9 out=artifacts/bundle
while [ $# -gt 0 ]; do
  case "$1" in
    --provider|--gpu-arch|--formats|--models|--pieces|--level|-o)
      [ $# -ge 2 ] || { say "$1 needs a value"; exit 2; }
      case "$1" in --provider) provider=$2 ;; --gpu-arch) arch=$2 ;; --formats) formats=$2 ;; --models) models=$2 ;; --pieces) pieces=$2 ;; --level) level=$2 ;; -o) out=$2 ;; esac
      shift 2 ;;
    -h|--help) sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | sed '$d; s/^# \{0,1\}//'; exit 0 ;;
    *) say "unknown argument $1 (--help)"; exit 2 ;;
  esac
done
case $provider in cpu) flavor=cpu ;; cuda|cuda,tensorrt) flavor=gpu ;; *) say "--provider $provider: expected cpu, cuda or cuda,tensorrt"; exit 2 ;; esac
case $formats in all|jpeg) ;; *) say "--formats $formats: expected all or jpeg"; exit 2 ;; esac
case $arch in '') ;; *[!0-9]*) say "--gpu-arch $arch: expected a number such as 90"; exit 2 ;; *) [ $flavor = gpu ] || { say "--gpu-arch wants --provider cuda"; exit 2; } ;; esac
[[ $level =~ ^[0-9]$ ]] || { say "--level $level: expected 0 to 9"; exit 2; }
[[ $pieces =~ ^([1-9][0-9]*[KMG]?)?$ ]] || { say "--pieces $pieces: expected a size such as 60M"; exit 2; }
IFS=, read -ra described <<<"$models"
for model in "${described[@]}"; do [ -f "$model" ] && [ -f "${model%.onnx}.json" ] || fail "--models $model: expected an .onnx file with its .json beside it"; done
if ! command -v patchelf >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say 'installing patchelf'
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends patchelf >/dev/null 2>&1 || true
  fi
  command -v patchelf >/dev/null || fail 'patchelf is missing, which makes libraries find each other wherever they lie: sudo apt-get install patchelf'
fi
for tool in xz readelf objdump ldd; do command -v $tool >/dev/null || fail "$tool is missing: sudo apt-get install xz-utils binutils"; done

version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
name=onnxtransfer-$version-linux-x64; [ $flavor = cpu ] || name=$name-${provider//,/-}${arch:+-sm$arch}
mkdir -p "$out"; out=$(cd "$out" && pwd)
place=$out/$name
rm -rf "$place" "$out/$name".tar.xz*
mkdir -p "$place/app" "$place/licences" "$place/benchmarks/peers"

# --- .NET, the programs, ONNX Runtime ----------------------------------------------------------------------------------
./eng/bootstrap.sh --flavor $flavor
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in benchmarks/OnnxTransfer.Benchmarks src/OnnxTransfer.Cli; do
  say "publishing $project"
  dotnet publish $project -c Release -r linux-x64 --self-contained --artifacts-path "$PWD/artifacts/bundle-build" -o "$place/app" -v quiet \
    -p:OnnxRuntimeFlavor=$flavor -p:PublishReadyToRun=true -p:DebugType=none -p:PublishDocumentationFiles=false >&2 ||
    fail "dotnet publish failed; it needs microsoft.netcore.app.runtime.linux-x64 and microsoft.netcore.app.crossgen2.linux-x64 of the NuGet source"
done
(
  cd "$place/app"
  # For debugging; and BenchmarkDotNet, which builds projects while it runs and is of no use without an SDK.
  rm -f createdump libclrgc.so libclrgcexp.so libcoreclrtraceptprovider.so libmscordaccore.so libmscordbi.so ./*.pdb ./*.xml ./*.lib \
    BenchmarkDotNet*.dll Microsoft.CodeAnalysis*.dll Microsoft.Diagnostics.*.dll Dia2Lib.dll TraceReloggerLib.dll OSExtensions.dll \
    Iced.dll Gee.External.Capstone.dll libcapstone.so Perfolizer.dll CommandLine.dll System.Management.dll System.CodeDom.dll
  rm -rf runtimes amd64 x86 arm64
  [ "$provider" = cuda,tensorrt ] || rm -f libonnxruntime_providers_tensorrt.so
)
if [ -n "$arch" ]; then
  say "keeping the CUDA provider's code for sm_$arch"
  library=$place/app/libonnxruntime_providers_cuda.so
  python3 eng/keep-cubins.py "$library" "$arch" -o "$library.new" >&2
  mv "$library.new" "$library"
  echo "the CUDA provider is reduced to sm_$arch: all other GPU code is zero" >"$place/REDUCED"
fi
for model in "${described[@]}"; do cp "${model%.onnx}".* "$place/app/models/"; done
cp benchmarks/gpu.sh "$place/benchmarks/"
cp benchmarks/peers/gpu_torch.py "$place/benchmarks/peers/"
git describe --always --dirty >"$place/VERSION" 2>/dev/null || echo "$version" >"$place/VERSION"

# --- what lies beside them of the system's libraries ---------------------------------------------------------------------
glibc='^(ld-linux.*|linux-vdso.*|lib(c|m|mvec|pthread|dl|rt|resolv|util|anl|nsl|BrokenLocale|nss_.*|thread_db)\.so.*)$'
library() { ldconfig -p 2>/dev/null | sed -n "s/^\t$1 (.*x86-64.*=> //p" | head -1; }
found() { local path; path=$(library "$1"); [ -n "$path" ] || fail "$1 is not installed here: ${2}"; echo "$path"; }
bundled=$(mktemp); trap 'rm -f "$bundled"' EXIT
take() { # library folder: it and all it needs but glibc and the C++ runtime
  { echo "$1"; ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'; } | while read -r file; do
    local soname; soname=$(basename "$file")
    [[ $soname =~ $glibc || $soname = libstdc++.so.6 || $soname = libgcc_s.so.1 ]] && continue
    local to=$place/app; [ "$file" != "$1" ] || to=$2
    [ -f "$to/$soname" ] && continue
    cp -L "$file" "$to/$soname"; chmod u+w "$to/$soname"
    patchelf --set-rpath "$([ "$to" = "$place/app" ] && echo '$ORIGIN' || echo '$ORIGIN/../../app')" "$to/$soname"
    echo "$file" >>"$bundled"
  done
}
take "$(found libturbojpeg.so.0 'sudo apt-get install libturbojpeg0')" "$place/app"
# .NET's hashes are OpenSSL's, which its own library opens by name.
for soname in libssl.so.3 libcrypto.so.3; do take "$(found $soname 'sudo apt-get install libssl3')" "$place/app"; done
patchelf --set-rpath '$ORIGIN' "$place/app/libSystem.Security.Cryptography.Native.OpenSsl.so"
if [ $formats = all ]; then
  vips=$(found libvips.so.42 'sudo apt-get install libvips42')
  take "$vips" "$place/app"
  for module in "$(dirname "$vips")"/vips-modules-*/vips-heif.so; do
    [ -f "$module" ] || continue
    modules=$place/lib/$(basename "$(dirname "$module")"); mkdir -p "$modules"
    take "$module" "$modules"
  done
fi
# The C++ runtime apart: the system's own goes first, as CUDA's libraries may want a newer one.
mkdir "$place/app/cxx"
for soname in libstdc++.so.6 libgcc_s.so.1; do
  cp -L "$(found $soname 'sudo apt-get install libstdc++6')" "$place/app/cxx/$soname"; library $soname >>"$bundled"
done

# --- licences --------------------------------------------------------------------------------------------------------------
cp LICENSE "$place/licences/OnnxTransfer"
sed 's/^Copyright (c).*/Copyright (c) Microsoft Corporation/' LICENSE >"$place/licences/ONNX Runtime"
packages=artifacts/packages; [ -d "$packages" ] || packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
cp "$(ls -d "$packages"/microsoft.netcore.app.runtime.linux-x64/* | sort -V | tail -1)"/{LICENSE,THIRD-PARTY-NOTICES}.TXT "$place/licences/" 2>/dev/null ||
  fail "$packages/microsoft.netcore.app.runtime.linux-x64 has no LICENSE.TXT"
sed -n 's:^ *"\([^"/]*\)/\([^"/]*\)"\: {$:\1 \2:p' "$place"/app/*.deps.json | sort -u | while read -r id number; do
  package=$packages/${id,,}/${number,,}
  [ -f "$package/${id,,}.nuspec" ] && ls "$place/app" | grep -qiF "$id" || continue
  sed -n "s:.*<license type=\"expression\">\(.*\)</license>.*:$id $number\: \1:p" "$package/${id,,}.nuspec" >>"$place/licences/NuGet packages"
  for file in "$package"/[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*; do [ ! -f "$file" ] || cp "$file" "$place/licences/$id $(basename "$file")"; done
done
unlicensed=()
while read -r file; do
  owner=$(dpkg -S "$(readlink -f "$file")" 2>/dev/null || dpkg -S "$file" 2>/dev/null || dpkg -S "*/$(basename "$(readlink -f "$file")")" 2>/dev/null || true)
  owner=${owner%%:*}
  if [ -n "$owner" ] && [ -f "/usr/share/doc/$owner/copyright" ]; then cp "/usr/share/doc/$owner/copyright" "$place/licences/$owner"; else unlicensed+=("$file"); fi
done < <(sort -u "$bundled")
[ ${#unlicensed[@]} = 0 ] || say "no licence text was found for ${unlicensed[*]}; add it to $place/licences before passing the bundle on"

# --- the front door ----------------------------------------------------------------------------------------------------------
needs=$(find "$place" -type f \( -name '*.so*' -o -name OnnxTransfer.Cli \) -exec objdump -T {} + | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
needs=${needs#GLIBC_}
cat >"$place/onnxtransfer" <<'EOF'
#!/bin/sh
# The command line, as bundled by eng/bundle.sh.
here=$(dirname "$(readlink -f "$0")")
export VIPSHOME="$here"
for cxx in /lib /lib64 /usr/lib /usr/lib64 /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu; do
  [ ! -e $cxx/libstdc++.so.6 ] || exec "$here/app/OnnxTransfer.Cli" "$@"
done
LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/app/cxx" exec "$here/app/OnnxTransfer.Cli" "$@"
EOF
chmod +x "$place/onnxtransfer"
cat >"$place/README.txt" <<EOF
OnnxTransfer $(cat "$place/VERSION"), provider $provider, for Linux on x64 with glibc $needs or later.

./onnxtransfer --help          the command line
./benchmarks/gpu.sh --help     throughput of an NVIDIA GPU, beside PyTorch
licences/                      of everything in here

Nothing is installed and nothing is written outside the folders named to the programs; the folder may be moved.
CUDA needs NVIDIA's driver, CUDA 13 and cuDNN 9 on LD_LIBRARY_PATH, such as the nvidia/*/lib folders of a PyTorch.
EOF
[ ! -f "$place/REDUCED" ] || cat "$place/REDUCED" >>"$place/README.txt"
(cd "$place" && find . -type f ! -name MANIFEST -print0 | sort -z | xargs -0 sha256sum >MANIFEST)

# --- the archive ---------------------------------------------------------------------------------------------------------------
say 'compressing'
tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner -c "$name" | xz "-$level" -T0 >"$out/$name.tar.xz"
whole=$(sha256sum <"$out/$name.tar.xz" | cut -d' ' -f1) parts=$name.tar.xz
if [ -n "$pieces" ]; then
  split -b "$pieces" -d -a 3 "$out/$name.tar.xz" "$out/$name.tar.xz."
  rm "$out/$name.tar.xz"
  parts=$(cd "$out" && echo "$name".tar.xz.*)
fi
{
  cat <<EOF
#!/bin/sh
# unpack.sh [FOLDER]: checks what lies beside it, unpacks it into FOLDER (default: this one) and checks every file.
name=$name whole=$whole glibc=$needs
parts='$parts'
sums='$(cd "$out" && sha256sum $parts)'
EOF
  cat <<'EOF'
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "unpack.sh: $*" >&2; exit 1; }
has=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2) || true
[ -z "$has" ] || [ "$(printf '%s\n' "$glibc" "$has" | sort -V | head -n 1)" = "$glibc" ] || fail "glibc here is $has; the bundle needs $glibc or later"
if command -v xz >/dev/null; then unxz='xz -dc'
elif python3 -c 'import lzma' 2>/dev/null; then unxz="python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer)'"
else fail 'needs xz, or a python3 with lzma'; fi
cd "$here"
for part in $parts; do [ -f "$part" ] || fail "$part is missing beside $0"; done
printf '%s\n' "$sums" | sha256sum -c --quiet >&2 || fail 'a piece is damaged: fetch those named above again'
[ "$(cat $parts | sha256sum | cut -d' ' -f1)" = "$whole" ] || fail 'the pieces do not make the whole: they are of different bundles'
to=${1:-$here}; cd - >/dev/null; mkdir -p "$to"; to=$(cd "$to" && pwd)
(cd "$here" && cat $parts) | eval "$unxz" | tar -xf - -C "$to"
(cd "$to/$name" && sha256sum -c --quiet MANIFEST >&2) || fail "what was unpacked to $to/$name differs from what was packed: is the disk full?"
"$to/$name/onnxtransfer" --version >/dev/null || fail "$to/$name/onnxtransfer does not start"
echo "$to/$name"
EOF
} >"$out/unpack.sh"
chmod +x "$out/unpack.sh"
say "glibc $needs or later; $(du -sh "$place" | cut -f1) unpacked; $(cd "$out" && du -ch --apparent-size $parts | tail -1 | cut -f1) in $(wc -w <<<"$parts") piece(s)"
ls -l "$out" >&2
