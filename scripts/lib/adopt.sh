# Steps of scripts/install for a host that a version with a private database was set up on. Sourced; each may run any number of times.
# shellcheck shell=bash disable=SC2154  # source_dir and restart_due are product.sh's

# A host that cannot be adopted is refused while the earlier version still serves. The runtime of the release: no other is here.
check_adoption() {
  is_adoption_due || return 0
  step 'can the node of an earlier version be adopted?' 'do what the message above says; the earlier version serves on until then'
  "$source_dir/bin/node" "$source_dir/src/main/host-cli.ts" init --adopt --check >&2
}

# A release that may not work on the database, such as one that is put back after a breaking migration, is refused while the other one still serves. A single
# node of 0.2.0 is judged by its adoption.
check_database() {
  ! is_adoption_due || return 0
  [ -x "$root/current/bin/regent" ] && systemctl --quiet is-enabled regent-regiond.service 2>/dev/null || return 0
  step "may $version work on the database?" 'do what the message above says; nothing was changed'
  local code=0
  "$source_dir/bin/regent" migrate --check >&2 || code=$?
  case $code in
    0) ;;
    # It would refuse to start, too, if it may not.
    2 | 5) say "         not known: $([ "$code" = 2 ] && echo 'this release is too old for the check' || echo 'the database does not answer')" ;;
    *) fail "$version may not work on this database" 'install the release that is named above, or a newer one' ;;
  esac
}

is_adoption_due() {
  [ -f /var/lib/regent/init.json ] && ! grep -q '"clusterId":"' /var/lib/regent/init.json
}

# A single node of a version with a private database becomes the first member of a cluster, with the same data.
adopt_single_node() {
  if ! is_adoption_due; then
    # Of a run that was cut off just before its end.
    ! grep -qs '"isKeySeen":true' /var/lib/regent/init.json || rm -f /var/lib/regent/init-under-way.json
    return 0
  fi
  step 'adopt the node of an earlier version' 'run this again: it goes on from there; the old data stay until the new ones serve'
  /usr/local/bin/regent init --adopt >&2
  # It has started everything again.
  rm -f "$restart_due"
}

# What a version with a private database leaves behind: its unit, its folder, its user. Data that nothing took over stay.
remove_private_database() {
  local unit=/etc/systemd/system/regent-db.service home=/var/lib/regent/db
  [ -e "$unit" ] || getent passwd regent-db >/dev/null || return 0
  step 'remove what the private database leaves behind' 'see the message above'
  systemctl --quiet disable --now regent-db.service 2>/dev/null || true
  rm -f "$unit"
  systemctl daemon-reload
  rm -rf "$home"/17.new
  if [ -d "$home" ] && ! rmdir "$home" 2>/dev/null; then
    say "         left in place: $home, data of an initialisation that did not end; remove it when nobody needs it"
  elif getent passwd regent-db >/dev/null; then
    userdel regent-db
  fi
}
