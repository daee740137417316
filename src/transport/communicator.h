/* What HDF5 needs of MPI. */
#ifndef LC_TRANSPORT_COMMUNICATOR_H
#define LC_TRANSPORT_COMMUNICATOR_H

#include "lcmpi/transport.h"

#include <mpi.h>

/* A communicator of all ranks for files alone, owned by the transport. */
MPI_Comm transport_files(const struct lc_transport *transport);

#endif
