# A long command as stages: a terminal gets a line for each with its time, a file gets the whole output. Sourced after say.sh, whose step, fail and
# on_error it replaces.
# shellcheck shell=bash disable=SC2034  # step_remedy is read by say.sh's users, too

# Where lines go: 2 until there is a log.
lines_to=2
stages_log=''
stage_began=0
stage_offset=0
ticker=''
# Lines of a stage's log that a failure shows.
last_lines=12

# The clock, s.
now() { printf '%(%s)T' -1; }
# How long a line stands before it is drawn again.
tick() { sleep 1; }

# begin_stages LOG: from here on the output of commands goes to this file, and lines of stages to where it went before.
begin_stages() {
  stages_log=$1
  : >"$stages_log"
  exec {lines_to}>&2 2>>"$stages_log"
  line "log: $stages_log"
}

line() { printf '%s\n' "$*" >&"$lines_to"; }

stage_line() { printf '%5d s  %s' "$(($(now) - stage_began))" "$step_name"; }

step() {
  end_stage
  step_name=$1
  step_remedy=$2
  stage_began=$(now)
  [ -n "$stages_log" ] || return 0
  printf '== %s\n' "$1" >&2
  stage_offset=$(stat -c %s "$stages_log")
  [ ! -t "$lines_to" ] || start_ticker
}

end_stage() {
  stop_ticker
  [ -z "$step_name" ] || line "$(stage_line)"
  step_name=''
}

# On a terminal the line of the stage that runs counts, and has the last line of the log behind it.
start_ticker() {
  draw
  # A trap of the caller is not the ticker's; a program that waits between must not hold the terminal.
  (
    trap - ERR EXIT
    set +e
    while :; do
      tick {lines_to}>&-
      draw
    done
  ) </dev/null >/dev/null &
  ticker=$!
}

draw() {
  local width text
  width=$(stty size <&"$lines_to" 2>/dev/null | cut -d' ' -f2)
  text="$(stage_line): $(stage_output | tail -n 1 | tr -d '\033')"
  printf '\r\033[K%s' "${text:0:$((${width:-80} > 20 ? ${width:-80} - 1 : 79))}" >&"$lines_to"
}

stop_ticker() {
  [ -n "$ticker" ] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
  printf '\r\033[K' >&"$lines_to"
}

# The output of the stage so far, without empty lines.
stage_output() { tail -c "+$((stage_offset + 1))" "$stages_log" 2>/dev/null | tr '\r' '\n' | sed '/^[[:space:]]*$/d'; }

# fail WHAT [REMEDY]: as say.sh has it; within a stage its name and the last lines of its log stand before.
fail() {
  trap - ERR
  stage_failed "${0##*/}: $1" "${2:-}"
  exit 1
}

on_error() {
  local code=$?
  # A failing subshell makes its parent fail too: one of them speaks.
  [ "$BASH_SUBSHELL" = 0 ] || exit "$code"
  stage_failed "${0##*/}: \"$step_name\" failed (exit $code, line $1)" "$step_remedy"
  exit "$code"
}

stage_failed() {
  stop_ticker
  if [ -n "$step_name" ] && [ -n "$stages_log" ]; then
    line "$(stage_line): failed. The last lines of its log:"
    stage_output | tail -n "$last_lines" | sed 's/^/         /' >&"$lines_to"
  fi
  line "$1"
  [ -z "$2" ] || line "  what to do: $2"
  [ -z "$stages_log" ] || line "  the whole log: $stages_log"
}
