# Shared by the scripts of lab/: where things are kept, what the image is made of, how a failure is told.
# shellcheck shell=bash

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$lab")
cache=${LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kernel-surface}
tool=lab/$(basename "$0")

# Exit 69: the rig failed, not the job.
fail() {
  echo "$tool: $*" >&2
  exit 69
}

usage_error() {
  echo "$tool: $* (see $tool --help)" >&2
  exit 2
}

# The comment that a script begins with.
manual() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"
}

# Waits for the right to run a machine, which goes with descriptor 8.
lock_machine() {
  mkdir -p "$cache"
  exec 8> "$cache/machine"
  flock -n 8 || { echo "$tool: waiting for the machine that is running" >&2 && flock 8; }
}

# Calls clean, which the script defines, at its end, also by a signal.
clean_up() {
  local signal
  trap clean EXIT
  for signal in INT TERM HUP; do
    # shellcheck disable=SC2064
    trap "trap - EXIT $signal; clean; kill -$signal \$\$" $signal
  done
}

# last_words CONSOLE: what a machine's console said last, in case that says why it failed.
last_words() {
  tr -d '\r' < "$1" | grep -av '^$' | tail -n 10 >&2 || true
}

# room DIR MB: exit 69 if there is less on the disk of DIR.
room() {
  local free
  free=$(df --output=avail -BM "$1" | tail -n 1 | tr -dc 0-9)
  [ "$free" -ge "$2" ] || fail "$1: $free MB free, $2 MB are needed"
}

# reason LOG: what went wrong, in one line.
reason() {
  grep -E '^E: ' "$1" | head -n 1 || tail -n 1 "$1"
}

# need COMMAND=PACKAGE...: all of the commands are here, or one sentence says what to install.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] ||
    fail "missing here: ${missing[*]}; as root: apt-get install -y ${missing[*]} (or make lab-tools)"
}

# Debian's archive as apt on this host knows it, unless MIRROR names one.
mirror() {
  if [ -n "${MIRROR:-}" ]; then
    echo "$MIRROR"
    return
  fi
  command -v apt-get > /dev/null || fail 'no apt-get here: name an archive of Debian, MIRROR=http://...'
  local base
  base=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
    awk -F '|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
  [ -n "$base" ] || fail 'apt knows no archive of Debian here: name one, MIRROR=http://...'
  echo "$base"
}
