#!/usr/bin/env bash
# On this machine: installs what is missing, builds lcmpi, runs it on 3 ranks, draws what came out.
set -euo pipefail
# shellcheck source=jobs/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

usage() {
  cat <<'EOF'
Usage: jobs/local.sh [-np N] [OPTION...]
Installs what is missing, builds lcmpi, runs it, verifies the run, draws its figures and writes its report. The first
call on a machine takes a minute or two for that; later ones install and build nothing.

  -np N     ranks to start (default 3)
  OPTION    for lcmpi: 'build/release/lcmpi --help' lists all. The default is the main job, 60 s of
            3 machines, into a new file in results/. Some to begin with:
              --duration 10s    --rates 1,3,6    --seed 7    -o FILE

Ctrl-C ends a run early and saves it. The exit code is that of the run: 0 done, 85 stopped early.
EOF
}

ranks=3 file='' options=()
while (($#)); do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  -np | --np | -n)
    [[ ${2-} =~ ^[1-9][0-9]*$ ]] || { setup_say "$1 needs a number of ranks" >&2; exit 2; }
    ranks=$2
    shift
    ;;
  -o | --output)
    options+=("$1")
    (($# == 1)) || { file=$2 options+=("$2"); shift; }
    ;;
  -o?*) file=${1#-o} options+=("$1") ;;
  --output=*) file=${1#--output=} options+=("$1") ;;
  *) options+=("$1") ;;
  esac
  shift
done

# A path as short as it can be said from here.
short() {
  printf '%s' "${1#"$PWD/"}"
}

lcmpi=$(short "$root/build/release/lcmpi")
if [[ $lcmpi != /* ]]; then lcmpi=./$lcmpi; fi
plot=$(short "$root/postprocess/lcmpi_plot")
report=$(short "$root/postprocess/lcmpi_report")

setup_install run
setup_environment
setup_build release --target lcmpi

if [[ ! $file ]]; then
  mkdir -p "$root/results"
  folder=$(short "$root/results")/$(date -u +%Y%m%dT%H%M%SZ)
  until mkdir "$folder" 2>/dev/null; do folder+=x; done # each run has a folder of its own
  file=$folder/run.h5
  options+=(-o "$file")
fi

# ---- the run -------------------------------------------------------------------------------------

# mpirun is in a process group of its own, so that Ctrl-C comes to this script alone: given to mpirun, it
# would end the ranks after two seconds whatever they are doing. A second one does just that.
signal=USR1
stop() {
  kill -"$signal" "$run" 2>/dev/null || true
  signal=TERM
}

code=0
export OMPI_MCA_orte_execute_quiet=1 # an exit code that is not 0 is told of below
set -m
mpirun -np "$ranks" "$lcmpi" "${options[@]}" </dev/null &
run=$!
trap stop INT TERM HUP
set +m
while kill -0 "$run" 2>/dev/null; do
  wait "$run" || true
done
wait "$run" || code=$?
trap - INT TERM HUP

[[ -z ${folder-} ]] || rmdir "$folder" 2>/dev/null || true # unless there is a file in it
if [[ ! -e $file ]] || ((code == 2 || code == 3)); then # --version and the like; or lcmpi has said why
  exit "$code"
fi
if ((code)); then
  echo
  "$lcmpi" info "$file" | sed -n 1p
  echo "The run ended with exit code $code. How to go on from what it saved:"
  printf '  %s\n' "$lcmpi info $file" "$lcmpi verify $file" "$python $plot $file"
  exit "$code"
fi

# ---- what came of it -----------------------------------------------------------------------------

echo
"$lcmpi" verify "$file"
"$lcmpi" info "$file" | grep -q ': COMPLETE: ' || setup_fail "$file: the run did not reach its end"
figures=$("$python" "$plot" --format png,svg "$file") ||
  setup_fail "the figures could not be drawn; the run itself is complete, in $file"
page=$("$python" "$report" "$file") || page='none, as said above'
cat <<EOF

run       $file
report    $page
figures   $(sed -n 's/svg$/{png,svg}/p' <<<"$figures" | sed '2,$s/^/          /')
program   $lcmpi
by hand   export ${setup_mpi[*]}
          cd $(short "$root/build/release")
          mpirun -np 3 ./lcmpi
EOF
