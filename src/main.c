/* lcmpi: from the command line to an exit code. Every rank comes here; rank 0 speaks. */
#include "lcmpi/run.h"
#include "lcmpi/store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* The words of the command line as they could be typed again. */
static char *joined(int argc, char **argv) {
  char *text = NULL;
  for (int i = 0; i < argc; i++) {
    char *word = lc_quote(argv[i]);
    text = lc_append(text, i ? " %s" : "%s", word);
    free(word);
  }
  return text;
}

static lc_status do_locally(struct lc_command_line *line, int32_t n_rank, struct lc_error *err) {
  switch (line->command) {
  case LC_COMMAND_INFO:
    return lc_info_command(line->file, err);
  case LC_COMMAND_VERIFY:
    return lc_verify_command(line->file, line->json, err);
  case LC_COMMAND_QUERY:
    return lc_query_command(line->file, line->question, line->n_question, line->json, err);
  case LC_COMMAND_RECOVER:
    return lc_recover_command(line->file, err);
  case LC_COMMAND_PREDICT:
    return lc_predict_command(&line->config, err);
  case LC_COMMAND_HELP:
    lc_print_help(stdout, line->about);
    return LC_OK;
  case LC_COMMAND_VERSION:
    lc_print_version();
    return LC_OK;
  case LC_COMMAND_LIST:
    line->list(stdout);
    return LC_OK;
  case LC_COMMAND_CONFIG:
    return lc_config_command(&line->config, n_rank, err);
  case LC_COMMAND_RUN:
    break;
  }
  return lc_fail(err, LC_EINTERNAL, "no such command");
}

/* Work on a file is done once, however many ranks were started: the others wait for its end. */
static lc_status do_once(struct lc_command_line *line, struct lc_transport *transport,
                         struct lc_error *err) {
  lc_status status = LC_OK;
  if (!transport || lc_transport_rank(transport) == 0)
    status = do_locally(line, transport ? lc_transport_size(transport) : 1, err);
  return transport ? lc_agree(transport, status, err) : status;
}

static void complain(lc_status status, const struct lc_error *err,
                     const struct lc_transport *transport) {
  if (status == LC_OK || status == LC_STOPPED)
    return;
  bool speaks = !transport || (status == LC_ERANK ? lc_transport_speaks(transport)
                                                  : lc_transport_rank(transport) == 0);
  if (speaks)
    fprintf(stderr, "lcmpi: %s\n", err->text);
}

int main(int argc, char **argv) {
  int64_t begun_ns = lc_monotonic_ns();
  struct lc_command_line line = {0};
  struct lc_error err = {0};
  struct lc_transport *transport = NULL;
  lc_store_init();
  char *words = joined(argc, argv);
  lc_status status = LC_OK;
  if (lc_transport_launched())
    status = lc_transport_open(&transport, &argc, &argv, &err);
  if (!status)
    status = lc_command_line_parse(&line, argc, argv, &err);
  if (!status && line.command == LC_COMMAND_RUN && !transport)
    status = lc_transport_open(&transport, &argc, &argv, &err);
  if (!status)
    status = line.command == LC_COMMAND_RUN
                 ? lc_run(&line.config, argv[0], words, begun_ns, transport, &err)
                 : do_once(&line, transport, &err);
  complain(status, &err, transport);
  if (status == LC_ERANK) {
    fflush(NULL);
    _exit(LC_ERANK); /* nobody may be waited for any more */
  }
  lc_command_line_free(&line);
  free(words);
  if (transport)
    lc_transport_close(transport);
  if (fflush(stdout) != 0 && errno != EPIPE && status == LC_OK) {
    fprintf(stderr, "lcmpi: the output could not be written\n");
    status = LC_EFILE;
  }
  return status;
}
