# The step of scripts/install that compiles the product's code once. Sourced by it; may run any number of times.
# shellcheck shell=bash disable=SC2154  # root and version are product.sh's

# Compiled code beside the sources, per user as Node wants it: a process starts sooner and needs 30 MB less. A release brings it
# for the architecture that it was made on. Paths in it are relative to the cache, seen through `current` as the units do.
warm_release() {
  local place=$root/releases/$version made user
  [ ! -e "$place/.compile-cache/.done" ] || return 0
  step 'compiled code' 'it only saves time and memory; see the message above'
  compgen -G "$place/.compile-cache/*-$(node_arch)-*-0" >/dev/null ||
    NODE_COMPILE_CACHE=$root/current/.compile-cache NODE_COMPILE_CACHE_PORTABLE=1 "$place/bin/node" "$root/current/src/main/warm.ts" ||
    return 0
  for made in "$place"/.compile-cache/*-0; do
    for user in regent regent-agent regent-vip regent-votes postgres; do cp -rl "$made" "${made%-0}-$(id -u "$user")"; done
  done
  chmod -R u=rwX,go=rX "$place/.compile-cache"
  : >"$place/.compile-cache/.done"
}

# As Node calls this machine.
node_arch() {
  case $(uname -m) in
    aarch64) echo arm64 ;;
    *) echo x64 ;;
  esac
}
