#!/usr/bin/env bash
# fuzz.sh [COUNT] [FIRST]: damaged models by their number (default 10000 from 0) through every function over graphs and
# through ONNX Runtime, each in a process that may fall; then a model of 2.2 GB (as much of temporary files).
# Ends with 1 and names the variant where one crashes, hangs, takes memory without bound, or ends in anything but success
# or an OnnxTransferException. One variant again: eng/fuzz.sh 1 NUMBER. Wants the tests built (eng/test.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
count=${1:-10000} first=${2:-0}
program=tests/OnnxTransfer.Tests/bin/Release/net10.0/OnnxTransfer.Tests.dll
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for mode in managed native; do
  status=0
  # 1 GB is what the process takes for the machine's memory: what is refused then does not depend on the machine.
  DOTNET_GCHeapHardLimit=0x40000000 dotnet "$program" $mode "$first" "$count" >"$log" 2>&1 || status=$?
  grep -vE '^[0-9]+$' "$log" || true
  if [ $status != 0 ]; then echo "$mode: exit code $status at variant $(grep -E '^[0-9]+$' "$log" | tail -1)"; exit 1; fi
done
ONNXTRANSFER_LARGE=1 dotnet test tests/OnnxTransfer.Tests -c Release --no-build --filter FullyQualifiedName~LargeModelTests
