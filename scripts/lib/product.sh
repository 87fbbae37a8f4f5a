# Steps of scripts/install that put the product in place. Sourced by it; each may run any number of times.
# shellcheck shell=bash disable=SC2154,SC2034  # here and step_remedy are the caller's, who reads what is set

root=/opt/regent
# There while processes may run that began with an earlier release, whose folder it names: also when an installation was cut off.
restart_due=$root/releases/.restart-due

# Sets source_dir: the given folder, or the given archive unpacked beside its place.
find_source() {
  local given=${1:-$here/..}
  step 'release' "give a release: $0 regent-<version>.tar.gz (a checkout makes one with scripts/release)"
  if [ -f "$given" ]; then
    install -d -m 0755 "$root/releases"
    rm -rf "$root"/releases/.unpack-*
    unpacked=$(mktemp -d "$root/releases/.unpack-XXXXXX")
    tar --extract --gzip --file="$given" --directory="$unpacked" --strip-components=1 --no-same-owner
    given=$unpacked
  fi
  if [ ! -f "$given/VERSION" ] || [ ! -f "$given/SHA256SUMS" ]; then
    fail "$given is not a release" "$step_remedy"
  fi
  source_dir=$(cd "$given" && pwd -P)
  version=$(cat "$source_dir/VERSION")
  case $version in
    '' | *[!0-9A-Za-z.+-]*) fail "VERSION of $given is not a version" 'get the archive again' ;;
  esac
}

verify() {
  step "checksums of $version" 'the archive is damaged: copy it here again, or make it again with scripts/release'
  (cd "$source_dir" && sha256sum --check --strict --quiet SHA256SUMS >&2)
}

# A release folder appears whole or not at all.
stage_release() {
  local place=$root/releases/$version
  step "place $version in $root" 'make room in /opt and run this again'
  if [ "$source_dir" != "$(readlink -f "$place")" ] && ! cmp -s "$source_dir/SHA256SUMS" "$place/SHA256SUMS"; then
    install -d -m 0755 "$root" "$root/releases"
    rm -rf "$place.new"
    # What this run unpacked lies on the same file system; a folder that was given stays where it is.
    if [ -n "$unpacked" ]; then
      mv -T "$source_dir" "$place.new"
    else
      cp -r "$source_dir" "$place.new"
    fi
    source_dir=$place
    chmod -R u=rwX,go=rX "$place.new"
    chown -R root:root "$place.new"
    sync -f "$place.new"
    rm -rf "$place.old"
    [ ! -e "$place" ] || mv -T "$place" "$place.old"
    mv -T "$place.new" "$place"
    rm -rf "$place.old"
    changed=yes
  fi
}

# Before anything is switched: a migration that fails leaves the host, and the database, as they were. The region of the release before works on with a newer
# schema; one that may not is refused by check_database.
migrate_first() {
  [ -e "$root/current" ] && [ "$(readlink "$root/current")" != "releases/$version" ] || return 0
  ! is_adoption_due && systemctl --quiet is-active regent-regiond.service 2>/dev/null || return 0
  step "migrate the database for $version" 'nothing was switched; see the message above'
  "$root/releases/$version/bin/regent" migrate >&2
}

# `current` changes in one rename.
place_release() {
  previous=$(readlink "$root/current" || true)
  if [ "$previous" != "releases/$version" ]; then
    mark_restart
    ln -sfn "releases/$version" "$root/current.new"
    mv -T "$root/current.new" "$root/current"
    changed=yes
  fi
  ln -sfn "$root/current/bin/regent" /usr/local/bin/regent
  # Before Debian's in everybody's path. One that an administrator has put there stays.
  if [ -L /usr/local/bin/patronictl ] || [ ! -e /usr/local/bin/patronictl ]; then
    ln -sfn "$root/current/ha/postgres/patronictl" /usr/local/bin/patronictl
  fi
}

# Nothing runs yet where no release was before.
mark_restart() {
  [ -z "$previous" ] || [ -e "$restart_due" ] || echo "$previous" >"$restart_due"
}

