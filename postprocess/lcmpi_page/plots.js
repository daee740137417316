"use strict";
/* Plots over time, on Chart.js. */

const COLOURS = ["#0072B2", "#E69F00", "#555555", "#D55E00", "#009E73", "#CC79A7"];

/* Options that all plots share; x is model time in seconds. */
function plotOptions(title, {points, below}) {
  const ink = getComputedStyle(document.body).color, grid = "rgba(128, 128, 128, 0.25)";
  const axis = (text) => ({type: "linear", title: {display: Boolean(text), text, color: ink}, ticks: {color: ink}, grid: {color: grid}});
  return {
    animation: false, maintainAspectRatio: false, parsing: false, normalized: true,
    interaction: {mode: points ? "nearest" : "index", intersect: Boolean(points)},
    scales: {x: axis("model time (s)"), y: {...axis(""), ...(below ? {} : {min: 0})}},
    elements: {point: {radius: points ? 1.6 : 0, hitRadius: 6}, line: {borderWidth: 1.5}},
    plugins: {title: {display: true, text: title, color: ink, align: "start"}, legend: {labels: {color: ink, boxWidth: 12, boxHeight: 2}}},
  };
}

/* A plot in `place`; `lines`: [{label, points: [[x, y], ...]}]. How: points (not lines), stepped (a value holds until the next one),
 * below (values may be negative). */
function makePlot(place, title, lines, how = {}) {
  const box = document.createElement("div"), canvas = document.createElement("canvas");
  box.className = "plot";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  box.append(canvas);
  place.append(box);
  const datasets = lines.map(({label, points: data}, k) => ({
    label, data: data.filter(([, y]) => y !== null).map(([x, y]) => ({x, y})), showLine: !how.points, stepped: Boolean(how.stepped),
    borderColor: COLOURS[k % COLOURS.length], backgroundColor: COLOURS[k % COLOURS.length],
  }));
  return new Chart(canvas, {type: "line", data: {datasets}, options: plotOptions(title, how)});
}

function together(times, values) {
  return times.map((t, k) => [t, values[k]]);
}

/* The plots of a run. */
function plotRun(place, plots) {
  const titles = {clock: `${plots.clock} clock`, drift: "drift: clock behind the largest of the system", queue: "messages in the queue"};
  const charts = Object.entries(titles).filter(([name]) => plots.lines[name]).map(([name, title]) => makePlot(place, title,
    plots.labels.map((label, k) => ({label, points: together(plots.times, plots.lines[name][k])})),
    {stepped: plots.stepped, below: name === "drift"}));
  if (plots.jumps)
    charts.push(makePlot(place, `jumps of the ${plots.clock} clock`,
      plots.labels.map((label, k) => ({label, points: plots.jumps[k]})), {points: true}));
  return charts;
}

/* Of each run one line: the value of all its lines that is furthest from 0. */
function plotCompared(place, runs) {
  const most = (lines, k) => lines.reduce((found, line) => line[k] === null || Math.abs(line[k]) < Math.abs(found) ? found : line[k], 0);
  return [["drift", "drift: the clock furthest behind"], ["queue", "the longest queue"]].map(([name, title]) => makePlot(place, title,
    runs.filter(({plots}) => plots && plots.lines[name]).map(({name: label, plots: {times, lines}}) => (
      {label, points: times.map((t, k) => [t, most(lines[name], k)])})), {below: name === "drift"}));
}

/* Shows this time in the charts. */
function showTime(charts, [start, end]) {
  for (const chart of charts) {
    Object.assign(chart.options.scales.x, {min: start, max: end});
    chart.update("none");
  }
}
