# The image "ephemeral": a whole Debian 13 that lies in memory, with cloud-init and what commissioning, tests and rescue need. Sourced by scripts/build-image.
# shellcheck shell=bash disable=SC2154

ephemeral_packages='systemd-sysv systemd-resolved dbus udev libpam-systemd kmod busybox-static cloud-init openssh-server sudo ca-certificates curl iproute2
iputils-ping ethtool lldpd dmidecode ipmitool pciutils usbutils lshw smartmontools nvme-cli memtester efibootmgr gdisk fdisk parted mdadm lvm2 e2fsprogs xfsprogs
dosfstools zstd xz-utils less'
ephemeral_off='apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer mdadm.service
mdmonitor.service nvmf-autoconnect.service xfs_scrub_all.timer mdcheck_start.timer mdcheck_continue.timer mdmonitor-oneshot.timer lvm2-monitor.service smartmontools.service systemd-pstore.service
openipmi.service ipmievd.service'
# Parts of the generic kernel that no server needs: half of its modules. It loads some of them by itself where it can, which takes time.
ephemeral_without='sound arch/x86/kvm arch/arm64/kvm drivers/accel drivers/bluetooth drivers/comedi drivers/counter drivers/cpufreq drivers/gpu drivers/iio drivers/input/joystick drivers/input/misc drivers/input/mouse
drivers/isdn drivers/media drivers/mtd drivers/net/can
drivers/net/hamradio drivers/net/ieee802154 drivers/net/wireless drivers/net/wwan drivers/nfc drivers/powercap drivers/soundwire drivers/staging net/bluetooth net/mac80211 net/wireless'
# What logs in by iSCSI in the initrd.
iscsi_packages='open-iscsi libopeniscsiusr'
# Cards that do nothing without their firmware; Debian has it in non-free-firmware.
ephemeral_firmware='firmware-bnx2x firmware-qlogic'