place_units() {
  step 'units' 'check: systemctl status "regent-*"'
  local unit
  for unit in "$source_dir"/systemd/regent-* "$source_dir"/systemd/kea-dhcp4@.service; do
    cmp -s "$unit" "/etc/systemd/system/${unit##*/}" || { changed=yes; mark_restart; }
  done
  install -m 0644 "$source_dir"/systemd/regent-* "$source_dir"/systemd/kea-dhcp4@.service /etc/systemd/system/
  install -m 0644 "$source_dir/systemd/tmpfiles.conf" /etc/tmpfiles.d/regent.conf
  local kernel=start
  cmp -s "$source_dir/systemd/sysctl.conf" /etc/sysctl.d/90-regent.conf || kernel=restart
  install -m 0644 "$source_dir/systemd/sysctl.conf" /etc/sysctl.d/90-regent.conf
  systemd-tmpfiles --create /etc/tmpfiles.d/regent.conf
  # As `enable` does, without Debian's scripts for SysV init, which take half a second for each daemon.
  for unit in "$source_dir"/systemd/*.service.d; do
    systemctl --quiet --no-reload add-wants multi-user.target "$(basename "$unit" .d)"
  done
  systemctl --quiet --no-reload enable regent-helper.socket regent-firewall.service regent-sysctl.service regent-pair-votes.service regent-pairs.service regent-backup.service
  systemctl daemon-reload
  systemctl start regent-helper.socket
  systemctl "$kernel" regent-sysctl.service
}

# Are these folders those of an earlier release?
same_in() {
  local before=$1 folder
  shift
  for folder; do diff -rq "$before/$folder" "$root/current/$folder" >/dev/null 2>&1 || return 1; done
}

# Does a process of this unit limit its own time? So does a keepalived of 0.3 and before: at its next reload the kernel ends it.
limits_realtime() {
  local main pid
  main=$(systemctl show --property=MainPID --value "$1")
  for pid in "$main" $(cat "/proc/$main/task/$main/children" 2>/dev/null); do
    ! grep -Eqs '^Max realtime timeout +[0-9]' "/proc/$pid/limits" || return 0
  done
  return 1
}

# Only what runs is restarted, and what lies in ha/ only when it has changed: the floating address leaves a node whose health is restarted.
restart_running() {
  [ -e "$restart_due" ] || return 0
  step 'restart with the new version' 'run this again; check: journalctl -u "regent-*" -n 50; go back: ln -sfn <old> /opt/regent/current'
  local before
  before=$root/$(cat "$restart_due")
  same_in "$before" ha/postgres ||
    systemctl try-restart regent-db-watch.service regent-db-mend.service
  # In order: it gives its lease back, PostgreSQL goes on. A host that had none before gets it now.
  same_in "$before" ha/kit ha/keeper || {
    systemctl try-restart regent-keeper.service
    ! systemctl --quiet is-active patroni.service || systemctl start regent-keeper.service
  }
  # A host that had none before gets it now; the daemons wait for it at their next start.
  same_in "$before" ha/kit ha/epoch || {
    systemctl try-restart regent-epoch.service
    ! systemctl --quiet is-active etcd.service || systemctl start regent-epoch.service
  }
  # A running Patroni uses the relay (ha/etcd/way.ts) after its next start: only then it reads its list of etcds.
  same_in "$before" ha/kit ha/etcd || {
    systemctl try-restart regent-etcd-way.service
    ! systemctl --quiet is-active patroni.service || systemctl start regent-etcd-way.service
  }
  same_in "$before" ha/kit ha/vip ||
    systemctl try-restart regent-vip-health.service
  ! limits_realtime keepalived.service || systemctl try-restart keepalived.service
  # Votes first: a rack that serves gives its pairs away in order, which takes a majority of them.
  same_in "$before" ha/kit ha/dhcp || {
    systemctl try-restart regent-pair-votes.service
    systemctl try-restart regent-pairs.service
  }
  same_in "$before" ha/kit ha/backup || systemctl try-restart regent-backup.service
  ! systemctl --quiet is-enabled regent-regiond.service 2>/dev/null || /usr/local/bin/regent migrate >&2
  systemctl try-restart regent-helper.service regent-regiond.service regent-agent.service
  rm -f "$restart_due"
  changed=yes
}

# The newest other version stays for going back; older ones go.
remove_old_releases() {
  local folder newest=''
  while read -r folder; do
    [ "$folder" != "$root/releases/$version" ] || continue
    if [ -z "$newest" ] && [[ $folder != *.new && $folder != *.old ]]; then
      newest=$folder
    else
      rm -rf "$folder"
    fi
  done < <(find "$root/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | cut -d' ' -f2-)
}
