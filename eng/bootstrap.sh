#!/usr/bin/env bash
# bootstrap.sh [--flavor cpu|gpu]: makes a fresh machine able to build. A no-op when there is nothing to do.
#
# 1. image libraries (libjpeg-turbo, libvips): installed where root and apt-get are at hand, named otherwise
# 2. asks the configured NuGet source which packages it has
# 3. where it lacks ONNX Runtime, makes packages of the same ids and version in artifacts/feed from ONNX
#    Runtime's own sources and binaries on npm, pinned by hash
# 4. writes artifacts/bootstrap/packages.props and OnnxTransfer.slnf: what can be built here
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { printf '%s\n' "bootstrap: $*" >&2; }
fail() { say "$*"; exit 1; }

flavor=cpu
while [ $# -gt 0 ]; do
  case "$1" in
    --flavor) flavor=${2:?--flavor needs cpu or gpu}; shift 2 ;;
    *) fail "unknown argument $1 (known: --flavor cpu|gpu)" ;;
  esac
done
[ "$flavor" = cpu ] || [ "$flavor" = gpu ] || fail "--flavor $flavor: expected cpu or gpu"

state=$PWD/artifacts/bootstrap
feed=$PWD/artifacts/feed
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

command -v dotnet >/dev/null || fail "no dotnet on PATH; install the .NET 10 SDK (https://dotnet.microsoft.com/download)"

# --- 1. image libraries --------------------------------------------------------------------------------------------
has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
missing=()
has_library libturbojpeg.so.0 || missing+=(libturbojpeg0)
has_library libvips.so.42 || missing+=(libvips42)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    apt-get update -qq >/dev/null || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
      say "could not install ${missing[*]}; JPEG needs libturbojpeg0, other formats libvips42"
  else
    say "missing ${missing[*]}: run 'sudo apt-get install ${missing[*]}' (without them images are decoded by the next decoder there is)"
  fi
fi

# --- 2. what the NuGet source has ------------------------------------------------------------------------------------
version_of() { sed -n "s/.*PackageVersion Include=\"$1\" Version=\"\([^\"]*\)\".*/\1/p" Directory.Packages.props; }
ort=$(version_of Microsoft.ML.OnnxRuntime)
stamp=$( { cat Directory.Packages.props eng/bootstrap.sh; dotnet --version; dotnet nuget list source 2>/dev/null; } | sha256sum | cut -c1-16)

# What a leaf project and its tests need of the NuGet source, beside what every project needs.
packages_of() {
  case $1 in
    OnnxRuntime) echo Microsoft.ML.OnnxRuntime ;;
    ImageSharp) echo SixLabors.ImageSharp ;;
    MLNet) echo Microsoft.ML Microsoft.ML.FastTree Microsoft.ML.LightGbm Microsoft.ML.Mkl.Components Microsoft.ML.OnnxConverter ;;
  esac
}

# A restore of one package answers for every kind of source: folders, mirrors, the public gallery.
source_has() { restores "<ItemGroup><PackageReference Include=\"$1\" Version=\"$2\" /></ItemGroup>" "$1"; }

# The compiler to native code (crossgen2), of the version that this SDK wants.
source_has_compiler() {
  restores '<PropertyGroup><UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier><SelfContained>false</SelfContained><PublishReadyToRun>true</PublishReadyToRun></PropertyGroup>' crossgen2
}

restores() { # what a project holds, its name for messages
  local probe; probe=$(mktemp -d "$state/probe-XXXXXX")
  cat >"$probe/probe.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally></PropertyGroup>
  $1
</Project>
EOF
  echo '<Project />' >"$probe/Directory.Build.props"
  echo '<Project />' >"$probe/Directory.Packages.props"
  local log rc=0; log=$(dotnet restore "$probe/probe.csproj" --packages "$probe/packages" 2>&1) || rc=$?
  rm -rf "$probe"
  [ $rc = 0 ] && return 0
  grep -qE 'NU110[123]' <<<"$log" && return 1
  printf '%s\n' "$log" >&2
  fail "could not ask the NuGet source for $2 (see above)"
}