# In the root, as the last thing, by mmdebstrap: the kernel's modules without an initrd of Debian's, our files, nothing of one host's own.
ephemeral_hook() {
  cat <<HOOK
set -eu
cd "$work/kernel"
for deb in *.deb; do dpkg-deb --extract "\$deb" "\$1"; done
for part in ${ephemeral_without//$'\n'/ }; do rm -rf "\$1/usr/lib/modules/$1/kernel/\$part"; done
rm -f "\$1/usr/lib/modules/$1/kernel/drivers/block/floppy.ko.xz"
# The squashfs packs them, and the machine needs not unpack each twice.
find "\$1/usr/lib/modules/$1" -name '*.ko.xz' -exec xz --decompress {} +
cp -r --no-preserve=ownership "$here/image/root/." "\$1/"
install -m 755 "$here/image/inventory" "$here/image/dhcp" "\$1/usr/lib/regent/"
chroot "\$1" depmod "$1"
# The initrd has set up the network, so it does not wait for cloud-init.
sed '/^\(Before\|Wants\)=network-pre.target\$/d' "\$1/usr/lib/systemd/system/cloud-init-local.service" >"\$1/etc/systemd/system/cloud-init-local.service"
chroot "\$1" systemctl --quiet enable systemd-networkd.service regent-inventory.service regent-end.service
chroot "\$1" systemctl --quiet mask ${ephemeral_off//$'\n'/ }
chroot "\$1" dpkg-query --show --showformat '\${Package} \${Version}\n' >"$work/packages"
rm -rf "\$1"/etc/ssh/ssh_host_* "\$1"/etc/nvme/host* "\$1/var/lib/dbus/machine-id" "\$1/etc/hostname" "\$1/boot"
rm -rf "\$1"/var/log/* "\$1"/var/cache/* "\$1"/var/lib/apt/lists/* "\$1"/etc/*-
: >"\$1/etc/machine-id"
# Its caches are made: systemd makes none at each start.
: >"\$1/etc/.updated"
: >"\$1/var/.updated"
ln -sf ../run/systemd/resolve/stub-resolv.conf "\$1/etc/resolv.conf"
HOOK
}

build_ephemeral() {
  local kernel_package kernel package sources firmware_packages=''
  [ "$with_firmware" = no ] || firmware_packages=$ephemeral_firmware
  for tool in mmdebstrap mksquashfs; do
    command -v "$tool" >/dev/null || fail "$tool is missing" 'apt-get install mmdebstrap squashfs-tools'
  done
  [ "$architecture" = "$(dpkg --print-architecture)" ] || fail "this machine does not run programs of $architecture" 'build the image on a machine of that architecture'
  step "packages of Debian 13 for $architecture" 'check the network, or set REGENT_DEBIAN_MIRROR to an archive in reach'
  fetch_archive_lists
  case $kernel_flavour in
    cloud) kernel_package=linux-image-cloud-$architecture ;;
    *) kernel_package=linux-image-$architecture ;;
  esac
  kernel_package=$(archive_dependency "$kernel_package" 'linux-image-[0-9]')
  # shellcheck disable=SC2086  # it is to be split
  fetch_archive_packages "$kernel_package" $firmware_packages $iscsi_packages
  kernel=${kernel_package#linux-image-}
  install -d "$work/kernel" "$work/root"
  chmod 755 "$work" "$work/kernel"
  for package in $kernel_package $firmware_packages; do cp "$(archive_file "$package")" "$work/kernel/"; done
  ephemeral_hook "$kernel" >"$work/hook"
  : >"$work/packages"
  chmod 666 "$work/packages"

  step 'root file system (one to three minutes)' "see $work/mmdebstrap.log; without root also: apt-get install uidmap"
  mapfile -t sources < <(sed 's/\[[^]]*\] //' "$archive_cache/sources.list")
  # No later than this is any file: equal packages give equal bytes.
  export SOURCE_DATE_EPOCH=1735689600
  isolated mmdebstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --architectures="$architecture" \
    --include="${ephemeral_packages//[[:space:]]/,}" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook="sh $work/hook \"\$1\"" trixie "$work/root.tar" "${sources[@]}" >"$work/mmdebstrap.log" 2>&1 ||
    { tail -n 15 "$work/mmdebstrap.log" >&2; return 1; }

  step 'squashfs' 'make room in the temporary folder'
  mksquashfs - "$work/image/root.squashfs" -tar -root-mode 755 -root-time "$SOURCE_DATE_EPOCH" -comp zstd -Xcompression-level 15 -no-progress -quiet <"$work/root.tar" >&2

  step 'initrd' 'see the message above'
  # Kernel, modules and root are of one package.
  for package in "$work"/kernel/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
  tar -x -f "$work/root.tar" -C "$work/root" ./usr/bin/busybox
  cp "$work/root/boot/vmlinuz-$kernel" "$work/image/vmlinuz"
  pack_initrd "$work/root" "$kernel" init-ephemeral --module loop --module squashfs --module overlay --tree drivers/net/ethernet

  step 'part for iSCSI' 'see the message above'
  pack_iscsi_part "$kernel"

  step 'manifest' 'see the message above'
  { cat "$work/packages"; for package in $kernel_package $firmware_packages open-iscsi; do echo "$package $(archive_version "$package")"; done; } | sort | write_manifest "$kernel"
}

# What a loader puts behind the initrd for machines whose root comes by iSCSI: modules, Debian's iscsistart and the libraries that it needs, which are the root's.
pack_iscsi_part() {
  local package
  for package in $iscsi_packages; do dpkg-deb --extract "$(archive_file "$package")" "$work/root"; done
  tar -x -f "$work/root.tar" -C "$work/root" --wildcards --keep-old-files './usr/lib/*-linux-gnu/*.so*' 2>/dev/null || true
  node "$here/pack-initrd.mjs" --root "$work/root" --kernel "$1" --output "$work/image/iscsi.img" --part iscsi --file iscsi/root="$here/image/iscsi-root" \
    --program usr/sbin/iscsistart --module crc32c_generic --module crc32c-intel --module iscsi_tcp --module sd_mod
}

# As root in a mount namespace of its own: what mmdebstrap mounts goes with it, also when it is killed. Others have mmdebstrap's own namespaces.
isolated() {
  if [ "$(id -u)" = 0 ]; then unshare --mount --propagation private -- "$@"; else "$@"; fi
}
