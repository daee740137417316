# shellcheck shell=bash
# What jobs/local.sh and tests/run.sh share: installing what is missing, the environment of MPI,
# building. To be sourced; sets `root`, the folder of the project, or what was installed of it;
# `setup_program`, lcmpi there; and `python`, one that has the packages needed.
# shellcheck disable=SC2034  # they are read where this is sourced

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
setup_program=$root/build/release/lcmpi
if [[ -e $root/bin/lcmpi ]]; then setup_program=$root/bin/lcmpi; fi # as cmake --install has it
python=/usr/bin/python3 # the one that sees Debian's packages, whatever stands first in PATH

# ---- what is needed, by Debian's names -----------------------------------------------------------

setup_commands=(cc:gcc cmake:cmake make:make) # a command, and the package that brings it
setup_modules=(h5py numpy pandas matplotlib)  # of Python
setup_run=(libc6-dev openmpi-bin libopenmpi-dev libhdf5-openmpi-dev librandom123-dev
  python3-h5py python3-numpy python3-pandas python3-matplotlib)
setup_pages=(libjs-chart.js) # for the plots of postprocess/lcmpi_report; all else goes without
setup_test=(libcmocka-dev)
# what lcmpi is merely tested against; tests that need one of these are skipped without it
setup_full=(clang-format clang-tidy shellcheck strace hdf5-tools netcdf-bin python3-xarray
  python3-h5netcdf python3-netcdf4 octave r-base-core r-cran-hdf5r mpich libmpich-dev
  libhdf5-mpich-dev iproute2 spin chromium chromium-driver python3-selenium python3-networkx
  man-db mandoc pkg-config dpkg-dev lintian)
# likewise: a command that comes with it, in whatever way, and a package that brings a service of its name
setup_services=(sbatch:slurmctld sbatch:slurmd munge:munge)

setup_say() {
  printf '%s: %s\n' "${0##*/}" "$*"
}

setup_fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

setup_is_debian() {
  local release=${LCMPI_OS_RELEASE:-/etc/os-release}
  [[ -r $release ]] && grep -Eq '^(ID|ID_LIKE)=.*(debian|ubuntu)' "$release"
}

# Of the packages named, those that are not installed.
setup_missing() {
  local installed package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true
  for package; do
    grep -qxF "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Those of the packages named that this system's archive has; the others are told of.
setup_offered() {
  local package
  for package; do
    if apt-cache show "$package" >/dev/null 2>&1; then
      printf '%s\n' "$package"
    else
      setup_say "this system's archive has no $package: what needs it is left out" >&2
    fi
  done
}

# ---- what is there, however it came to be there --------------------------------------------------

setup_find_python() {
  local candidate find_all='import importlib.util as u, sys
sys.exit(None in map(u.find_spec, sys.argv[1:]))'
  for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c "$find_all" "${setup_modules[@]}" 2>/dev/null; then
      python=$candidate
      return 0
    fi
  done
  return 1
}

setup_has_cmocka() {
  printf '#include <%s>\n' stdarg.h stddef.h stdint.h setjmp.h cmocka.h |
    cc -fsyntax-only -x c - 2>/dev/null
}

# Whether lcmpi can be built and its figures drawn here; if not, says why, on one line.
setup_usable() {
  local entry scratch
  for entry in mpirun "${setup_commands[@]}"; do
    command -v "${entry%:*}" >/dev/null || { printf 'no command %s\n' "${entry%:*}"; return 1; }
  done
  scratch=$(mktemp -d)
  if ! cmake -S "$root" -B "$scratch/build" >"$scratch/log" 2>&1; then
    printf 'cmake says: %s\n' "$(sed -n '/^CMake Error/,/^$/{/^CMake Error/d;/./p}' "$scratch/log" |
      head -n 3 | tr -s ' \n' ' ')"
    rm -rf "$scratch"
    return 1
  fi
  rm -rf "$scratch"
  setup_find_python || { printf 'no python3 that has %s\n' "${setup_modules[*]}"; return 1; }
}

# ---- installing ----------------------------------------------------------------------------------

# Makes sure that all is there that is needed to `run`, to `test`, or to test in `full`. Leaves the
# script if that cannot be.
setup_install() {
  local level=$1 needed=("${setup_run[@]}") entry why
  for entry in "${setup_commands[@]}"; do
    command -v "${entry%:*}" >/dev/null || needed+=("${entry#*:}")
  done
  [[ $level == run ]] || needed+=("${setup_test[@]}")
  if setup_is_debian; then
    setup_install_debian "$level" "${needed[@]}"
  elif ! why=$(setup_usable); then
    setup_other_systems "$why"
    exit 1
  elif [[ $level == full ]]; then
    setup_say "only on Debian and Ubuntu is anything installed: --full tests what is here"
  fi
  setup_find_python || true
}

