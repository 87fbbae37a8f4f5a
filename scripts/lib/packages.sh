# fetch_packages NAME…: Debian packages, from lists that are new.
# shellcheck shell=bash

# Lists are fetched by apt's timer, too, on a machine that has just been started. Of that lock apt says at once that it is taken; for
# dpkg's it can wait.
fetch_packages() {
  local patience=120 output
  export DEBIAN_FRONTEND=noninteractive
  # In English: only its text distinguishes this failure from others.
  until output=$(LC_ALL=C.UTF-8 apt-get -qq update 2>&1); do
    if [[ $output != *'Could not get lock'* || $patience -le 0 ]]; then
      printf '%s\n' "$output" >&2
      return 100
    fi
    sleep 5
    patience=$((patience - 5))
  done
  [ -z "$output" ] || printf '%s\n' "$output" >&2
  apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" >/dev/null
}
