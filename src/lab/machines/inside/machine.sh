#!/bin/bash
# Runs the QEMU of a machine in its folder: machine.sh run NAME. Before it, what a machine needs and has not got yet.
# machine.sh after NAME: the boot device that the BMC had set counts for one start; the next reset takes the order that stays.
set -euo pipefail
name=$2
cd "/var/lib/lab-machines/$name"

case $1 in
  run)
    grep -o 'file=disk[0-9]*\.raw' qemu.args | sed 's/^file=//' | while read -r disk; do
      [ ! -e "$disk" ] || continue
      truncate --size="$(cat disk.size)" disk.new
      mv disk.new "$disk"
    done
    if grep -q vars.fd qemu.args && [ ! -e vars.fd ]; then
      cp /usr/share/OVMF/OVMF_VARS_4M.fd vars.new
      mv vars.new vars.fd
    fi
    [ ! -e console.log ] || mv console.log console.log.1
    : >console.log
    order=$(cat boot 2>/dev/null || echo default)
    rm -f boot
    echo "$order" >started
    # Disk, then network, is the order that stays: an empty disk leads to the network.
    network=3
    [ "$order" != pxe ] || network=1
    mapfile -t args <qemu.args
    exec qemu-system-x86_64 "${args[@]}" -set device.net0.bootindex="$network" -set device.disk0.bootindex=2
    ;;
  after)
    for _ in {1..100}; do
      [ ! -S hmp ] || break
      sleep 0.05
    done
    [ "$(cat started)" = pxe ] || exit 0
    # QEMU gives the order to the firmware at each reset: this one is over.
    printf 'qom-set /machine/peripheral/net0 bootindex 3\n' | socat -t 0.2 - UNIX-CONNECT:hmp >/dev/null
    ;;
esac
