#!/usr/bin/env bash
# build.sh [-p:OnnxRuntimeFlavor=gpu]: builds everything this machine can and leaves a runnable artifacts/onnxtransfer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
flavor=cpu; for argument in "$@"; do case "$argument" in -p:OnnxRuntimeFlavor=*) flavor=${argument#*=} ;; esac; done
./eng/bootstrap.sh --flavor "$flavor"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build artifacts/bootstrap/OnnxTransfer.slnf -c Release -v quiet "$@" >&2
cat >artifacts/onnxtransfer <<'EOF'
#!/bin/sh
# The command line, as built by eng/build.sh.
exec dotnet "$(dirname "$(readlink -f "$0")")/../src/OnnxTransfer.Cli/bin/Release/net10.0/OnnxTransfer.Cli.dll" "$@"
EOF
chmod +x artifacts/onnxtransfer
cat artifacts/bootstrap/left-out.txt >&2
