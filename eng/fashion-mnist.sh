#!/usr/bin/env bash
# fashion-mnist.sh FOLDER: prints the folder that holds Fashion-MNIST's four files: Debian's dataset-fashion-mnist where it
# is installed or can be, else FOLDER, downloaded from the data set's public home and checked.
set -euo pipefail
folder=${1:?usage: fashion-mnist.sh FOLDER}
say() { printf '%s\n' "fashion-mnist: $*" >&2; }
debian=/usr/share/datasets/fashion-mnist
files=(train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz)
# SHA-256 of the unpacked files, so that it does not matter who packed them
sums=(c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
      bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
      5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
      0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34)

complete() { local file; for file in "${files[@]}"; do [ -f "$1/$file" ] || return 1; done; }

if complete "$debian"; then echo "$debian"; exit; fi
if complete "$folder"; then (cd "$folder" && pwd); exit; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's dataset-fashion-mnist"
  apt-get update -qq >/dev/null || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dataset-fashion-mnist >/dev/null 2>&1 || true
  if complete "$debian"; then echo "$debian"; exit; fi
fi

mkdir -p "$folder"
command -v curl >/dev/null || { say "neither Debian's dataset-fashion-mnist nor curl is at hand: put ${files[*]} into $folder"; exit 1; }
for i in "${!files[@]}"; do
  file=${files[$i]}
  say "downloading $file"
  curl -fsSL --retry 3 -o "$folder/$file.part" "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/$file" ||
    { say "could not download $file; install Debian's dataset-fashion-mnist or put ${files[*]} into $folder"; exit 1; }
  [ "$(gzip -dc <"$folder/$file.part" | sha256sum | cut -d' ' -f1)" = "${sums[$i]}" ] || { say "$file: another checksum than expected; nothing of it is used"; exit 1; }
  mv "$folder/$file.part" "$folder/$file"
done
(cd "$folder" && pwd)
