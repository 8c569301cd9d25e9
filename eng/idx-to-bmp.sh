#!/usr/bin/env bash
# idx-to-bmp.sh IMAGES.gz LABELS.gz COUNT CLASS,CLASS,... FOLDER: writes the first COUNT images of idx files (28x28 grey) as
# 8-bit bitmaps named by their number and true class, for eyes and for programs that take image files.
set -euo pipefail
images=$1 labels=$2 count=$3 folder=$5
IFS=, read -ra classes <<<"$4"
mkdir -p "$folder"
little_endian() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
header() {
  printf 'BM'; little_endian $((1078 + 784)); little_endian 0; little_endian 1078         # file header: size, offset of pixels
  little_endian 40; little_endian 28; little_endian -28                                    # 28 x 28, top row first
  printf '\1\0\10\0'; for value in 0 784 2835 2835 256 0; do little_endian $value; done    # one plane, 8 bits, not compressed
  for grey in {0..255}; do little_endian $((grey * 65793)); done                           # palette: grey three times
}
header >"$folder/header.part"
gzip -dc "$images" 2>/dev/null | head -c $((16 + 784 * count)) | tail -c $((784 * count)) >"$folder/pixels.part" || true
numbers=$(gzip -dc "$labels" 2>/dev/null | head -c $((8 + count)) | tail -c "$count" | od -An -v -tu1 || true)
i=0
for label in $numbers; do
  { cat "$folder/header.part"; dd if="$folder/pixels.part" bs=784 skip=$i count=1 status=none; } >"$folder/$i-${classes[$label]}.bmp"
  i=$((i + 1))
done
rm "$folder/header.part" "$folder/pixels.part"
