# The images "deployable" and "deployable-tiny": a Debian 13 for the disks of machines, as one tar. Sourced by scripts/build-image.
# shellcheck shell=bash disable=SC2154,SC2034

# What both have: they start from a disk, by BIOS and UEFI, take an address and let users in. curl reports to Regent that the system is up.
deployable_packages='systemd-sysv systemd-resolved systemd-timesyncd dbus udev libpam-systemd kmod initramfs-tools zstd openssh-server ca-certificates
curl iproute2 grub2-common e2fsprogs dosfstools'
deployable_whole='busybox cloud-init cloud-guest-utils sudo mdadm lvm2 xfsprogs gdisk iputils-ping ethtool pciutils less nano'

build_deployable() {
  local name=linux-image-$architecture
  [ "$kernel_flavour" = generic ] || name=linux-image-$kernel_flavour-$architecture
  image_name=debian-13
  build_deployable_root "$name $deployable_packages $deployable_whole" true
}

# Without cloud-init, without Python, and for one disk as it is: no array, no volume group.
build_deployable_tiny() {
  image_name=debian-13-tiny
  build_deployable_root "linux-image-cloud-$architecture $deployable_packages" false
}

# In the root, as the last thing, by mmdebstrap: our files, nothing of one host's own, the archives of Debian itself.
deployable_hook() {
  cat <<HOOK
set -eu
cp -r --no-preserve=ownership "$here/image/deployable/." "\$1/"
chroot "\$1" systemctl --quiet enable systemd-networkd.service systemd-resolved.service ssh.service
ls "\$1/usr/lib/modules" >"$work/kernel-version"
chroot "\$1" dpkg-query --show --showformat '\${Package} \${Version}\n' >"$work/packages"
rm -rf "\$1"/etc/ssh/ssh_host_* "\$1/var/lib/dbus/machine-id" "\$1/etc/hostname" "\$1"/etc/apt/sources.list "\$1"/etc/apt/sources.list.d/*.list
rm -rf "\$1"/etc/apt/apt.conf.d/99mmdebstrap "\$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "\$1"/var/lib/systemd/random-seed
rm -rf "\$1"/var/cache/* "\$1"/var/lib/apt/lists/* "\$1"/etc/*- "\$1"/tmp/*
# The folder of the journal stays: without it a system's journal is gone with each start.
find "\$1/var/log" -type f -delete
test -d "\$1/var/log/journal"
# SSH by VSOCK is for guests of a host; elsewhere this writes an error to the console at each start.
mkdir -p "\$1/etc/systemd/system-generators"
ln -s /dev/null "\$1/etc/systemd/system-generators/systemd-ssh-generator"
: >"\$1/etc/machine-id"
: >"\$1/etc/fstab"
ln -sf ../run/systemd/resolve/stub-resolv.conf "\$1/etc/resolv.conf"
HOOK
}

# build_deployable_root PACKAGES CLOUD-INIT?
build_deployable_root() {
  local packages=$1 has_cloud_init=$2 sources loaders='grub-efi-arm64-bin'
  for tool in mmdebstrap zstd; do
    command -v "$tool" >/dev/null || fail "$tool is missing" "apt-get install $tool"
  done
  [ "$architecture" = "$(dpkg --print-architecture)" ] || fail "this machine does not run programs of $architecture" 'build the image on a machine of that architecture'
  [ "$architecture" = arm64 ] || loaders='grub-pc-bin grub-efi-amd64-bin'
  step "packages of Debian 13 for $architecture" 'check the network, or set REGENT_DEBIAN_MIRROR to an archive in reach'
  fetch_archive_lists
  deployable_hook >"$work/hook"
  for file in packages kernel-version; do
    : >"$work/$file"
    chmod 666 "$work/$file"
  done
  chmod 755 "$work"

  step 'root file system (one to three minutes)' "see the message above; without root also: apt-get install uidmap"
  mapfile -t sources < <(sed 's/\[[^]]*\] //' "$archive_cache/sources.list")
  packages="$packages $loaders"
  # No later than this is any file: equal packages give equal bytes.
  export SOURCE_DATE_EPOCH=1735689600
  deployable_isolated mmdebstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --architectures="$architecture" \
    --skip=output/dev --include="${packages//[[:space:]]/,}" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook="sh $work/hook \"\$1\"" trixie "$work/root.tar" "${sources[@]}" >"$work/mmdebstrap.log" 2>&1 ||
    { tail -n 15 "$work/mmdebstrap.log" >&2; return 1; }

  step 'compress' 'make room in the temporary folder'
  zstd --quiet --threads=0 -9 "$work/root.tar" -o "$work/image/root.tar.zst"

  step 'manifest' 'see the message above'
  image_content=$(printf '"file": "root.tar.zst", "format": "tar", "compression": "zst", "bytes": %s, "cloudInit": %s' "$(stat -c %s "$work/root.tar")" "$has_cloud_init")
  sort "$work/packages" | write_manifest "$(cat "$work/kernel-version")"
}

# As root in a mount namespace of its own: what mmdebstrap mounts goes with it, also when it is killed. Others have mmdebstrap's own namespaces.
deployable_isolated() {
  if [ "$(id -u)" = 0 ]; then unshare --mount --propagation private -- "$@"; else "$@"; fi
}
