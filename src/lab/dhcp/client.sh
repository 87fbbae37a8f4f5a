#!/bin/sh
# Inside a client's namespace: ROOT EVENT-SCRIPT HOSTNAME COMMAND…. Asks for a lease for 8 s, then runs the command with
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
  # In the foreground of its own process: it never gives up, however long the server is away later.
  udhcpc -f -t 8 -T 1 -A 1 -i eth0 -s "$event" -O hostname -O search -O ntpsrv \
    ${hostname:+-x "hostname:$hostname"} </dev/null >/run/output 2>&1 &
  tries=0
  while ! [ -s /run/lease ]; do
    [ "$tries" -lt 80 ] || { cat /run/output >&2; exit 75; }
    tries=$((tries + 1))
    sleep 0.1
  done
  exec "$@"' sh "$event" "$hostname" "$@"
