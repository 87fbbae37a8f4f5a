#!/bin/sh
# What udhcpc runs at each event ($1) in a client of the lab: address, route and resolver of the namespace, and the
# lease as NAME=VALUE lines in /run/lease. udhcpc gives the options as variables, cleaned of unprintable bytes.
# shellcheck disable=SC2154,SC2086  # udhcpc sets them; lists are split at blanks
set -u
case $1 in
  deconfig)
    rm -f /run/lease
    ip -4 addr flush dev "$interface"
    ip link set "$interface" up
    ;;
  bound | renew)
    # Lifetimes as the lease has them: an address that is not renewed goes.
    ip -4 addr replace "$ip/${mask:-32}" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    set -- "$1" ${router:-}
    [ $# = 1 ] || ip -4 route replace default via "$2" dev "$interface" onlink
    {
      for server in ${dns:-}; do echo "nameserver $server"; done
      [ -z "${search:-}${domain:-}" ] || echo "search ${search:-$domain}"
      echo 'options timeout:2 attempts:2'
    } >/run/resolv.conf
    for name in interface ip mask router dns domain search hostname ntpsrv lease serverid siaddr boot_file; do
      eval "value=\${$name:-}"
      [ -z "$value" ] || printf '%s=%s\n' "$name" "$value"
    done >/run/lease.new
    mv /run/lease.new /run/lease
    ;;
esac
