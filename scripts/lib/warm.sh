# The step of scripts/install that compiles the product's code once. Sourced by it; may run any number of times.
# shellcheck shell=bash disable=SC2154  # root and version are product.sh's

# Compiled code beside the sources, per user as Node wants it: a process starts sooner and needs 30 MB less.
warm_release() {
  local place=$root/releases/$version made user
  [ ! -d "$place/.compile-cache" ] || return 0
  step 'compiled code' 'it only saves time and memory; look at the message above'
  NODE_COMPILE_CACHE=$place/.compile-cache "$place/bin/node" "$place/src/main/warm.ts" || return 0
  for made in "$place"/.compile-cache/*-0; do
    for user in regent regent-agent; do cp -r "$made" "${made%-0}-$(id -u "$user")"; done
  done
  chmod -R u=rwX,go=rX "$place/.compile-cache"
}
