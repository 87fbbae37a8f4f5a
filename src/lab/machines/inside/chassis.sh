#!/bin/sh
# What a BMC does to its machine: chassis.sh NAME MC get|set|check OPERATION [VALUE] …, as ipmi_sim calls it.
# Any number of times: what is so stays so. It ends within a second, because ipmitool asks again after one.
name=$1
act=$3
shift 3
unit=machine@$name.service
folder=/var/lib/lab-machines/$name

is_on() {
  case $(systemctl is-active "$unit") in
    active | activating | reloading) true ;;
    *) false ;;
  esac
}

get() {
  case $1 in
    power) if is_on; then echo power:1; else echo power:0; fi ;;
    boot) echo "boot:$(cat "$folder/boot" 2>/dev/null || echo default)" ;;
    *) echo "$1:0" ;;
  esac
}

set_to() {
  case $1:$2 in
    power:1) systemctl start --no-block "$unit" ;;
    power:*) systemctl stop "$unit" ;;
    reset:*) ! is_on || systemctl restart --no-block "$unit" ;;
    # The machine's operating system gets a request to end, as by its power button.
    shutdown:*) ! is_on || echo system_powerdown | socat -t 0.2 - "UNIX-CONNECT:$folder/hmp" >/dev/null ;;
    boot:pxe | boot:disk) echo "$2" >"$folder/boot.new" && mv "$folder/boot.new" "$folder/boot" ;;
    boot:*) rm -f "$folder/boot" ;;
  esac
}

while [ $# -gt 0 ]; do
  case $act in
    get) get "$1" ;;
    set)
      set_to "$1" "${2:-}" || exit 1
      [ $# -lt 2 ] || shift
      ;;
    check)
      case $1 in
        power | reset | boot | shutdown) ;;
        *) exit 1 ;;
      esac
      ;;
  esac
  shift
done
exit 0
