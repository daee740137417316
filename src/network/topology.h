/* What the files of the topology share. */
#ifndef LC_NETWORK_TOPOLOGY_H
#define LC_NETWORK_TOPOLOGY_H

#include "lcmpi/network.h"

/* The channels listed in a file, into an empty topology. */
lc_status read_channels(struct lc_topology *topology, const struct lc_topology_rule *rule,
                        const char *text, size_t length, struct lc_error *err);

#endif
