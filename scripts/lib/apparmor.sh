# Debian's AppArmor profiles of Kea know one server a host. Sourced by scripts/install and scripts/uninstall.
# shellcheck shell=bash disable=SC2154  # source_dir is the caller's

kea_profiles=(usr.sbin.kea-dhcp4 usr.sbin.kea-lfc)

# Takes our lines out of a site's additions to a profile; what an administrator has put there stays.
without_ours() {
  sed '/^  # Regent: servers of rack pairs/,/^  # Regent: end$/d' "$1" 2>/dev/null || true
}

load_profile() {
  ! command -v apparmor_parser >/dev/null || ! aa-enabled --quiet 2>/dev/null || apparmor_parser --replace "/etc/apparmor.d/$1"
}

allow_pairs() {
  step "AppArmor: Kea's servers of rack pairs" 'check: /etc/apparmor.d/local'
  local profile place
  for profile in "${kea_profiles[@]}"; do
    [ -f "/etc/apparmor.d/$profile" ] || continue
    place=/etc/apparmor.d/local/$profile
    { without_ours "$place" && cat "$source_dir/systemd/kea-apparmor"; } >"$place.new"
    if cmp -s "$place" "$place.new"; then rm -f "$place.new" && continue; fi
    mv "$place.new" "$place"
    load_profile "$profile"
  done
}

forget_pairs() {
  local profile place
  for profile in "${kea_profiles[@]}"; do
    place=/etc/apparmor.d/local/$profile
    grep -qs '^  # Regent: end$' "$place" || continue
    without_ours "$place" >"$place.new"
    mv "$place.new" "$place"
    load_profile "$profile"
  done
}
