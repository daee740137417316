# shellcheck shell=bash disable=SC2034  # some of what is set here is read where it is sourced
# What the Slurm scripts here share: the site's settings, starting a run or going on with it, and what
# to do when it ends before it is done. To be sourced in a job; README.md says what a user sees of it.
#
# How a run ended is read from its file and never from an exit code: mpirun returns 1 for runs that
# were saved, and can return 0 although a node was lost.
jobs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=jobs/setup.sh
. "$jobs/setup.sh"

# ---- signals -------------------------------------------------------------------------------------

# Traps are set before anything else is done: Slurm's warning may come at any time. It is passed on
# once, for a second signal ends lcmpi at once. SIGTERM is not: when a job is cancelled, or its time is
# over, Slurm itself sends that to all of its processes, the ranks among them.
told='' program='' passed=''

job_told() {
  told=$1
  if [[ $program ]]; then
    job_say "SIG$told: lcmpi saves and stops"
  fi
  job_pass
}

job_pass() {
  if [[ $told == USR1 && $program && ! $passed ]]; then
    passed=yes
    kill -USR1 "$program" 2>/dev/null || true
  fi
}

if [[ ${SLURM_JOB_ID-} ]]; then
  trap 'job_told USR1' USR1
  trap 'job_told TERM' TERM
fi

# ---- words ---------------------------------------------------------------------------------------

# This job as Slurm's commands call it; the bare id of one task may be that of its whole array.
job_id=${SLURM_JOB_ID:-}
[[ ! ${SLURM_ARRAY_TASK_ID-} ]] || job_id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

job_say() {
  printf '%(%Y-%m-%dT%H:%M:%S)T job %s: %s\n' -1 "${job_id:-(none)}" "$*"
}

# job_fail CODE TEXT...
job_fail() {
  local code=$1
  shift
  job_say "$*" >&2
  exit "$code"
}

# ---- the site ------------------------------------------------------------------------------------

job_site() {
  local site=${LCMPI_SITE:-$jobs/site.sh}
  if [[ ! ${LCMPI_SITE-} && ! -e $site ]]; then site=${XDG_CONFIG_HOME:-${HOME-}/.config}/lcmpi/site.sh; fi
  lcmpi=${LCMPI:-$setup_program}
  launcher=() folder=. stripe=() again=requeue restarts=10
  if [[ ${LCMPI_SITE-} || -e $site ]]; then
    [[ -r $site ]] || job_fail 2 "the site's settings cannot be read: $site"
    set +eu # modules and their like bear neither
    # shellcheck source=jobs/site.sh.example
    . "$site"
    set -eu
  fi
  [[ -x $lcmpi ]] || job_fail 2 "there is no program $lcmpi: build it, or name it in $site (lcmpi=PATH)"
}

