/* The commands that look at a file: info, verify, recover. */
#include "json.h"
#include "lcmpi/run.h"
#include "lcmpi/store.h"
#include "lcmpi/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *attribute(const struct lc_store_info *info, const char *name) {
  for (int32_t i = 0; i < info->n_text; i++)
    if (strcmp(info->text[i].name, name) == 0)
      return info->text[i].value;
  return "?";
}

/* Whether --resume refuses it, whatever else there is: what it would need is not on file. */
static bool is_refused(const struct lc_store_info *info) {
  for (int32_t c = 0; c < info->n_clock; c++) {
    const struct lc_clock *clock = lc_clock_find(info->clock[c]);
    if (clock && clock->state_words)
      return true;
  }
  return strstr(attribute(info, "options"), "route = server") != NULL;
}

static const char *verdict_of(const struct lc_store_info *info) {
  bool refused = is_refused(info);
  switch (info->state) {
  case LC_RUN_RUNNING:
    return info->live ? "the run is going on"
           : refused  ? "the run was killed: 'lcmpi recover' finishes the file"
                      : "the run was killed: 'lcmpi --resume' goes on with it, 'lcmpi recover' "
                        "finishes the file";
  case LC_RUN_COMPLETE:
    return "the run reached its end";
  case LC_RUN_STOPPED:
    return refused ? "the run was stopped early and saved"
                   : "the run was stopped early and saved: 'lcmpi --resume' goes on with it";
  case LC_RUN_FAILED:
    return "the run could not write any more: 'lcmpi recover' keeps what it wrote";
  case LC_RUN_RECOVERED:
    return "the run was killed; what it had committed was recovered";
  }
  return "unknown state";
}

static void print_indented(const char *text) {
  for (const char *at = text; *at;) {
    size_t length = strcspn(at, "\n");
    printf("            %.*s\n", (int)length, at);
    at += length + (at[length] == '\n');
  }
}

/* Of logs nobody knows what ran where. */
static void print_system(const struct lc_store_info *info, bool imported) {
  char count[LC_QUANTITY_MAX], all[LC_QUANTITY_MAX], copies[64] = "";
  int32_t n_copy = info->n_vm / info->n_copy;
  if (n_copy > 1)
    snprintf(copies, sizeof copies, "%s copies of ", lc_print_count(count, n_copy));
  printf("  system    %s%d VM%s", copies, info->n_copy, info->n_copy == 1 ? "" : "s");
  if (!imported)
    printf(" on %d rank%s, seed %s", info->n_rank, info->n_rank == 1 ? "" : "s",
           attribute(info, "seed"));
  printf("\n  clocks   ");
  for (int32_t i = 0; i < info->n_clock; i++)
    printf(" %s", info->clock[i]);
  if (info->n_logged == info->n_vm || !info->n_logged)
    printf("\n  logged    %s\n", info->n_logged ? "all VMs" : "no VM");
  else
    printf("\n  logged    %s of %s VMs\n", lc_print_count(count, info->n_logged),
           lc_print_count(all, info->n_vm));
}

static void print_resumed(const struct lc_store_info *info) {
  char t[LC_QUANTITY_MAX], from[40] = "";
  if (!info->n_resumed)
    return;
  if (info->resumed_snapshot >= 0)
    snprintf(from, sizeof from, " (snapshot %d)", info->resumed_snapshot);
  printf("  resumed   %d time%s, last at %s%s on %d rank%s\n", info->n_resumed,
         info->n_resumed == 1 ? "" : "s", lc_print_duration(t, info->t_resumed), from,
         info->resumed_n_rank, info->resumed_n_rank == 1 ? "" : "s");
}

static void print_end(const struct lc_store_info *info) {
  char t[LC_QUANTITY_MAX];
  const struct lc_balance *b = &info->balance;
  printf("  ended     at %s; %" PRId64 " sent = %" PRId64 " received + %" PRId64
         " queued + %" PRId64 " in flight + %" PRId64 " lost\n",
         lc_print_duration(t, info->t_end), b->sent, b->received, b->queued, b->in_flight, b->lost);
  if (info->digested)
    printf("  digest    0x%016" PRIx64 "\n", info->digest);
}

static void print_lines(const struct lc_store_info *info, const char *title, const char *name) {
  printf("  %s\n", title);
  print_indented(attribute(info, name));
}

