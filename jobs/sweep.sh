#!/usr/bin/env bash
# Submits a sweep and the report on it.
set -euo pipefail
# shellcheck source=jobs/job.sh
. "$(dirname "${BASH_SOURCE[0]}")/job.sh"

usage() {
  cat <<'EOF'
Usage: jobs/sweep.sh [-d FOLDER] [-n COUNT] PARAMETERS [SBATCH OPTION...]
Submits jobs/sweep.sbatch for every line of PARAMETERS that has options of lcmpi, and
jobs/report.sbatch to follow when all of them have ended. Prints the numbers of the two jobs.

  -d FOLDER   where the files go: FOLDER/line-0001.h5, ..., FOLDER/report (default: beside
              PARAMETERS, NAME.runs)
  -n COUNT    so many lines at once, at most (default 4)
  OPTION      for the sweep, such as --time=10:00 --ntasks=64; what both jobs need (an account, a
              partition) stands in Slurm's variables: SBATCH_ACCOUNT, SBATCH_PARTITION
EOF
}

at_once=4 sweep=''
while [[ ${1-} == -* ]]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  -d) sweep=${2-} ;;
  -n) at_once=${2-} ;;
  *) break ;;
  esac
  shift 2 || break
done
[[ ${1-} && $1 != -* && $at_once =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
parameters=$1
shift
job_lines "$parameters"
sweep=${sweep:-$(job_sweep_folder "$parameters")}
((${#lines[@]})) || { setup_say "$parameters has no line with options" >&2; exit 2; }

array=$(sbatch --parsable --array="1-${#lines[@]}%$at_once" "$@" "$jobs/sweep.sbatch" "$parameters" "$sweep")
report=$(sbatch --parsable --dependency="afterany:${array%%;*}" --kill-on-invalid-dep=yes \
  "$jobs/report.sbatch" -o "$sweep/report" "$sweep")
echo "${#lines[@]} lines: sweep ${array%%;*}, report ${report%%;*}; files: $sweep"
