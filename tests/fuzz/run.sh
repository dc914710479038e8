#!/usr/bin/env bash
# Runs every fuzzer of a directory for SECONDS, JOBS at a time. Each starts from its corpus tests/fuzz/corpus/NAME (NAME_fuzz
# is the program) and keeps what it finds new in build/fuzz/corpus/NAME; inputs that break something stay in
# build/fuzz/findings/ and the exit code is 1.
#
# Usage: tests/fuzz/run.sh DIRECTORY SECONDS [JOBS]
set -uo pipefail
directory=$(realpath "$1") seconds=$2 jobs=${3:-2}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(dirname "$directory")
mkdir -p "$work/findings" "$work/corpus" "$work/logs"

run_one() {
  local program=$1 name log status
  name=$(basename "$program" _fuzz)
  log=$work/logs/$name.log
  mkdir -p "$work/corpus/$name"
  local corpora=("$work/corpus/$name")
  [ -d "$top/tests/fuzz/corpus/$name" ] && corpora+=("$top/tests/fuzz/corpus/$name")
  local options=(-max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1
    -artifact_prefix="$work/findings/$name-")
  [ -f "$top/tests/fuzz/$name.dict" ] && options+=(-dict="$top/tests/fuzz/$name.dict")
  "$program" "${options[@]}" "${corpora[@]}" >"$log" 2>&1
  status=$?
  if [ $status -ne 0 ]; then
    echo "--- $name failed (exit $status); inputs are in $work/findings"
    tail -n 60 "$log"
    return 1
  fi
  awk -v name="$name" '/stat::number_of_executed_units/ { runs = $2 } /stat::average_exec_per_sec/ { rate = $2 }
    END { printf "%-20s %12d runs, %7d a second, no finding\n", name, runs, rate }' "$log"
}
export -f run_one
export top work seconds

shopt -s nullglob
programs=("$directory"/*_fuzz)
if [ ${#programs[@]} -eq 0 ]; then
  echo "no fuzzers in $directory (cmake --preset fuzz && ninja -C build/fuzz)" >&2
  exit 1
fi
printf '%s\0' "${programs[@]}" | xargs -0 -n 1 -P "$jobs" bash -c 'run_one "$1"' _ || exit 1
