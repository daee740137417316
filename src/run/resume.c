/* What the file of --resume makes of the configuration. Rank 0 reads it; all ranks come to the same
 * conclusion from the same text. */
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

/* What a rank needs to know of the file. */
struct head {
  bool complete;
  int64_t duration_ns;
  int64_t topology_hash; /* 0: its channels are not listed in a file */
  size_t length;         /* of the options' text */
};

static const char *attribute(const struct lc_store_info *info, const char *name) {
  for (int32_t i = 0; i < info->n_text; i++)
    if (strcmp(info->text[i].name, name) == 0)
      return info->text[i].value;
  return "";
}

static lc_status read_head(const char *path, struct head *head, char **options,
                           struct lc_error *err) {
  struct lc_store_info info;
  lc_status status = lc_store_describe(path, &info, err);
  if (status)
    return status;
  *options = lc_format("%s", attribute(&info, "options"));
  *head = (struct head){.complete = info.state == LC_RUN_COMPLETE, .length = strlen(*options)};
  if (info.live)
    status = lc_fail(err, LC_EFILE, "%s: the run is going on: another process writes it", path);
  else if (*attribute(&info, "imported"))
    status = lc_fail(err, LC_EFILE, "%s: is an imported log: there is no run to go on with", path);
  else if (!head->length || !lc_parse_int64(attribute(&info, "duration_ns"), &head->duration_ns))
    status = lc_fail(err, LC_EFILE, "%s: does not say with which options the run was made", path);
  if (!lc_parse_int64(attribute(&info, TOPOLOGY_HASH), &head->topology_hash))
    head->topology_hash = 0;
  lc_store_info_free(&info);
  return status;
}

/* On every rank, freed by the caller. Collective. */
static lc_status share_head(const struct run *run, struct head *head, char **options,
                            struct lc_error *err) {
  lc_status status = LC_OK;
  if (run->rank == 0)
    status = read_head(run->config->resume, head, options, err);
  status = lc_agree(run->transport, status, err);
  if (status)
    return status;
  lc_broadcast(run->transport, head, sizeof *head);
  if (run->rank != 0)
    *options = lc_new(head->length + 1, 1, "the options of the file");
  lc_broadcast(run->transport, *options, head->length);
  return LC_OK;
}

/* Whether there is nothing that the run has not done. Where it should go on from was said: then
 * from there. */
static bool is_done(const struct lc_config *c, const struct head *head) {
  return head->complete && c->from < 0 && c->duration_ns <= head->duration_ns;
}

static void say_done(const struct lc_config *c) {
  char duration[LC_QUANTITY_MAX];
  printf(
      "%s: the run is complete (%s); nothing to resume: a longer --duration would go on from its "
      "end\n",
      c->resume, lc_print_duration(duration, c->duration_ns));
}

lc_status settle_resume(struct run *run, bool *nothing, struct lc_error *err) {
  struct lc_config *c = run->config;
  struct head head;
  char *options = NULL;
  if (!c->resume)
    return LC_OK;
  lc_status status = share_head(run, &head, &options, err);
  if (!status)
    status = lc_config_resume(c, options, err);
  free(options);
  run->past_topology_hash = status ? 0 : head.topology_hash;
  *nothing = !status && is_done(c, &head);
  if (*nothing && run->rank == 0)
    say_done(c);
  return status;
}
