/* The version of this build; LCMPI_GIT comes from the build system. */
#include "lcmpi/run.h"
#include "lcmpi/store.h"

#include "version_generated.h"

#include <stdio.h>

const char *lc_version(void) {
  return LCMPI_GIT[0] ? LCMPI_VERSION " (git " LCMPI_GIT ")" : LCMPI_VERSION;
}

void lc_print_version(void) {
  printf("lcmpi %s\n%s build with %s\n%s\nHDF5 %s (parallel)\n", lc_version(), LCMPI_BUILD,
         LCMPI_COMPILER, lc_transport_library(), lc_store_library());
}
