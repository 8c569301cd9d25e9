#!/usr/bin/env bash
# build.sh [-p:OnnxRuntimeFlavor=gpu]: builds everything this machine can and leaves a runnable artifacts/onnxtransfer, which
# wants the .NET runtime of this machine. Its program in artifacts/cli is compiled to native code where the NuGet source has
# the compiler for it; after a change to the sources build.sh makes it anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
flavor=cpu; for argument in "$@"; do case "$argument" in -p:OnnxRuntimeFlavor=*) flavor=${argument#*=} ;; esac; done
./eng/bootstrap.sh --flavor "$flavor"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build artifacts/bootstrap/OnnxTransfer.slnf -c Release -v quiet "$@" >&2
rm -rf artifacts/cli
dotnet publish src/OnnxTransfer.Cli -c Release --use-current-runtime --no-self-contained -o artifacts/cli -v quiet "$@" >&2
cat >artifacts/onnxtransfer <<'EOF'
#!/bin/sh
# The command line, as built by eng/build.sh.
exec dotnet "$(dirname "$(readlink -f "$0")")/cli/OnnxTransfer.Cli.dll" "$@"
EOF
chmod +x artifacts/onnxtransfer
cat artifacts/bootstrap/left-out.txt >&2
