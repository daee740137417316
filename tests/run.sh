#!/usr/bin/env bash
# Installs what is missing, builds lcmpi and runs its tests; tests/README.md says which there are.
set -euo pipefail
# shellcheck source=jobs/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/setup.sh"

# name, seconds that it may take, what it is
suites=(
  'checks       120  the project'\''s own files: format, levels of the core, maps, set-up'
  'unit         120  the parts without MPI, one by one'
  'mpi          180  the parts that need several ranks'
  'cli          300  the command line: options, help, what is refused'
  'program      600  whole runs: what they promise, how they stop, what they write'
  'virtual      500  virtual time: against a naive reference, on any number of ranks, against theory'
  'readers      240  the file as other programs read it: Python, R, Octave, netCDF, HDF5'\''s tools'
  'crash        400  kill -9 and every crash point'
  'postprocess  600  the figures, reports and exports'
  'readme       240  every command of the top README, and what it is said to print'
  'install      240  what cmake --install gives: tools, pages, jobs, the core for other programs, a package'
  'import       240  logs of other programs: what is made of them, and that every defect is found'
  'hosts        240  three hosts out of network namespaces: clocks, digests, a folder that is not shared'
  'slurm        400  the jobs on a Slurm of three nodes: requeue and resume, sweeps, reports'
  'spin         180  every execution of small models of the snapshot methods'
  'warnings     300  compilers and clang-tidy have nothing to say'
  'sanitize    1000  AddressSanitizer and UndefinedBehaviorSanitizer'
)
asked_only=' hosts slurm spin warnings sanitize ' # with --full, or by name

usage() {
  cat <<'EOF'
Usage: tests/run.sh [--full] [SUITE...] [-- OPTION...]
Installs what is missing, builds lcmpi, and runs the suites named, or all but the slow ones.

  --full   install what lcmpi is merely tested against too (R, Octave, ...), and run all suites
  --list   list the suites
  OPTION   for the programs that run the tests: after names of Python suites one of unittest
           (-k WORD), after unit or mpi one of ctest (-R WORD)

The last line says how many tests passed, failed and were skipped. Exits with 1 if any failed.
EOF
}

# ---- the suites ----------------------------------------------------------------------------------

# unittest FOLDER [OPTION...]
run_unittest() {
  local folder=$root/tests/$1
  shift
  [[ -d $folder ]] || { echo "there is no folder $folder"; return 1; }
  "$python" -m unittest discover -v -s "$folder" "$@" "${more[@]}"
}

# run_halves FOLDER PATTERN PATTERN: files of one pattern beside those of the other, for what leaves a core idle.
run_halves() {
  local log=$root/build/tests/$suite-beside.log code=0 beside
  run_unittest "$1" -p "$2" >"$log" 2>&1 &
  beside=$!
  run_unittest "$1" -p "$3" || code=1
  wait "$beside" || code=1
  cat "$log"
  return "$code"
}

# run_ctest PRESET LABEL
run_ctest() {
  local preset=$1 label=$2
  ctest --test-dir "$root/build/$preset" -L "^$label\$" --no-tests=error --output-on-failure \
    --timeout 120 "${more[@]}"
}

# A whole suite that cannot run, in unittest's words.
skip() {
  printf 'setUpModule (%s) ... skipped "%s"\nOK (skipped=1)\n' "$suite" "$1"
}

suite_checks() { run_unittest checks; }
suite_unit() {
  if setup_has_cmocka; then run_ctest release unit; else skip 'no cmocka here'; fi
}

suite_mpi() { run_ctest release mpi; }
suite_cli() { run_unittest cli; }
suite_program() { run_halves program 'test_[!s-z]*.py' 'test_[s-z]*.py'; }
suite_virtual() { run_unittest virtual; }
suite_readers() { run_unittest readers; }
suite_crash() { run_unittest crash; }
suite_install() { run_unittest install; }
suite_import() { run_unittest import; }
suite_hosts() { run_unittest hosts; }
suite_slurm() { run_unittest slurm; }
suite_readme() { run_unittest readme; }
suite_spin() { run_unittest spin; }

suite_postprocess() { # on files that the tests write, and on one of lcmpi's
  local sample=$root/build/tests/sample.h5
  mpirun -np 3 "$LCMPI" --duration 5s --clock lamport,vector --progress none --force -o "$sample"
  export LCMPI_SAMPLE=$sample
  run_halves postprocess 'test_p*.py' 'test_[!p]*.py'
}

suite_warnings() { run_unittest checks -p tidy.py; }

suite_sanitize() {
  local code=0
  if ! echo 'int main(void){return 0;}' |
    cc -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null; then
    skip 'the compiler here has no sanitizers'
    return
  fi
  setup_build sanitize || return
  export ASAN_OPTIONS=fast_unwind_on_malloc=0
  export LSAN_OPTIONS=suppressions=$root/tests/checks/lsan.supp:print_suppressions=0
  export UBSAN_OPTIONS=print_stacktrace=1
  export LCMPI=$root/build/sanitize/lcmpi
  ! setup_has_cmocka || run_ctest sanitize unit || code=1
  run_ctest sanitize mpi || code=1
  LCMPI_ALONE=1 run_unittest cli || code=1 # ranks are slow to end there, and mpi has them
  return "$code"
}

