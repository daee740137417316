#!/usr/bin/env bash
# Runs both published solutions of the exercise again and writes the report on what came out.
set -euo pipefail
# shellcheck source=jobs/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

usage() {
  cat <<'EOF'
Usage: jobs/experiments.sh [-o FOLDER] [OPTION...]
Installs what is missing, builds lcmpi, runs every family and trial of the two published solutions:
10,000 times each in virtual time and once in real time, all of those side by side. Writes report.md,
reproduction.png and reproduction.csv: each archived figure beside lcmpi's median and central 99 %,
theory and a verdict. Takes about two minutes.

  -o FOLDER      where they go (default: results/TIME-experiments)
  OPTION         for postprocess/lcmpi_reproduce, such as --copies 1000, --no-real, --archive FILE
EOF
}

folder='' options=()
while (($#)); do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  -o)
    [[ ${2-} ]] || { setup_say "-o needs a folder" >&2; exit 2; }
    folder=$2
    shift
    ;;
  *) options+=("$1") ;;
  esac
  shift
done

setup_install run
setup_environment
setup_build release --target lcmpi
folder=${folder:-$root/results/$(date -u +%Y%m%dT%H%M%SZ)-experiments}
exec "$python" "$root/postprocess/lcmpi_reproduce" -o "$folder" --real "${options[@]}"
