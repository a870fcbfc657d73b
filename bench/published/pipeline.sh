#!/bin/bash
# The published way from a trace to its list of functions, for the bench to measure against.
#
#   pipeline.sh TRACE TID...     prints the sorted unique names that the tasks TID ran
#
# FILTERS   the directory of the three compiled filters; by default the one of this script
# FIELD     the first '|' field of the call: 2 as published; 3 for a trace with a column of flags
#
# As published, the trace is read anew for every tid, and the tid is looked for in the whole line.
set -euo pipefail
export LC_ALL=C

if [ $# -lt 2 ]; then
  echo 'usage: pipeline.sh TRACE TID...' >&2
  exit 2
fi
trace=$1
shift
filters=${FILTERS:-$(dirname -- "$0")}
field=${FIELD:-2}

# The filters start at every tid: nothing is spent on subshells around grep, whose exit status 1 ("no
# such line") is told from a failure afterwards.
for tid in "$@"; do
  grep -e "$tid" -- "$trace" |
    grep -v -e '=>' |
    cut -d'|' -f"$field-" |
    "$filters/filter-start" |
    "$filters/filter-errors" |
    "$filters/filter-interrupts" |
    sort | uniq |
    grep -v -e '}' |
    cut -d'(' -f1 |
    awk '{ print $1 }' ||
    case "${PIPESTATUS[*]}" in
      [01]\ [01]\ '0 0 0 0 0 0'\ [01]\ '0 0') ;;
      *) exit 1 ;;
    esac
done | sort -u