static void print_info(const char *path, const struct lc_store_info *info) {
  char a[LC_QUANTITY_MAX], b[LC_QUANTITY_MAX];
  bool imported = strcmp(attribute(info, "imported"), "?") != 0;
  printf("%s: %s: %s\n", path, lc_run_state_name(info->state),
         imported ? "logs of another program, imported" : verdict_of(info));
  printf("  made by   %s, format %s\n", attribute(info, "source"), attribute(info, "lcmpi_format"));
  if (imported)
    printf("  imported  %s\n", attribute(info, "start_time"));
  else
    printf("  started   %s on %s\n", attribute(info, "start_time"), attribute(info, "hostnames"));
  printf("  command   %s\n", attribute(info, "command_line"));
  print_system(info, imported);
  printf("  rows      %s events, %s messages\n", lc_print_count(a, info->rows[LC_EVENTS]),
         lc_print_count(b, info->rows[LC_MESSAGES]));
  if (!imported)
    printf("  snapshots %d of %d\n", info->n_snapshot_done, info->n_snapshot);
  print_resumed(info);
  if (info->ended)
    print_end(info);
  printf("  size      %s on disk%s\n", lc_print_bytes(a, info->disk_bytes),
         info->exact ? ", compacted" : ", with room behind the rows");
  if (imported) {
    print_lines(info, "logs", "source_files");
  } else {
    printf("  libraries %s, HDF5 %s\n", attribute(info, "mpi_library"),
           attribute(info, "hdf5_version"));
    print_lines(info, "options", "options");
  }
  print_lines(info, "history", "history");
}

lc_status lc_info_command(const char *path, struct lc_error *err) {
  struct lc_store_info info;
  lc_status status = lc_store_describe(path, &info, err);
  if (status)
    return status;
  print_info(path, &info);
  lc_store_info_free(&info);
  return LC_OK;
}

/* "--": there was something to judge, and none of it is on file. */
static const char *word_of(const struct lc_check *check, bool all_logged) {
  if (check->n_violation)
    return "FAIL";
  return check->n_checked || (all_logged && !check->n_unknown) ? "ok" : "--";
}

/* `notes`: what is worth saying is said of good checks too. */
static void print_check(const struct lc_check *check, bool all_logged, bool notes) {
  char n[LC_QUANTITY_MAX], bad[LC_QUANTITY_MAX];
  printf("%-4s  %-16s %12s  %s\n", word_of(check, all_logged), check->name,
         lc_print_count(n, check->n_checked), check->claim);
  if (check->n_unknown)
    printf("      %-16s %12s  could not be judged: what they need is not on file\n", "",
           lc_print_count(n, check->n_unknown));
  if (check->n_violation)
    printf("      %s violation%s; the smallest: %s\n", lc_print_count(bad, check->n_violation),
           check->n_violation == 1 ? "" : "s", check->witness);
  if (*check->note && (check->n_violation || notes))
    printf("      %s\n", check->note);
}

static int32_t count_logged(const struct lc_history *history) {
  int32_t logged = 0;
  for (int32_t v = 0; v < history->n_vm; v++)
    logged += history->machine[v].logged;
  return logged;
}

/* That nothing wrong was found, and what could not be judged. */
static void print_verified(const char *path, const struct lc_history *history, int32_t logged) {
  const char *end = history->ended ? "" : "the run has no end";
  const char *log = logged == history->n_vm ? ""
                    : logged                ? "not every VM is logged"
                                            : "no VM is logged";
  if (*end || *log)
    printf("%s: verified as far as it is on file (%s%s%s)\n", path, end, *end && *log ? ", " : "",
           log);
  else
    printf("%s: verified\n", path);
}

lc_status lc_verify_command(const char *path, bool json, struct lc_error *err) {
  struct lc_history history;
  lc_status status = lc_store_read(path, &history, err);
  if (status) {
    if (json)
      json_unreadable(path, status, err);
    return status;
  }
  struct lc_verdict *verdict = lc_new(1, sizeof *verdict, "the verdict");
  status = lc_verify(&history, verdict);
  int32_t logged = count_logged(&history);
  for (int32_t i = 0; i < verdict->n_check && !json; i++)
    print_check(&verdict->check[i], logged == history.n_vm, history.foreign != NULL);
  if (json)
    json_verdict(path, &history, verdict, status, logged == history.n_vm);
  if (status)
    lc_fail(err, LC_EVERIFY, "%s: verification failed", path);
  else if (!json)
    print_verified(path, &history, logged);
  lc_history_free(&history);
  free(verdict);
  return status;
}

lc_status lc_config_command(struct lc_config *config, int32_t n_rank, struct lc_error *err) {
  struct lc_clock_set clocks;
  lc_status status = lc_config_settle(config, n_rank, err);
  if (status)
    return status;
  status = lc_config_clocks(config, &clocks, err);
  if (status)
    return status;
  char *text = lc_config_text(config);
  puts(text);
  free(text);
  return LC_OK;
}

lc_status lc_recover_command(const char *path, struct lc_error *err) {
  enum lc_run_state was;
  lc_status status = lc_store_recover(path, &was, err);
  if (status)
    return status;
  struct lc_store_info info;
  status = lc_store_describe(path, &info, err);
  if (status)
    return status;
  char events[LC_QUANTITY_MAX], messages[LC_QUANTITY_MAX];
  printf("%s: was %s, is %s: %s events, %s messages, %d snapshot%s\n", path, lc_run_state_name(was),
         lc_run_state_name(info.state), lc_print_count(events, info.rows[LC_EVENTS]),
         lc_print_count(messages, info.rows[LC_MESSAGES]), info.n_snapshot_done,
         info.n_snapshot_done == 1 ? "" : "s");
  lc_store_info_free(&info);
  return LC_OK;
}
