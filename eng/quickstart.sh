#!/usr/bin/env bash
# quickstart.sh: from nothing to a measured classifier. Sets everything up, gets Fashion-MNIST, embeds it with the backbone
# the project carries, trains a head, compares it with the same head on raw pixels, writes one ONNX file, predicts ten test
# images. Run again, it embeds nothing. The facts are left in artifacts/quickstart/result.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
start=$SECONDS
say() { printf '\n== %s\n' "$*" >&2; }

say 'building'
./eng/build.sh
place=artifacts/quickstart
mkdir -p $place

say 'Fashion-MNIST (70,000 images of clothing, 28x28, Xiao, Rasul and Vollgraf 2017)'
data=$(./eng/fashion-mnist.sh $place/fashion-mnist)

say 'embedding and training'
classes=T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot
artifacts/onnxtransfer train "$data" --class-names $classes --backbone resnet14-cifar10 --compare pixels-28x28-grey \
  --cache $place/cache --output $place/fashion.onnx --json >$place/train.json

say 'ten test images, named'
./eng/idx-to-bmp.sh "$data/t10k-images-idx3-ubyte.gz" "$data/t10k-labels-idx1-ubyte.gz" 10 $classes $place/images
artifacts/onnxtransfer predict $place/fashion.onnx $place/images --top 3

# The fields of train.json stand one a line; those of the compared backbone follow "comparedWith".
field() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" $place/train.json | sed -n "${2:-1}p"; }
probe=$(field accuracy) pixels=$(field accuracy 2)
cat >$place/result.json <<EOF
{
  "probeAccuracy": $probe,
  "rawPixelAccuracy": $pixels,
  "embedded": $(field embedded),
  "fromCache": $(field fromCache),
  "seconds": $((SECONDS - start)),
  "model": "$place/fashion.onnx"
}
EOF
cat <<EOF

Fashion-MNIST, accuracy on the 10,000 test images, the same head on both:

  linear probe on resnet14-cifar10   $(printf '%.4f' "$probe")
  raw pixels                         $(printf '%.4f' "$pixels")

$(field embedded) images embedded, $(field fromCache) found in the cache; $((SECONDS - start)) s in all.
The model, from pixels to answer: $place/fashion.onnx   (facts: $place/result.json)
Try it:  artifacts/onnxtransfer predict $place/fashion.onnx YOUR.jpg --top 3
EOF
