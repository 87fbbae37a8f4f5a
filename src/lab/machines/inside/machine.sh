#!/bin/bash
# Runs a machine in its folder until it is off: machine.sh run NAME. Before it, what the machine needs and has not got yet.
# A reset that the machine itself asks for is a new QEMU with empty memory, as a BMC's reset is. With one QEMU over resets, some that take 2 s took up to 56:
# likely since firmware writes to memory that had programs before, and emulation checks for them at each write.
set -euo pipefail
name=$2
cd "/var/lib/lab-machines/$name"

# once: one QEMU, from its start to its end; succeeds where the machine wants to start again.
once() {
  local network=3 args qemu listener from to line again=false
  # Disk, then network, is the order that stays: an empty disk leads to the network. What the BMC has set counts for one start.
  [ "$(cat boot 2>/dev/null)" != pxe ] || network=1
  rm -f boot qmp hmp events
  mapfile -t args <qemu.args
  # It waits for who listens to its events, and at its end until it gets the order to quit.
  qemu-system-x86_64 "${args[@]}" -set device.net0.bootindex="$network" -set device.disk0.bootindex=2 \
    -action reboot=shutdown,shutdown=pause -qmp unix:events,server=on,wait=on &
  qemu=$!
  while [ ! -S events ] && kill -0 "$qemu" 2>/dev/null; do sleep 0.02; done
  [ -S events ] || { wait "$qemu"; exit 1; }
  coproc EVENTS { exec socat -t 0.02 - UNIX-CONNECT:events 2>/dev/null; }
  # Bash forgets all of it when socat is over.
  listener=$EVENTS_PID
  exec {from}<&"${EVENTS[0]}" {to}>&"${EVENTS[1]}"
  echo '{"execute": "qmp_capabilities"}' >&"$to"
  while read -r line <&"$from"; do
    case $line in
      *'"event": "SHUTDOWN"'*)
        case $line in *'"reason": "guest-reset"'* | *'"reason": "host-qmp-system-reset"'*) again=true ;; esac
        echo '{"execute": "quit"}' >&"$to"
        ;;
    esac
  done
  exec {from}<&- {to}>&-
  wait "$listener" 2>/dev/null || true
  wait "$qemu" || exit $?
  "$again"
}

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
    # By this name the lab finds it, also between two QEMUs.
    exec "$0" keep "$name" -name "$(sed -n '/^-name$/{n;p}' qemu.args)"
    ;;
  keep)
    # A socat that is over is no reason to end.
    trap '' PIPE
    while once; do :; done
    ;;
esac