# How ranks are started, unless the site says it: by srun where Slurm knows PMIx.
job_launcher() {
  if ((${#launcher[@]} == 0)); then
    if [[ ! ${SLURM_MPI_TYPE-} ]] && srun --mpi=list 2>&1 | grep -qw pmix; then
      export SLURM_MPI_TYPE=pmix
    fi
    launcher=(mpirun)
    if [[ ${SLURM_MPI_TYPE-} ]] || ! command -v mpirun >/dev/null; then
      launcher=(srun --kill-on-bad-exit=0 --wait=30) # of the first that ends the others have to hear
    fi
  fi
  # mpirun's patience when the job is cancelled, or a rank was lost: else 2 s
  export OMPI_MCA_odls_base_sigkill_timeout=${OMPI_MCA_odls_base_sigkill_timeout:-20}
  export OMPI_MCA_orte_execute_quiet=1 # exit codes are told of here
  [[ ! ${SLURM_CPUS_PER_TASK-} ]] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
}

# lcmpi stops by itself before this; Slurm tells it since 23.02 only.
job_end_time() {
  local end
  [[ ! ${SLURM_JOB_END_TIME-} ]] || return 0
  end=$(squeue -h -j "$job_id" -o %e 2>/dev/null) || return 0
  if [[ $end == [0-9]* ]] && end=$(date -d "$end" +%s 2>/dev/null); then
    export SLURM_JOB_END_TIME=$end
  fi
}

# job_folder FOLDER: makes it; what is made in a folder afterwards takes over its striping.
job_folder() {
  mkdir -p "$1" || job_fail 3 "the folder $1 could not be made"
  if ((${#stripe[@]})) && command -v lfs >/dev/null && [[ ! $(ls -A "$1") ]]; then
    lfs setstripe "${stripe[@]}" "$1" || job_say "the striping of $1 could not be set" >&2
  fi
}

# ---- what a file says of its run -----------------------------------------------------------------

# job_look FILE: sets `state` to a word (COMPLETE, ...), empty if there is no file that can be read;
# `made` to the command line that made it; `reached` to how far it has come, as text to compare.
job_look() {
  local info
  info=$("$lcmpi" info "$1" 2>/dev/null) || info=''
  state=$(sed -nE '1s/^.*: ([A-Z]+): .*$/\1/p' <<<"$info")
  made=$(sed -n 's/^  command   //p' <<<"$info")
  reached=$(grep -E '^  (rows|snapshots|ended) ' <<<"$info") || reached=''
}

# ---- sweeps --------------------------------------------------------------------------------------

# job_lines PARAMETERS: sets `lines`: those that have more than blanks and a comment.
job_lines() {
  [[ -r $1 ]] || job_fail 2 "the file of parameters cannot be read: $1"
  mapfile -t lines < <(awk '{ sub(/\r$/, ""); sub(/(^|[ \t])#.*/, "") } NF' "$1")
}

# job_sweep_folder PARAMETERS
job_sweep_folder() {
  local name=${1##*/}
  printf '%s/%s.runs' "$(dirname "$1")" "${name%.*}"
}

# ---- a run ---------------------------------------------------------------------------------------

# job_options OPTION...: sets `options`, `output` and `force` from lcmpi's options.
job_options() {
  options=() output=${OUTPUT-} force=''
  while (($#)); do
    case $1 in
    -o | --output)
      (($# > 1)) || job_fail 2 "$1 needs a file"
      output=$2
      shift
      ;;
    -o?*) output=${1#-o} ;;
    --output=*) output=${1#--output=} ;;
    --force) force=yes ;;
    --resume | --resume=*) job_fail 2 "$1: here -o FILE resumes by itself if FILE is there" ;;
    *) options+=("$1") ;;
    esac
    shift
  done
}

# job_start FILE WORD...: lcmpi with these words, to its end; sets `code`.
job_start() {
  code=0
  job_say "${launcher[*]} $lcmpi $*"
  "${launcher[@]}" "$lcmpi" "$@" </dev/null &
  program=$!
  job_pass # a signal may have come before there was anybody to pass it to
  while kill -0 "$program" 2>/dev/null; do
    wait "$program" || true # ends early when a signal comes
  done
  wait "$program" || code=$?
  program=''
}

# job_run FILE OPTION...: starts the run of FILE or goes on with it, whichever it takes, and leaves the
# script: with 0 if the file is complete; after giving the job back to Slurm if it is to be gone on with.
job_run() {
  local file=$1 before words
  shift
  job_look "$file"
  before=$reached
  if [[ $state == COMPLETE && ! $force ]] && job_made_by "$file" "$@"; then
    job_say "$file is complete: nothing to do"
    exit 0
  fi
  words=(--resume "$file" "$@")
  if [[ $force && ! ${SLURM_RESTART_COUNT-} ]]; then
    words=(-o "$file" "$@" --force) # the first time only, or it would never come to an end
  elif [[ ! -e $file ]]; then
    words=(-o "$file" "$@")
  fi
  [[ ! $told ]] || job_again "$file" 85 "was told to stop before the run had begun"
  job_launcher
  job_end_time
  job_start "${words[@]}"
  job_look "$file"
  job_judge "$file" "$code" "$before"
}

# job_made_by FILE OPTION...: whether the run of the file was started with just these options. If it had
# others, lcmpi itself is to judge: it refuses those that contradict the file, and a longer --duration
# is gone on to.
job_made_by() {
  [[ $made == *" -o $*" ]]
}

# job_judge FILE CODE BEFORE: what is to be done after the program has ended.
job_judge() {
  local file=$1 code=$2 before=$3
  case $state:$code in
  COMPLETE:[2-5]) exit "$code" ;; # refused, or its balance does not hold: lcmpi has said what
  COMPLETE:*)
    job_say "$file is complete"
    exit 0
    ;;
  *:[2-5]) job_fail "$code" "lcmpi ended with exit code $code and would do so again; $file: ${state:-none}" ;;
  :*)
    [[ $told ]] || job_fail "$((code ? code : 3))" "lcmpi ended with exit code $code and left no file $file"
    job_again "$file" 85 'stopped before there was a file'
    ;;
  STOPPED:*)
    [[ $reached == "$before" ]] || job_again "$file" 85 'stopped and saved'
    job_unplanned "$file" 85 'stopped before it had come any further'
    ;;
  *) job_unplanned "$file" "$((code ? code : 3))" "lcmpi ended with exit code $code; the file is $state" ;;
  esac
}

# Something has gone wrong that need not go wrong again: so many times and no more.
job_unplanned() {
  local count=${SLURM_RESTART_COUNT:-0}
  ((count < restarts)) ||
    job_fail "$2" "$3, after $count restarts of the job (restarts=$restarts): not tried again"
  job_again "$@"
}

# job_again FILE CODE WHY: Slurm is to start this job again, and kills this script for that; or,
# if it is not to or will not, leaves with the code.
job_again() {
  local file=$1 code=$2 why=$3
  if [[ $told == TERM ]]; then
    job_fail "$code" "$why; the job was cancelled. To go on: OUTPUT=$file sbatch ... as before"
  fi
  if [[ $again == requeue ]] && job_say "$why: back into the queue" && scontrol requeue "$job_id"; then
    exit "$code"
  fi
  job_fail "$code" "$why. To go on: OUTPUT=$file sbatch ... as before"
}