mkdir -p "$state"
if [ ! -f "$state/answers-$stamp" ]; then
  rm -f "$state"/answers-*
  say "asking the NuGet source what it has"
  answers=$(mktemp "$state/asking-XXXXXX")
  for name in OnnxRuntime ImageSharp MLNet; do
    lacking=
    for id in $(packages_of $name); do
      source_has "$id" "$(version_of "$id")" || { lacking="$id $(version_of "$id")"; break; }
    done
    echo "$name=${lacking:-true}"
  done >"$answers"
  if source_has_compiler; then echo ReadyToRun=true; else echo "ReadyToRun=the package of crossgen2"; fi >>"$answers"
  mv "$answers" "$state/answers-$stamp"
fi
# "true", or the first package that is lacking
answer() { sed -n "s/^$1=//p" "$state/answers-$stamp"; }

# --- 3. local packages of ONNX Runtime ---------------------------------------------------------------------------------
# npm package, version, sha512 of its tarball (base64, as npm's registry and lock files state it)
managed_npm='com.github.asus4.onnxruntime 0.4.9 BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg=='
core_npm='onnxruntime-node 1.29.0 WjiVVB72riILz8HbYvxvmjKyE/WmkYoSfKY++axo5jAR609HQg8MwiG/HhShpTcJfmmAdzxxmB+MMST3A+SiPA=='
cuda_npm='com.github.asus4.onnxruntime.linux-x64-gpu 0.4.9 FopIhNE/Ng+v2X65wVc9clPCBCvhvA53Hxo2U0Kf5fGdVsC7iCA+mZ0KLWggcQAj7TIZ6pNidR4AC10g74Xo6w=='

npm_fetch() { # "name version hash" -> path of the unpacked package
  local name version hash; read -r name version hash <<<"$1"
  local place="$work/$name"
  [ -d "$place/package" ] && { echo "$place/package"; return; }
  mkdir -p "$place"
  say "downloading $name@$version from npm"
  (cd "$place" && npm pack --silent --ignore-scripts "$name@$version" >/dev/null) || fail "npm could not deliver $name@$version"
  local got expected; got=$(sha512sum <"$(echo "$place"/*.tgz)" | cut -d' ' -f1)
  expected=$(base64 -d <<<"$hash" | od -An -v -tx1 | tr -d ' \n')
  [ "$got" = "$expected" ] || fail "$name@$version: its SHA-512 is $got, expected $expected; nothing of it is used"
  tar xzf "$place"/*.tgz -C "$place"
  rm "$place"/*.tgz
  echo "$place/package"
}

pack_native() { # id, then the files of runtimes/linux-x64/native as PATH=NAME
  local id=$1 project="$work/$1"; shift
  mkdir -p "$project/native"
  local file; for file in "$@"; do cp "${file%%=*}" "$project/native/${file##*=}"; done
  cat >"$project/$id.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework><PackageId>$id</PackageId><Version>$ort</Version>
    <Description>ONNX Runtime's native library, packed locally from its npm package.</Description>
    <IncludeBuildOutput>false</IncludeBuildOutput><NoWarn>NU5128;NU5100;NU5123</NoWarn><PackageOutputPath>$feed</PackageOutputPath>
    <RestoreAdditionalProjectSources>$feed</RestoreAdditionalProjectSources><RestorePackagesPath>$work/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.OnnxRuntime.Managed" Version="$ort" />
    <None Include="native/*" Pack="true" PackagePath="runtimes/linux-x64/native/" />
  </ItemGroup>
</Project>
EOF
  dotnet pack "$project/$id.csproj" -v quiet -c Release >&2
}

pack_managed() {
  local sources; sources=$(npm_fetch "$managed_npm")
  local project="$work/managed"; mkdir -p "$project"
  # Without the implicit framework symbols the sources use their own tensor types, as the official package does.
  cat >"$project/Microsoft.ML.OnnxRuntime.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework><AssemblyName>Microsoft.ML.OnnxRuntime</AssemblyName>
    <PackageId>Microsoft.ML.OnnxRuntime.Managed</PackageId><Version>$ort</Version>
    <Description>ONNX Runtime's managed API, compiled locally from its official C# sources.</Description>
    <AllowUnsafeBlocks>true</AllowUnsafeBlocks><EnableDefaultCompileItems>false</EnableDefaultCompileItems>
    <DisableImplicitFrameworkDefines>true</DisableImplicitFrameworkDefines>
    <DefineConstants>\$(DefineConstants);NETCOREAPP3_0_OR_GREATER;NET5_0_OR_GREATER</DefineConstants>
    <PackageOutputPath>$feed</PackageOutputPath><RestorePackagesPath>$work/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="$sources/Runtime/**/*.cs" /><Using Include="System.Reflection" />
  </ItemGroup>
</Project>
EOF
  dotnet pack "$project/Microsoft.ML.OnnxRuntime.csproj" -v quiet -c Release >&2
}

