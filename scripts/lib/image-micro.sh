# The image "micro": the cloud kernel, and an initrd of busybox that posts the inventory. Sourced by scripts/build-image.
# shellcheck shell=bash disable=SC2154

build_micro() {
  local kernel_package kernel package
  step "packages of Debian 13 for $architecture" 'check the network, or set REGENT_DEBIAN_MIRROR to an archive in reach'
  fetch_archive_lists
  kernel_package=$(archive_dependency "linux-image-cloud-$architecture" 'linux-image-[0-9]')
  fetch_archive_packages "$kernel_package" busybox-static

  step "unpack $kernel_package" 'make room in the temporary folder'
  for package in "$kernel_package" busybox-static; do
    dpkg-deb --extract "$(archive_file "$package")" "$work/root"
  done
  kernel=$(basename "$work"/root/boot/vmlinuz-*)
  kernel=${kernel#vmlinuz-}
  cp "$work/root/boot/vmlinuz-$kernel" "$work/image/vmlinuz"

  step 'initrd' 'see the message above'
  pack_initrd "$work/root" "$kernel" init --file inventory="$here/image/inventory" --file runner="$here/machine/runner" \
    --choose sd_mod --choose virtio_blk --choose virtio_scsi --choose ahci --choose nvme

  step 'manifest' 'see the message above'
  for package in "$kernel_package" busybox-static; do
    echo "$package $(archive_version "$package")"
  done | write_manifest "$kernel"
}
