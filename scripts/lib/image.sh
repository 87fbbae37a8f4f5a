# What every image has: its kernel and initrd, its manifest, its place. Sourced by scripts/build-image, which has set `here`, `work`, `kind`, `architecture`
# and `output`.
# shellcheck shell=bash disable=SC2154

# pack_initrd ROOT KERNEL INIT [OPTION …]: cards that a machine of a cloud has, and the lab's. A module that the kernel does not have is no fault.
pack_initrd() {
  local root=$1 kernel=$2 init=$3
  shift 3
  node "$here/pack-initrd.mjs" --root "$root" --kernel "$kernel" --output "$work/image/initrd.img" \
    --file init="$here/image/$init" --file common="$here/image/common" --file dhcp="$here/image/dhcp" \
    --choose virtio_net --choose virtio-rng --choose vmxnet3 --choose ena --choose igbvf --choose ixgbevf --choose mlx5_core \
    --choose hv_netvsc "$@"
}

# write_manifest KERNEL: names and versions of packages come as lines `NAME VERSION`. A deployable image has set `image_name` and `image_content`.
write_manifest() {
  local name version file comma=''
  {
    printf '{\n  "format": 1,\n  "kind": "%s",\n  "architecture": "%s",\n  "kernel": "%s",' "${kind%-tiny}" "$architecture" "$1"
    [ -z "${image_name:-}" ] || printf '\n  "name": "%s",\n  "content": { %s },' "$image_name" "$image_content"
    printf '\n  "packages": {'
    while read -r name version; do
      printf '%s\n    "%s": "%s"' "$comma" "$name" "$version"
      comma=,
    done
    printf '\n  },\n  "files": {'
    comma=''
    for file in "$work"/image/*; do
      printf '%s\n    "%s": { "size": %s, "sha256": "%s" }' "$comma" "${file##*/}" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -c1-64)"
      comma=,
    done
    printf '\n  }\n}\n'
  } >"$work/manifest.json"
  mv "$work/manifest.json" "$work/image/"
}

# Whole or not at all, also on another file system. Prints the folder.
place_image() {
  local digest place
  digest=$(sha256sum "$work/image/manifest.json" | cut -c1-64)
  place=$output/images/$digest
  if [ ! -d "$place" ]; then
    install -d "$output/images"
    rm -rf "$place.new"
    cp -r "$work/image" "$place.new"
    mv -T "$place.new" "$place"
  fi
  say "[$(printf '%4d' "$SECONDS") s] $kind: $(du -sh "$place" | cut -f1)"
  echo "$place"
}