has_local() { [ -f "$feed/$1.$ort.nupkg" ]; }
make_local() {
  has_local Microsoft.ML.OnnxRuntime.Managed && has_local Microsoft.ML.OnnxRuntime &&
    { [ "$flavor" = cpu ] || has_local Microsoft.ML.OnnxRuntime.Gpu; } && return
  command -v npm >/dev/null || fail "the NuGet source lacks Microsoft.ML.OnnxRuntime $ort, and its replacement needs npm: install Node.js with npm, or configure a NuGet source that has it"
  work=$(mktemp -d "$state/packing-XXXXXX"); trap 'rm -rf "$work"' EXIT
  echo '<Project />' >"$work/Directory.Build.props"
  echo '<Project><PropertyGroup><ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally></PropertyGroup></Project>' >"$work/Directory.Packages.props"
  mkdir -p "$feed"
  say "making local packages of ONNX Runtime $ort in artifacts/feed (the NuGet source lacks them)"
  has_local Microsoft.ML.OnnxRuntime.Managed || pack_managed
  if ! has_local Microsoft.ML.OnnxRuntime; then
    local sources; sources=$(npm_fetch "$managed_npm")
    pack_native Microsoft.ML.OnnxRuntime "$sources/Plugins/Linux/x64/libonnxruntime.so=libonnxruntime.so"
  fi
  if [ "$flavor" = gpu ] && ! has_local Microsoft.ML.OnnxRuntime.Gpu; then
    local core cuda; core=$(npm_fetch "$core_npm"); cuda=$(npm_fetch "$cuda_npm")
    local files=("$core/bin/napi-v6/linux/x64/libonnxruntime.so.1=libonnxruntime.so") library
    while read -r library; do files+=("$library=$(basename "$library")"); done < <(find "$cuda" -name 'libonnxruntime_providers_*.so')
    pack_native Microsoft.ML.OnnxRuntime.Gpu "${files[@]}"
  fi
}
[ "$(answer OnnxRuntime)" = true ] || make_local

# --- 4. what can be built here ---------------------------------------------------------------------------------------
left_out=()
[ "$(answer ImageSharp)" = true ] || left_out+=(ImageSharp)
[ "$(answer MLNet)" = true ] || left_out+=(MLNet)
{ echo '<Project><PropertyGroup>'
  for leaf in ${left_out[@]+"${left_out[@]}"}; do echo "  <Has$leaf>false</Has$leaf>"; done
  [ "$(answer ReadyToRun)" = true ] || echo '  <HasReadyToRun>false</HasReadyToRun>'
  echo '</PropertyGroup></Project>'; } >"$state/packages.props.new"
cmp -s "$state/packages.props.new" "$state/packages.props" 2>/dev/null && rm "$state/packages.props.new" || mv "$state/packages.props.new" "$state/packages.props"

skip='^$'; for leaf in ${left_out[@]+"${left_out[@]}"}; do skip="$skip|OnnxTransfer\.$leaf"; done
{ echo '{ "solution": { "path": "../../OnnxTransfer.sln", "projects": ['
  sed -n 's/^Project(.*= "[^"]*", "\([^"]*\.csproj\)".*/\1/p' OnnxTransfer.sln | grep -vE "$skip" | sed 's/\\/\\\\/g; s/.*/  "&"/; $!s/$/,/'
  echo '] } }'; } >"$state/OnnxTransfer.slnf"
: >"$state/left-out.txt"
for leaf in ${left_out[@]+"${left_out[@]}"}; do
  echo "left out: OnnxTransfer.$leaf and its tests (the NuGet source lacks $(answer $leaf))" >>"$state/left-out.txt"
done
[ "$(answer ReadyToRun)" = true ] ||
  echo "left out: compiling the command line to native code, so that it starts slower (the NuGet source lacks $(answer ReadyToRun))" >>"$state/left-out.txt"
