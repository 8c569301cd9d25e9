#!/usr/bin/env bash
# make_golden.sh [BACKBONE]: makes the golden embeddings of the Interop tests without any code of this project: Pillow
# preprocesses, ONNX Runtime driven by Node runs, numpy pools. Without an argument it makes all. After models/NAME.onnx
# and its description have been replaced: make_golden.sh NAME. A backbone of another name is added to CASES in golden.py
# and to the theory in SameAsNodeTests.cs first.
#
# Needs ONNXTRANSFER_TESTDATA (photos/, models/), Node with npm, and Python with Pillow, numpy and onnx.
# Made with onnxruntime-node 1.29.0, Node 20, Pillow 9.4.0, libjpeg-turbo 2.1.5, numpy 1.24, onnx 1.12.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${ONNXTRANSFER_TESTDATA:?names the folder with photos/ and models/}"
python=${PYTHON:-python3}
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT

# Its install script would download the CUDA provider; the CPU library is in the package.
(cd "$scratch" && npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.29.0)
cp "$here/embed.mjs" "$scratch/"
"$python" "$here/golden.py" prepare "$scratch" "$@"
node "$scratch/embed.mjs" "$scratch"
"$python" "$here/golden.py" pool "$scratch"
