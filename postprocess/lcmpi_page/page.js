"use strict";
/* Joins the parts of the page. In a console, `lcmpi` has runs (the data), diagrams and charts, each by the number of the run;
 * null where a run has none. */

const lcmpi = {runs: JSON.parse(document.getElementById("data").textContent), diagrams: [], charts: [], compared: []};
window.lcmpi = lcmpi;
lcmpi.runs.forEach((run, number) => {
  const place = document.getElementById(`plots${number}`);
  const charts = run.plots ? plotRun(place, run.plots) : [];
  const diagram = run.diagram ? new Diagram(document.getElementById(`diagram${number}`), run.diagram) : null;
  if (diagram) diagram.whenViewed.push((view) => showTime(charts, diagram.showsAll ? [0, run.plots.end] : view));
  lcmpi.charts.push(charts);
  lcmpi.diagrams.push(diagram);
});
if (lcmpi.runs.length > 1) lcmpi.compared = plotCompared(document.getElementById("compared"), lcmpi.runs);
