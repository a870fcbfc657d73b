# What bench/capture's recorders have in common: they are told to stop by an interrupt, whenever it comes.
# shellcheck shell=bash

stop=
trap 'stop=1' INT TERM

# Says on descriptor 3 that recording is on, and waits for the interrupt.
ready_until_interrupted() {
  echo ready >&3
  exec 3>&-
  # No processes that come and go: where one ends, the thread that runs next puts away what is left of it.
  exec 4<> <(:)
  while [ -z "$stop" ]; do read -rt 0.1 <&4 || true; done
}
