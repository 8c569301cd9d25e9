#!/usr/bin/env bash
# test.sh: sets everything up, builds, runs all tests; ends with the line 'N passed, N failed, N skipped'.
# Tests on real backbones and images run where ONNXTRANSFER_TESTDATA names their folder, those against PyTorch where
# eng/torch.sh finds or installs it; they say so where not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
./eng/torch.sh
./eng/build.sh
log=artifacts/test.log
status=0
dotnet test artifacts/bootstrap/OnnxTransfer.slnf -c Release --no-build --logger 'console;verbosity=normal' >"$log" 2>&1 || status=$?

# What failed, whole; what was skipped, with its reason.
grep -nE '^ +Failed ' "$log" | head -20 || true
if [ $status != 0 ]; then sed -n '/^ *Failed .*\[/,/^ *\(Passed\|Skipped\) /p' "$log" | head -200; fi
grep -A1 '\[SKIP\]' "$log" | grep -v '\[SKIP\]' | sed -n 's/^\[xUnit[^]]*\] *//p' | sort | uniq -c | sort -rn | sed 's/^ *\([0-9]*\) /skipped \1: /' | head -20

count() { awk -v what="$1" '$1 == what ":" { sum += $2 } END { print sum + 0 }' "$log"; }
passed=$(count Passed) failed=$(count Failed) skipped=$(count Skipped)
if [ "$passed" = 0 ]; then cat "$log"; echo "no test was run"; status=1; fi
cat artifacts/bootstrap/left-out.txt
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