# ---- running and counting ------------------------------------------------------------------------

# Of a log of unittest or ctest, or several: "run failed skipped".
count() {
  awk '
    /^Ran [0-9]+ tests? in / { run += $2 }
    /^(OK|FAILED) \(.*skipped=/ { sub(/.*skipped=/, ""); skipped += $0 + 0; next }
    /^(FAIL|ERROR|UNEXPECTED SUCCESS): / {
      sub(/^[A-Z ]+: /, "")
      if (!(($1, $2) in seen)) { # once, however many of its subtests failed
        seen[$1, $2]; failed++
        if ($1 ~ /^(setUp|tearDown)(Class|Module)$/) run++
      }
    }
    /^setUp(Class|Module) \(.*\.\.\. skipped/ { run++ } # not one of the tests that "Ran" counts
    /^[0-9]+% tests passed, [0-9]+ tests? failed out of [0-9]+$/ { run += $NF; failed += $4 }
    /\*\*\*Skipped/ { skipped++ }
    END { print run + 0, failed + 0, skipped + 0 }' "$1"
}

# Why tests were skipped, each reason once.
reasons() {
  sed -nE "s/.*\.\.\. skipped ['\"](.*)['\"]\$/\1/p; s/.*Test +#[0-9]+: ([^ ]+) .*\*\*\*Skipped.*/\1/p" "$1" |
    sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)/             skipped \1: \2/'
}

# What a log says of failures: after the list of tests, if it is unittest's and has come that far.
findings() {
  if grep -q '^=====' "$1"; then sed -n '/^=====/,$p' "$1"; else cat "$1"; fi
}

# Ends the suite that is running, with all that it has started, and those who wait for it.
end_suite() {
  kill -TERM -- -"$job" 2>/dev/null || true
  kill -KILL -- -"$watch" 2>/dev/null || true
}

run_suite() { # NAME SECONDS
  local log=$root/build/tests/$1.log code=0 run failed skipped passed begin=$SECONDS
  suite=$1
  mkdir -p "$root/build/tests"
  printf '%-12s ' "$suite"
  set -m # each in a process group of its own, so that it can be ended as a whole
  "suite_$suite" >"$log" 2>&1 </dev/null &
  job=$!
  { sleep "$2"; echo "ended after $2 s" >>"$log"; kill -TERM -- -"$job"; sleep 5; kill -KILL -- -"$job"; } \
    >/dev/null 2>&1 </dev/null &
  watch=$!
  set +m
  trap 'end_suite; echo; exit 130' INT TERM HUP
  wait "$job" 2>/dev/null || code=$?
  trap - INT TERM HUP
  end_suite
  wait "$watch" 2>/dev/null || true
  read -r run failed skipped < <(count "$log")
  if ((failed == 0 && (code || run == 0))); then
    ((failed = 1, run += 1)) # it broke before it could count, or there was nothing to run
  fi
  passed=$((run - failed - skipped))
  printf '%4d passed, %d failed, %d skipped  (%d s)\n' "$passed" "$failed" "$skipped" $((SECONDS - begin))
  reasons "$log"
  if ((failed)); then
    findings "$log" | tail -n 300 | sed 's/^/    /'
  fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
}

# ---- the command line ----------------------------------------------------------------------------

full='' names=() more=()
while (($#)); do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --list)
    printf '%s\n' "${suites[@]}" | sed -E 's/^([^ ]+ +)[0-9]+/\1/'
    exit 0
    ;;
  --full) full=yes ;;
  --)
    shift
    more=("$@")
    break
    ;;
  -*)
    setup_say "unknown option $1; --help says more (options for the tests themselves stand behind --)" >&2
    exit 2
    ;;
  *)
    printf '%s\n' "${suites[@]}" | grep -q "^$1 " || { setup_say "no suite $1; --list lists them" >&2; exit 2; }
    names+=("$1")
    ;;
  esac
  shift
done

wanted() {
  if ((${#names[@]})); then
    [[ " ${names[*]} " == *" $1 "* ]]
  else
    [[ $full || $asked_only != *" $1 "* ]]
  fi
}

if [[ $full ]]; then setup_install full; else setup_install test; fi
setup_environment
total_passed=0 total_failed=0 total_skipped=0
if setup_build release; then
  export LCMPI=$root/build/release/lcmpi
  for entry in "${suites[@]}"; do
    read -r name seconds _ <<<"$entry"
    if wanted "$name"; then
      run_suite "$name" "$seconds"
    fi
  done
else
  total_failed=1
fi
printf 'took %d s; logs are in build/tests\n' "$SECONDS"
printf '%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
((total_failed == 0))
