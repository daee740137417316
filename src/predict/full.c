/* In a full network every VM hears all that is sent but for its own: with S what all send together
 * to each, and u_i its idle ticks, a_i = S - s u_i, so that u_i = (r_i - S) / (1 - s) where that is
 * above 0. Those are the m fastest, and S = s R / (1 - s + s m) with R the sum of their rates: the
 * next slower one is among them as long as it ticks faster than S. Nothing is divided by 1 - s
 * where only VMs of one rate are among them, so s = 1 is no special case: then the fastest alone
 * have idle ticks. */
#include "theory.h"

#include <math.h>
#include <string.h>

/* VMs with idle ticks: how many, their highest rate, and by how much all others fall short of it.
 */
struct idlers {
  double m, top, behind;
};

static double stream_of(const struct idlers *f, double s) {
  return s * (f->m * f->top - f->behind) / (fmax(0, 1 - s) + s * f->m);
}

static double idle_of(const struct idlers *f, double s, double ticks, double stream) {
  double spread = f->behind - f->m * (f->top - ticks), rest = fmax(0, 1 - s);
  if (ticks < f->top && ticks <= stream)
    return 0;
  return fmax(0, (ticks + (spread < 0 || spread > 0 ? s * spread / rest : 0)) / (rest + s * f->m));
}

static double find_idlers(const struct lc_theory *t, double s, struct idlers *f) {
  double stream = 0;
  for (int32_t k = 0; k < t->rates->n; k++) {
    double n = (double)t->n_with[t->fastest[k]], ticks = t->ticks[t->fastest[k]];
    if (n == 0)
      continue;
    if (f->m == 0)
      f->top = ticks;
    if (ticks < f->top && ticks <= stream)
      break;
    f->m += n;
    f->behind += n * (f->top - ticks);
    stream = stream_of(f, s);
  }
  return stream;
}

static void count_rates(struct lc_theory *t) {
  memset(t->n_with, 0, (size_t)t->rates->n * sizeof *t->n_with);
  for (int32_t i = 0; i < t->n; i++)
    t->n_with[t->rate[i]]++;
}

void solve_full_network(struct lc_theory *t) {
  struct idlers f = {0, 0, 0};
  count_rates(t);
  double s = share_of(t->load, t->n - 1), stream = find_idlers(t, s, &f), sent = 0;
  for (int32_t k = 0; k < t->rates->n; k++)
    if (t->n_with[k])
      sent += s * (double)t->n_with[k] * idle_of(&f, s, t->ticks[k], stream);
  for (int32_t k = 0; k < t->rates->n; k++) {
    if (!t->n_with[k])
      continue;
    double idle = idle_of(&f, s, t->ticks[k], stream);
    t->by_rate[k] = fmax(0, sent - s * idle);
    t->residual = fmax(t->residual, idle_error(t->ticks[k], t->by_rate[k], idle));
  }
  for (int32_t i = 0; i < t->n; i++)
    t->arrivals[i] = t->by_rate[t->rate[i]];
}

void sum_full_network(struct lc_theory *t) {
  double s = share_of(t->load, t->n - 1), all = 0;
  for (int32_t i = 0; i < t->n; i++)
    all += s * ticks_of(t, i);
  for (int32_t i = 0; i < t->n; i++)
    t->arrivals[i] = fmax(0, all - s * ticks_of(t, i));
}
