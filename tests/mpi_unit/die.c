/* lc_die() on one rank ends all of them at once, with its status as the exit code. */
#include "mpi_unit.h"

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  barrier();
  if (rank == n_rank - 1)
    lc_die(LC_EFILE, "the end of rank %d", rank);
  barrier();
  return 0;
}
