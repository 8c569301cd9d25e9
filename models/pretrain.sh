#!/usr/bin/env bash
# pretrain.sh DATA [OUTPUT.onnx [further options of train]]: the recipe of pretrain.py on this project's own engine instead of
# PyTorch. DATA is CIFAR-10 as images, DIR/train/CLASS/* and DIR/test/CLASS/*. Leaves OUTPUT.onnx and its description, a backbone;
# prints accuracy and scores on the test images as JSON. A run that was stopped goes on from its checkpoint when started again
# in the same folder, whose cache keeps that; with --cache CACHE it may be another.
# PyTorch's 40 epochs on 10,000 images end at 0.8075 on 2,000 test images (resnet14-cifar10.json).
# What differs: the rate rises along a cosine instead of a line, and a cut-out is 8 pixels wide, not 7. The fill colour is the mean of the data, 0 when normalised.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
data=${1:?"expected the folder of CIFAR-10"}
output=${2:-resnet14-cifar10-own.onnx}
exec "${ONNXTRANSFER:-$here/../artifacts/onnxtransfer}" train "$data" --from-scratch --backbone "$here/resnet14-cifar10.onnx" \
  --tuned-backbone "$output" --validation 0 --seed 7 \
  --epochs 40 --step-batch 64 --optimizer sgd --momentum 0.9 --weight-decay 5e-4 --schedule one-cycle --learning-rate 0.1 \
  --label-smoothing 0.05 --augment grey:0.25,pad:4,flip,cutout:8px,fill:#7e7b72 --init uniform --zero-last-norm --json "${@:3}"
