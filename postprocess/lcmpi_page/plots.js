"use strict";
/* Plots over time, on Chart.js. */

const COLOURS = matchMedia("(prefers-color-scheme: dark)").matches
  ? ["#56B4E9", "#E69F00", "#BBBBBB", "#F0763E", "#35C49A", "#CC79A7"] : ["#0072B2", "#E69F00", "#555555", "#D55E00", "#009E73", "#CC79A7"];

/* Options that all plots share; x is model time in seconds, from 0 up to `end`, or what `along` says. */
function plotOptions(title, {points, below, end, along}) {
  const ink = getComputedStyle(document.body).color, grid = "rgba(128, 128, 128, 0.25)";
  const axis = (text) => ({type: "linear", title: {display: Boolean(text), text, color: ink}, ticks: {color: ink}, grid: {color: grid}});
  return {
    animation: false, maintainAspectRatio: false, parsing: false, normalized: true,
    interaction: {mode: "nearest", axis: points ? "xy" : "x", intersect: Boolean(points)},
    scales: {x: along === undefined ? {...axis("model time (s)"), min: 0, max: end} : axis(along), y: {...axis(""), ...(below ? {} : {min: 0})}},
    elements: {point: {radius: points ? 1.6 : 0, hitRadius: 6}, line: {borderWidth: 1.5}},
    plugins: {title: {display: true, text: title, color: ink, align: "start"}, 
      legend: {labels: {color: ink, boxWidth: 12, boxHeight: 2, filter: (item, data) => !data.datasets[item.datasetIndex].isTheory}}},
  };
}

/* A plot in `place`; `lines`: [{label, points: [[x, y], ...], theory: [x, y]}]. How: points (not lines), stepped (a value holds until the
 * next one), below (values may be negative), end (of the time), along (what x is, if not time). What theory expects is a diamond. */
function makePlot(place, title, lines, how = {}) {
  const box = document.createElement("div"), canvas = document.createElement("canvas");
  box.className = "plot";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  box.append(canvas);
  place.append(box);
  const dataset = (label, data, k, look) => ({label, data: data.filter(([, y]) => y !== null).map(([x, y]) => ({x, y})),
    borderColor: COLOURS[k % COLOURS.length], backgroundColor: COLOURS[k % COLOURS.length], ...look});
  const theory = lines.map(({label, theory: point}, k) => point && dataset(`theory for ${label}`, [point], k,
    {showLine: false, pointStyle: "rectRot", radius: 5, borderWidth: 2, backgroundColor: "transparent", clip: false, isTheory: true}));
  const datasets = [...lines.map(({label, points}, k) => dataset(label, points, k, {showLine: !how.points, stepped: Boolean(how.stepped)})),
    ...theory.filter(Boolean)];
  return new Chart(canvas, {type: "line", data: {datasets}, options: plotOptions(title, how)});
}

function together(times, values) {
  return times.map((t, k) => [t, values[k]]);
}

/* The plots of a run. */
function plotRun(place, plots) {
  const titles = {clock: `${plots.clock} clock`, drift: `drift: clock behind the largest ${plots.drift_of}`, queue: "messages in the queue"};
  for (const name of Object.keys(titles)) if (plots.theory[name]) titles[name] += " (\u25c7 theory at the end)";
  const charts = Object.entries(titles).filter(([name]) => plots.lines[name]).map(([name, title]) => makePlot(place, title,
    plots.labels.map((label, k) => ({label, points: together(plots.times, plots.lines[name][k]),
      theory: plots.theory[name] && [plots.theory.t, plots.theory[name][k]]})),
    {stepped: plots.stepped, below: name === "drift", end: plots.end}));
  if (plots.jumps)
    charts.push(makePlot(place, plots.stepped ? `jumps of the ${plots.clock} clock` : `largest jump of the ${plots.clock} clock so far`,
      plots.labels.map((label, k) => ({label, points: plots.jumps[k]})), {points: true, end: plots.end}));
  return charts;
}

/* Distributions over the copies of a run. */
function plotCopies(place, distributions) {
  return distributions.map(({title, lines}) => makePlot(place, title, lines, {stepped: true, along: ""}));
}

/* Of each run one line, of the machine that is worst off at that time. */
function plotCompared(place, runs) {
  return [["drift", "drift: the clock furthest behind"], ["queue", "the longest queue"]].map(([name, title]) => makePlot(place, title,
    runs.filter(({plots}) => plots && plots.worst[name]).map(({name: label, plots: {times, worst}}) => (
      {label, points: together(times, worst[name])})), {below: name === "drift"}));
}

/* Shows this time in the charts. */
function showTime(charts, [start, end]) {
  for (const chart of charts) {
    Object.assign(chart.options.scales.x, {min: start, max: end});
    chart.update("none");
  }
}
