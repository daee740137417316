"use strict";
/* Joins the parts of the page. In a console, `lcmpi` has runs (the data), diagrams (null where a run has none), charts over time and
 * over the copies, each by the number of the run. */

const lcmpi = {runs: JSON.parse(document.getElementById("data").textContent), diagrams: [], charts: [], copies: [], compared: []};
window.lcmpi = lcmpi;
lcmpi.runs.forEach((run, number) => {
  const place = document.getElementById(`plots${number}`);
  const charts = run.plots ? plotRun(place, run.plots) : [];
  const diagram = run.diagram ? new Diagram(document.getElementById(`diagram${number}`), run.diagram) : null;
  if (diagram && charts.length) diagram.whenViewed.push((view) => showTime(charts, diagram.showsAll ? [0, run.plots.end] : view));
  lcmpi.charts.push(charts);
  lcmpi.copies.push(run.copies ? plotCopies(document.getElementById(`copies${number}`), run.copies) : []);
  lcmpi.diagrams.push(diagram);
});
if (lcmpi.runs.length > 1) lcmpi.compared = plotCompared(document.getElementById("compared"), lcmpi.runs);
