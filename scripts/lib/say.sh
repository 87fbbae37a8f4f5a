# Messages for the operator: progress, failures that say what to do. Sourced; needs bash.
# shellcheck shell=bash

# Seconds count from where the outermost script began.
[ -z "${REGENT_STARTED:-}" ] || SECONDS=$(($(date +%s) - REGENT_STARTED))

say() { printf '%s\n' "$*" >&2; }

# fail WHAT [REMEDY]: one line each, exit 1.
fail() {
  say "${0##*/}: $1"
  [ -z "${2:-}" ] || say "  what to do: $2"
  trap - ERR
  exit 1
}

step_name=''
step_remedy=''

# step NAME REMEDY: names what comes next; a failing command in it prints both.
step() {
  step_name=$1
  step_remedy=$2
  say "[$(printf '%4d' "$SECONDS") s] $1"
}

on_error() {
  local code=$?
  # A failing subshell makes its parent fail too: one of them speaks.
  [ "$BASH_SUBSHELL" = 0 ] || exit "$code"
  say "${0##*/}: \"$step_name\" failed (exit $code, line $1)"
  say "  what to do: $step_remedy"
  exit "$code"
}

watch_steps() {
  set -E
  trap 'on_error $LINENO' ERR
}

need_root() {
  [ "$(id -u)" = 0 ] || fail "must run as root" "run: sudo $0 $*"
}
