#!/bin/sh
# Inside a client's namespace: ROOT EVENT-SCRIPT HOSTNAME COMMAND…. Asks for a lease (8 tries, 8 s), then runs the command with
# that address, route and resolver; the DHCP client goes on renewing beside it. Exit 75: nobody gave a lease.
set -eu
root=$1 event=$2 hostname=$3
shift 3
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o size=1m,mode=0755 tmpfs "$root/run"
: >"$root/run/resolv.conf"
mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
# shellcheck disable=SC2016  # the inner shell expands
exec chroot "$root" sh -c '
  event=$1 hostname=$2
  shift 2
  udhcpc -n -t 8 -T 1 -i eth0 -s "$event" -O hostname -O search -O ntpsrv \
    ${hostname:+-x "hostname:$hostname"} >/run/words 2>&1 || { cat /run/words >&2; exit 75; }
  exec "$@"' sh "$event" "$hostname" "$@"
