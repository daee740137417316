/* The fixed point of predict.h. In a full network every VM hears the same stream but its own, so
 * all is in one number, the stream's rate, which falls as it rises: it is bisected over the VMs'
 * rates. In another network the map is iterated, damped, since it turns order round and would
 * swing. */
#include "lcmpi/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct copy {
  const struct lc_workload *load;
  const struct lc_rate_rule *rates;
  int32_t first, n;   /* global ids of the copy's VMs */
  int64_t *with_rate; /* [rates->n] VMs of each rate */
};

static double rate_value(struct lc_rate rate) {
  return (double)rate.p / (double)rate.q;
}

static double rate_of_vm(const struct copy *c, int32_t vm) {
  return rate_value(lc_rate_of(c->rates, c->load->seed, vm, c->n));
}

/* The probability that an idle tick of a VM with so many peers sends to a given one of them. */
static double share(const struct lc_workload *load, int32_t degree) {
  double unicast = (double)load->unicast_below * 0x1p-32;
  double multicast = (double)load->multicast_below * 0x1p-32 - unicast;
  int32_t fanout = load->fanout < degree ? load->fanout : degree;
  return degree ? (unicast + multicast * fanout) / degree : 0;
}

/* Arrivals at a VM of rate r when all VMs together send `stream` to everyone else. */
static double arrivals_of(double stream, double s, double r) {
  double alone = s < 1 ? (stream - s * r) / (1 - s) : 0;
  return alone < r ? (alone > 0 ? alone : 0) : stream;
}

static double sent_by_all(const struct copy *c, double stream, double s) {
  double sum = 0;
  for (int32_t i = 0; i < c->rates->n; i++) {
    double r = rate_value(c->rates->rate[i]), idle = r - arrivals_of(stream, s, r);
    sum += idle > 0 ? (double)c->with_rate[i] * s * idle : 0;
  }
  return sum;
}

static double find_stream(const struct copy *c, double s, double *residual) {
  double low = 0, high = sent_by_all(c, 0, s);
  for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    double middle = low + (high - low) / 2;
    if (sent_by_all(c, middle, s) > middle)
      low = middle;
    else
      high = middle;
  }
  if (high > 0)
    *residual = fmax(*residual, fabs(sent_by_all(c, high, s) - high) / high);
  return high;
}

static void full_network(const struct copy *c, double *arrivals, int32_t first, int32_t n,
                         double *residual) {
  double s = share(c->load, c->n - 1), stream = find_stream(c, s, residual);
  for (int32_t i = 0; i < n; i++)
    arrivals[i] = arrivals_of(stream, s, rate_of_vm(c, first + i));
}

static void send_once(const struct copy *c, const double *arrivals, double *next) {
  const struct lc_topology *t = c->load->topology;
  memset(next, 0, (size_t)c->n * sizeof *next);
  for (int32_t i = 0; i < c->n; i++) {
    int32_t vm = c->first + i, degree = lc_topology_degree(t, vm);
    double idle = rate_of_vm(c, vm) - arrivals[i], sent = idle * share(c->load, degree);
    for (int32_t k = 0; k < degree && idle > 0; k++)
      next[lc_topology_peer(t, vm, k) - c->first] += sent;
  }
}

static void other_network(const struct copy *c, double *arrivals, double *residual) {
  enum { MOST = 5000 };
  double *next = lc_new((size_t)c->n, sizeof *next, "the prediction"), change = 1;
  double step = 1 / (1 + lc_workload_messages_per_tick(c->load));
  for (int k = 0; k < MOST && change > 1e-12; k++) {
    change = 0;
    send_once(c, arrivals, next);
    for (int32_t i = 0; i < c->n; i++) {
      double move = next[i] - arrivals[i];
      change = fmax(change, fabs(move) / fmax(fmax(next[i], arrivals[i]), 1e-300));
      arrivals[i] += step * move;
    }
  }
  *residual = fmax(*residual, change);
  free(next);
}

/* See predict.h; n ticks, m and v per tick. */
static double mean_queue(double n, double load) {
  double m = load - 1, v = load, x = m * sqrt(n / v);
  double below = erfc(-x / sqrt(2)) / 2, density = exp(-x * x / 2) / sqrt(2 * acos(-1));
  if (n < 1 || load <= 0)
    return 0;
  if (fabs(x) < 1e-4)
    return sqrt(v * n) * 2 * density;
  return fmax(0, m * n * below + sqrt(v * n) * density + v / (2 * m) * (2 * below - 1));
}

/* The fastest unsaturated rate of the copy, or the fastest of all if there is none. */
static double leading_rate(const struct copy *c, const double *arrivals) {
  double unsaturated = 0, any = 0;
  for (int32_t i = 0; i < c->n; i++) {
    double r = rate_of_vm(c, c->first + i);
    any = fmax(any, r);
    if (arrivals[i] <= r)
      unsaturated = fmax(unsaturated, r);
  }
  return unsaturated > 0 ? unsaturated : any;
}

static void predict_copy(const struct copy *c, int64_t duration_ns, int32_t first, int32_t n,
                         struct lc_prediction *out, double *residual) {
  double seconds = (double)duration_ns / 1e9;
  double *arrivals = lc_new((size_t)c->n, sizeof *arrivals, "the prediction");
  if (c->n > 1 && c->load->topology->kind == LC_TOPOLOGY_FULL)
    full_network(c, arrivals, c->first, c->n, residual);
  else
    other_network(c, arrivals, residual);
  double lead = leading_rate(c, arrivals);
  for (int32_t i = 0; i < n; i++) {
    double a = arrivals[first - c->first + i], r = rate_of_vm(c, first + i);
    bool saturated = a > r;
    out[i] = (struct lc_prediction){
        .arrivals = a,
        .queue = mean_queue(r * seconds, a / r),
        .clock = fmax(r, saturated ? lead * r / a
                         : a > 0   ? lead
                                   : r) *
                 seconds,
        .saturated = saturated,
    };
  }
  free(arrivals);
}

static void count_rates(struct copy *c) {
  memset(c->with_rate, 0, (size_t)c->rates->n * sizeof *c->with_rate);
  for (int32_t i = 0; i < c->n; i++)
    c->with_rate[lc_rate_index(c->rates, c->load->seed, c->first + i, c->n)]++;
}

void lc_predict(const struct lc_workload *load, const struct lc_rate_rule *rates,
                int64_t duration_ns, int32_t first, int32_t n, struct lc_prediction *out,
                double *residual) {
  double worst = 0;
  struct copy c = {.load = load, .rates = rates, .n = load->topology->n_vm};
  c.with_rate = lc_new((size_t)rates->n, sizeof *c.with_rate, "the prediction");
  for (int32_t done = 0; done < n;) {
    int32_t vm = first + done, left = n - done;
    c.first = vm - vm % c.n;
    int32_t here = c.first + c.n - vm < left ? c.first + c.n - vm : left;
    count_rates(&c);
    predict_copy(&c, duration_ns, vm, here, out + done, &worst);
    done += here;
  }
  if (residual)
    *residual = worst;
  free(c.with_rate);
}

double lc_predict_bytes(int32_t n_copy) {
  return 2.0 * n_copy * (double)sizeof(double); /* the arrivals, and those of the next step */
}
