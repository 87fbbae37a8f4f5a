# Packages of Debian 13, whatever this machine runs: an apt with lists of its own, checked by Debian's keys. Sourced by scripts/build-image, which has
# set `top`, `work` and `architecture`.
# shellcheck shell=bash disable=SC2154

archive_cache=$top/.regent/packages/$architecture

archive_apt() {
  local verb=$1
  shift
  "$verb" -o Dir::State="$archive_cache/state" -o Dir::State::status=/dev/null -o Dir::Cache="$archive_cache/cache" \
    -o Dir::Etc::SourceList="$archive_cache/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User= \
    -o Acquire::Languages=none -o Acquire::Retries=2 -q "$@"
}

fetch_archive_lists() {
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$keys" ] || fail "$keys is missing" 'apt-get install debian-archive-keyring'
  local main=${REGENT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
  local firmware=''
  [ "${with_firmware:-no}" = no ] || firmware=' non-free-firmware'
  local security=${REGENT_DEBIAN_SECURITY:-http://deb.debian.org/debian-security}
  install -d "$archive_cache/state/lists/partial" "$archive_cache/cache/archives/partial" "$archive_cache/files"
  {
    printf 'deb [signed-by=%s] %s trixie main%s\n' "$keys" "$main" "$firmware"
    printf 'deb [signed-by=%s] %s trixie-security main%s\n' "$keys" "$security" "$firmware"
  } >"$archive_cache/sources.list"
  archive_apt apt-get update >"$work/apt.log" 2>&1 || { tail -n 5 "$work/apt.log" >&2; return 1; }
}

# archive_dependency PACKAGE PATTERN: the package that it depends on now, such as a kernel's.
archive_dependency() {
  archive_apt apt-cache show --no-all-versions "$1" | sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' | sed 's/^ *//; s/ .*//' |
    grep -m 1 "^$2"
}

archive_version() { archive_apt apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p'; }

# The file of a package; apt writes an epoch's colon as %3a.
archive_file() {
  local version
  version=$(archive_version "$1")
  echo "$archive_cache/files/$1_${version/:/%3a}_$architecture.deb"
}

fetch_archive_packages() {
  local package missing=()
  for package; do
    [ -f "$(archive_file "$package")" ] || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] ||
    (cd "$archive_cache/files" && archive_apt apt-get download "${missing[@]}" >"$work/apt.log" 2>&1) ||
    { tail -n 5 "$work/apt.log" >&2; return 1; }
}
