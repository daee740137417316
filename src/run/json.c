/* Writes the verdict on a file as one JSON object. Programs of teachers read it: names are added,
 * none is ever changed or taken away, and "version" would say so if it had to be. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 1 };

/* The length of the character of UTF-8 at `at`; 0 if there is none. */
static int utf8_length(const unsigned char *at) {
  int n = *at < 0x80                  ? 1
          : *at >= 0xc2 && *at < 0xe0 ? 2
          : *at >= 0xe0 && *at < 0xf0 ? 3
          : *at >= 0xf0 && *at < 0xf5 ? 4
                                      : 0;
  for (int i = 1; i < n; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return n;
}

/* Names of files may hold anything; what is no character becomes a question mark. */
void json_text(const char *text) {
  putchar('"');
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    int n = utf8_length(at);
    if (*at == '"' || *at == '\\')
      printf("\\%c", *at);
    else if (*at < 0x20)
      printf("\\u%04x", *at);
    else
      fwrite(n ? (const void *)at : "?", 1, n ? (size_t)n : 1, stdout);
    at += n ? n : 1;
  }
  putchar('"');
}

static void print_texts(char *const *text, int32_t n) {
  putchar('[');
  for (int32_t i = 0; i < n; i++) {
    printf("%s", i ? ", " : "");
    json_text(text[i]);
  }
  putchar(']');
}

void json_line(const struct lc_history *h, int32_t machine, int32_t file, int64_t line) {
  printf(", \"machine\": ");
  json_text(h->foreign->name[machine]);
  printf(", \"file\": ");
  json_text(h->foreign->file[file]);
  printf(", \"line\": %" PRId64, line);
}

static void print_place(const struct lc_history *h, const struct lc_place *place) {
  printf("{\"vm\": %d, \"event\": %" PRId64, place->machine, place->seq);
  if (h->foreign)
    json_line(h, place->machine, place->file, place->line);
  putchar('}');
}

static void print_witness(const struct lc_history *h, const struct lc_check *check) {
  printf("{\"text\": ");
  json_text(check->witness);
  printf(", \"t_ns\": %" PRId64 ", \"places\": [", check->t_witness);
  for (int32_t i = 0; i < check->n_place; i++) {
    printf("%s", i ? ", " : "");
    print_place(h, &check->place[i]);
  }
  printf("]}");
}

static void print_check(const struct lc_history *h, const struct lc_check *check, bool all_logged) {
  bool judged = check->n_checked || (all_logged && !check->n_unknown);
  printf("{\"name\": ");
  json_text(check->name);
  printf(", \"claim\": ");
  json_text(check->claim);
  printf(", \"result\": \"%s\", \"checked\": %" PRId64 ", \"unknown\": %" PRId64
         ", \"violations\": %" PRId64 ", \"note\": ",
         check->n_violation ? "fail"
         : judged           ? "ok"
                            : "unknown",
         check->n_checked, check->n_unknown, check->n_violation);
  json_text(check->note);
  printf(", \"witness\": ");
  if (check->n_violation)
    print_witness(h, check);
  else
    printf("null");
  putchar('}');
}

static void print_head(const char *path, const char *verdict, lc_status status) {
  printf("{\"version\": %d, \"file\": ", VERSION);
  json_text(path);
  printf(", \"verdict\": \"%s\", \"exit_code\": %d", verdict, (int)status);
}

static void print_import(const struct lc_foreign *f, int32_t n_vm) {
  static const char *const convention[] = {"after-update", "before-update", "before-maximum"};
  if (!f) {
    printf("null");
    return;
  }
  printf("{\"format\": ");
  json_text(f->format);
  printf(", \"logged\": \"%s\", \"tick_rule\": \"%s\", \"machines\": ", convention[f->convention],
         f->then_act ? "receive-then-act" : "receive-or-act");
  print_texts(f->name, n_vm);
  printf(", \"files\": ");
  print_texts(f->file, f->n_file);
  putchar('}');
}

void json_verdict(const char *path, const struct lc_history *h, const struct lc_verdict *verdict,
                  lc_status status, bool all_logged) {
  print_head(path, status ? "failed" : h->ended && all_logged ? "verified" : "partly", status);
  printf(", \"error\": null, \"imported\": ");
  print_import(h->foreign, h->n_vm);
  printf(", \"checks\": [");
  for (int32_t i = 0; i < verdict->n_check; i++) {
    printf("%s", i ? ", " : "");
    print_check(h, &verdict->check[i], all_logged);
  }
  printf("]}\n");
}

void json_unreadable(const char *path, lc_status status, const struct lc_error *err) {
  print_head(path, "unreadable", status);
  printf(", \"error\": ");
  json_text(err->text);
  printf(", \"imported\": null, \"checks\": []}\n");
}