setup_install_debian() {
  local level=$1 missing extra=() entry
  shift
  mapfile -t missing < <(setup_missing "$@")
  if setup_may_install; then mapfile -t extra < <(setup_missing "${setup_pages[@]}"); fi
  if [[ $level == full ]]; then
    mapfile -t -O "${#extra[@]}" extra < <(setup_missing "${setup_full[@]}")
    for entry in "${setup_services[@]}"; do
      command -v "${entry%:*}" >/dev/null || extra+=("${entry#*:}")
    done
  fi
  # another MPI, or one that was brought by a module or by Spack, is as good
  if ((${#missing[@]})) && setup_usable >/dev/null && { [[ $level == run ]] || setup_has_cmocka; }; then
    missing=()
  fi
  if ((${#missing[@]} + ${#extra[@]})); then
    setup_apt "${missing[*]}" "${extra[*]}"
  fi
}

setup_may_install() {
  [[ $(id -u) == 0 ]] || command -v sudo >/dev/null
}

# setup_apt 'NEEDED...' 'WANTED...'
setup_apt() {
  local needed wanted as_root=() log=$root/build/setup.log all
  read -ra needed <<<"$1"
  read -ra wanted <<<"$2"
  all="${needed[*]} ${wanted[*]}"
  all=${all# } all=${all% }
  if [[ $(id -u) != 0 ]]; then
    setup_may_install ||
      setup_fail "this machine lacks: $all -- with neither root nor sudo they cannot be installed" \
        "from here; have somebody run: apt-get install $all"
    as_root=(sudo)
  fi
  mkdir -p "$root/build"
  setup_say "installing what this machine lacks, with ${as_root[*]:+sudo }apt-get: $all"
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 </dev/null ||
    setup_say "apt-get update failed: going on with the lists of packages that are here" >&2
  if ((${#wanted[@]})); then
    mapfile -t wanted < <(setup_offered "${wanted[@]}")
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${needed[@]}" "${wanted[@]}" >>"$log" 2>&1 </dev/null || {
    tail -n 10 "$log" >&2
    setup_fail "apt-get failed, all of it is in $log; what has to be installed: $all"
  }
  setup_no_services
}

# Of what has just been installed no service is to run, now or later: tests start their own.
setup_no_services() {
  local entry new=()
  for entry in "${setup_services[@]}"; do
    if [[ " ${wanted[*]} " == *" ${entry#*:} "* ]]; then new+=("${entry#*:}"); fi
  done
  if ((${#new[@]})) && command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable --now "${new[@]}" >>"$log" 2>&1 </dev/null || true
  fi
}

setup_other_systems() {
  cat >&2 <<EOF
${0##*/}: $1
This script installs packages on Debian and Ubuntu only. lcmpi needs a C compiler, CMake 3.21, make,
an MPI (Open MPI), HDF5 built for that MPI with its high-level library, the headers of Random123,
and for figures Python with h5py, numpy, pandas and matplotlib; its tests need cmocka. Install
these, and call this script again:
  Fedora    dnf install gcc cmake make openmpi-devel hdf5-openmpi-devel Random123-devel python3-h5py
              python3-pandas python3-matplotlib libcmocka-devel
            module load mpi/openmpi-x86_64
  Homebrew  brew install cmake open-mpi hdf5-mpi cmocka; pip install h5py pandas matplotlib
            Random123 is headers only: unpack it and set CMAKE_PREFIX_PATH to its folder
  Spack     spack install cmake openmpi hdf5+mpi+hl random123 cmocka py-h5py py-pandas py-matplotlib
            spack load them all
  modules   module avail; then for example: module load gcc cmake openmpi hdf5-parallel python
            and Random123 as above
EOF
}

# ---- running and building ------------------------------------------------------------------------

# More ranks than cores, which then share them politely, and as root where one is root.
setup_mpi=(OMPI_MCA_rmaps_base_oversubscribe=1
  PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
  OMPI_MCA_mpi_yield_when_idle=1)
if [[ $(id -u) == 0 ]]; then
  setup_mpi+=(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
fi

setup_environment() {
  export "${setup_mpi[@]}"
}

# setup_build PRESET [OPTION...]: brings build/PRESET up to date; shows what was said only if it fails.
setup_build() {
  local log=$root/build/$1.log
  mkdir -p "$root/build"
  if setup_configure "$1" >"$log" 2>&1 && setup_compile "$@" >>"$log" 2>&1; then
    return 0
  fi
  tail -n 40 "$log" >&2
  setup_say "build/$1 could not be built; all that was said is in $log" >&2
  return 1
}

setup_configure() (
  cd "$root" || exit
  cmake --preset "$1" && exit
  # what CMake remembers may be from before something was installed, or from another place
  rm -rf "build/$1/CMakeCache.txt" "build/$1/CMakeFiles"
  cmake --preset "$1"
)

setup_compile() (
  preset=$1
  cd "$root" || exit
  shift
  cmake --build --preset "$preset" --parallel "$(getconf _NPROCESSORS_ONLN)" "$@"
)
