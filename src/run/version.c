/* The version of this build; LCMPI_GIT comes from the build system. */
#include "lcmpi/run.h"

#include "version_generated.h"

#include <hdf5.h>
#include <stdio.h>

const char *lc_version(void) {
  return LCMPI_GIT[0] ? LCMPI_VERSION " (git " LCMPI_GIT ")" : LCMPI_VERSION;
}

void lc_print_version(void) {
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  printf("lcmpi %s\n%s build with %s\n%s\nHDF5 %u.%u.%u (parallel)\n", lc_version(), LCMPI_BUILD,
         LCMPI_COMPILER, lc_transport_library(), major, minor, release);
}
