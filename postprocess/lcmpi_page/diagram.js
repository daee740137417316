"use strict";
/* The space-time diagram: a line per VM, its events, messages as arrows, snapshots as cuts. `SpaceTime` knows the data and what
 * happened before what; `Diagram` draws it and listens. In a console: lcmpi.diagrams[0].select(12), .relation(3), .zoom(2, 5),
 * .selectCut(lcmpi.diagrams[0].data.cuts[0]). */

class SpaceTime {
  constructor(data) {
    Object.assign(this, data);
    this.n = data.events.t.length;
    this.first = []; // of each row: its events are [first, first of the next row)
    for (let i = 0, row = 0; row <= data.vms.length; row++) {
      this.first.push(i);
      while (i < this.n && data.events.row[i] === row) i++;
    }
    this.after = []; // of each event: how many of its VM's events just before it were at the same time
    for (let i = 0; i < this.n; i++) this.after.push(i > 0 && this.isSameMoment(i - 1, i) ? this.after[i - 1] + 1 : 0);
    this.steps = data.known;
    this.known = data.known && this.unfold(data.known, data.vms.length, (row) => row);
    this.vectors = Object.entries(data.events.stamps).filter(([, stamps]) => stamps.width).map(([clock, stamps]) => (
      {clock, width: stamps.width, values: this.unfold(stamps, stamps.width, (row) => data.vms[row].id)}));
    this.through = this.known ? this.hiddenPaths() : [];
  }

  /* A row of `width` numbers for each event: those of the event before it on its VM, with 1 more in the VM's own column, and `steps`. */
  unfold({event, column, more}, width, own) {
    const table = new Float64Array(this.n * width), rows = this.events.row;
    for (let i = 0, k = 0; i < this.n; i++) {
      if (i > this.first[rows[i]]) table.copyWithin(i * width, (i - 1) * width, i * width);
      table[i * width + own(rows[i])] += 1;
      for (; event[k] === i; k++) table[i * width + column[k]] += more[k];
    }
    return table;
  }

  /* [cause, event] where an event is the first of its VM to know of a cause by way of VMs that are not here: as few as say it. */
  hiddenPaths() {
    const sends = new Map(), found = [], {event, column} = this.steps;
    for (const [send, receive] of this.messages) if (send >= 0 && receive >= 0) sends.set(receive, [...sends.get(receive) || [], send]);
    for (let k = 0; k < event.length;) {
      const i = event[k], causes = [...sends.get(i) || []];
      for (; event[k] === i; k++) causes.push(this.first[column[k]] + this.knows(i, column[k]) - 1);
      const last = [...new Set(causes)].filter((a) => !causes.some((b) => this.happenedBefore(a, b)));
      found.push(...last.filter((a) => !(sends.get(i) || []).includes(a)).map((a) => [a, i]));
    }
    return found;
  }

  isSameMoment(a, b) {
    return this.events.row[a] === this.events.row[b] && this.events.t[a] === this.events.t[b];
  }

  /* The number of an event among those of its VM that are here. */
  position(i) {
    return i - this.first[this.events.row[i]];
  }

  /* How many events of a row happened before event i or are it. */
  knows(i, row) {
    return this.known[i * this.vms.length + row];
  }

  happenedBefore(a, b) {
    return a !== b && this.knows(b, this.events.row[a]) > this.position(a);
  }

  /* Of event i to the selected one: "self", "past", "future", "concurrent"; null if that cannot be told. */
  relation(i, selected) {
    if (i === selected) return "self";
    if (!this.known) return null;
    return this.happenedBefore(i, selected) ? "past" : this.happenedBefore(selected, i) ? "future" : "concurrent";
  }

  /* Whether event i is before a cut. */
  isBefore(i, cut) {
    return this.events.seq[i] < cut.n_event[this.events.row[i]];
  }

  /* Whether a message was sent before a cut and not received before it. */
  crosses([send, receive, , , , , , fate], cut) {
    return fate !== "LOST" && (send < 0 || this.isBefore(send, cut)) && (receive < 0 || !this.isBefore(receive, cut));
  }

  name(i) {
    return `${this.vms[this.events.row[i]].id}:${this.events.seq[i]}`;
  }

  /* Of row `row` the event nearest to time t, or -1. */
  nearest(row, t) {
    let low = this.first[row], high = this.first[row + 1];
    if (low === high) return -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.events.t[middle] <= t) low = middle;
      else high = middle;
    }
    const next = low + 1 < this.first[row + 1] ? low + 1 : low;
    return Math.abs(this.events.t[next] - t) < Math.abs(this.events.t[low] - t) ? next : low;
  }

  /* The time of so many events, from the first on. */
  beginning(many) {
    const times = [...this.events.t].sort((a, b) => a - b);
    return [this.window[0], many < times.length ? times[many] : this.window[1]];
  }

  /* What an event is, as lines of text. */
  describe(i) {
    const e = this.events, kind = e.kind[i], sender = this.vms[e.row[i]].id;
    const lines = [`${this.name(i)}  ${kind}`, `${e.t[i]} s, tick ${e.tick[i]}`];
    for (const [clock, stamps] of Object.entries(e.stamps)) if (!stamps.width) lines.push(`${clock}  ${stamps[i]}`);
    for (const {clock, width, values} of this.vectors)
      lines.push(`${clock}  [${values.subarray(i * width, (i + 1) * width).join(", ")}]`);
    if (kind === "RECEIVE") lines.push(`takes ${e.peer[i]}:${e.msg_first[i]}`);
    if (kind === "SEND") {
      const ids = Array.from({length: e.msg_count[i]}, (_, k) => `${sender}:${e.msg_first[i] + k}`);
      lines.push(`sends ${ids.length > 6 ? `${ids[0]} to ${ids[ids.length - 1]}` : ids.join(", ")}`);
    }
    if (e.queue_before[i] >= 0) lines.push(`queue ${e.queue_before[i]} before, ${e.queue_after[i]} after`);
    return lines;
  }
}

const MARGIN = {left: 92, right: 18, top: 26, bottom: 30};
const REACH = 9; // pixels within which an event is meant
const BESIDE = 9; // pixels between events of a VM at the same time
const READABLE = 150; // events that the first view has
const LABEL = 46; // pixels that a cut's name takes

class Diagram {
  constructor(element, data) {
    this.data = new SpaceTime(data);
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.tooltip = element.querySelector(".tooltip");
    this.panel = element.querySelector(".selected");
    this.selected = this.hovered = -1;
    this.cut = null; // the one that is selected
    this.view = this.data.beginning(READABLE);
    this.whenViewed = []; // called with [start, end] when the view has changed
    this.rowHeight = Math.max(24, Math.min(84, 420 / data.vms.length));
    this.height = MARGIN.top + MARGIN.bottom + this.rowHeight * data.vms.length;
    this.makeButtons();
    this.makeLegend();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.describeSelected();
  }

  // ---- where things are ------------------------------------------------------------------------

  x(t) {
    const [start, end] = this.view;
    return MARGIN.left + (t - start) / (end - start) * (this.width - MARGIN.left - MARGIN.right);
  }

  y(row) {
    return MARGIN.top + (row + 0.5) * this.rowHeight;
  }

  time(x) {
    const [start, end] = this.view;
    return start + (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right) * (end - start);
  }

  /* Place of an event on the canvas, in CSS pixels. Events of a VM at the same time stand side by side, if there is room. */
  place(i) {
    const x = this.x(this.data.events.t[i]), row = this.data.events.row[i], after = this.data.after[i];
    if (!after) return [x, this.y(row)];
    const room = this.x(this.view[0] + 0.4 / (this.data.vms[row].rate || 1)) - MARGIN.left;
    return [x + after * Math.min(BESIDE, room), this.y(row)];
  }

  /* The event at a place, or -1. */
  eventAt(x, y) {
    const row = Math.round((y - MARGIN.top) / this.rowHeight - 0.5);
    if (row < 0 || row >= this.data.vms.length || x < MARGIN.left - REACH) return -1;
    const near = this.data.nearest(row, this.time(x));
    if (near < 0) return -1;
    const first = this.data.first[row], away = (i) => Math.abs(this.place(i)[0] - x);
    let i = near;
    for (let k = Math.max(first, near - 3); k < Math.min(this.data.first[row + 1], near + 4); k++) if (away(k) < away(i)) i = k;
    return Math.hypot(away(i), this.y(row) - y) <= REACH ? i : -1;
  }

  // ---- the view --------------------------------------------------------------------------------

  /* Shows the time from start to end (s), as far as there is any. */
  zoom(start, end) {
    const [first, last] = this.data.window, least = Math.max((last - first) * 1e-6, 1e-9);
    const length = Math.min(last - first, Math.max(least, end - start));
    const from = Math.min(Math.max(first, start), last - length);
    this.view = length < last - first ? [from, from + length] : [first, last];
    this.draw();
    for (const tell of this.whenViewed) tell(this.view);
  }

  /* By a factor below 1: nearer; what is at time t stays where it is. */
  zoomBy(factor, t = (this.view[0] + this.view[1]) / 2) {
    this.zoom(t - (t - this.view[0]) * factor, t + (this.view[1] - t) * factor);
  }

  pan(seconds) {
    this.zoom(this.view[0] + seconds, this.view[1] + seconds);
  }

  reset() {
    this.zoom(...this.data.window);
  }

  get showsAll() {
    return this.view.every((t, k) => t === this.data.window[k]);
  }

  // ---- selecting -------------------------------------------------------------------------------

  /* Lights up the causal past and future of event i; -1: of none. */
  select(i) {
    this.selected = i;
    this.cut = null;
    this.describeSelected();
    this.draw();
  }

  /* Lights up what happened before a cut and the messages that cross it. */
  selectCut(cut) {
    this.selected = -1;
    this.cut = cut;
    this.describeSelected();
    this.draw();
  }

  /* "past", ... of event i to the selected one; null if none is. */
  relation(i) {
    return this.selected < 0 ? null : this.data.relation(i, this.selected);
  }

  describeSelected() {
    if (this.cut) {
      this.panel.textContent = this.describeCut(this.cut, Infinity).join("\n");
      return;
    }
    if (this.selected < 0) {
      this.panel.textContent = "Click an event to light up its causal past and future, a snapshot to light up the messages " +
        "that cross it. Drag to move, turn the wheel to zoom, arrow keys to step, Esc to clear.";
      return;
    }
    const count = {past: 0, future: 0, concurrent: 0};
    for (let i = 0; i < this.data.n; i++) count[this.relation(i)]++;
    const told = this.data.known ? `\n${count.past} in its past, ${count.future} in its future, ${count.concurrent} concurrent` +
      " (of the events shown)" : "\nThe log contradicts itself: past and future cannot be told.";
    this.panel.textContent = this.data.describe(this.selected).join("   ") + told;
  }

  step(along, across) {
    const data = this.data;
    let i = this.selected;
    if (i < 0) i = data.nearest(0, this.view[0]);
    else if (across) {
      const row = data.events.row[i] + across;
      if (row >= 0 && row < data.vms.length) i = data.nearest(row, data.events.t[i]);
    } else if (i + along >= 0 && i + along < data.n && data.events.row[i + along] === data.events.row[i]) i += along;
    if (i < 0) return;
    this.select(i);
    const t = data.events.t[i], length = this.view[1] - this.view[0];
    if (t < this.view[0] || t > this.view[1]) this.zoom(t - length / 2, t + length / 2);
  }

  // ---- drawing ---------------------------------------------------------------------------------

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw();
  }

  colour(name) {
    return getComputedStyle(this.element).getPropertyValue(`--${name}`).trim();
  }

  draw() {
    if (!this.pen) return;
    const seconds = (t) => `${+t.toPrecision(4)} s`;
    this.shown.textContent = `${this.view.map(seconds).join(" to ")}, of ${this.data.window.map(seconds).join(" to ")}`;
    const names = ["ink", "faint", "paper", "past", "future", "self", "message", "cut", "dim"];
    this.colours = Object.fromEntries(names.map((name) => [name, this.colour(name)]));
    this.pen.clearRect(0, 0, this.width, this.height);
    this.drawAxis();
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(MARGIN.left - REACH, 0, this.width - MARGIN.left - MARGIN.right + 2 * REACH, this.height);
    this.pen.clip();
    this.drawCuts();
    this.drawThrough();
    this.drawMessages();
    this.drawSkipped();
    this.drawEvents();
    this.pen.restore();
  }

  drawAxis() {
    const pen = this.pen, [start, end] = this.view, about = (end - start) / 8;
    const step = 10 ** Math.floor(Math.log10(about)), size = [1, 2, 5, 10].find((k) => k * step >= about) * step;
    const digits = Math.max(0, -Math.floor(Math.log10(size)));
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    pen.textAlign = "center";
    for (let k = Math.ceil(start / size); k * size <= end; k++) {
      pen.fillStyle = this.colours.ink;
      pen.fillText(`${(k * size).toFixed(digits)} s`, this.x(k * size), this.height - 8);
      this.line(this.x(k * size), MARGIN.top, this.x(k * size), this.height - MARGIN.bottom + 4, this.colours.dim);
    }
    pen.textAlign = "left";
    this.data.vms.forEach((vm, row) => {
      this.line(MARGIN.left, this.y(row), this.width - MARGIN.right, this.y(row), this.colours.faint);
      pen.fillStyle = this.colours.ink;
      pen.fillText(vm.label, 4, this.y(row) + 1, MARGIN.left - 14);
      pen.fillStyle = this.colours.faint;
      if (this.rowHeight >= 30 && vm.rate > 0) pen.fillText(`${+vm.rate.toPrecision(3)}/s`, 4, this.y(row) + 15, MARGIN.left - 14);
    });
  }

  line(x1, y1, x2, y2, colour) {
    this.pen.strokeStyle = colour;
    this.pen.beginPath();
    this.pen.moveTo(x1, y1);
    this.pen.lineTo(x2, y2);
    this.pen.stroke();
  }

  /* A cut goes through each VM's line where its state was recorded. Names that would overlap are left out. */
  drawCuts() {
    const pen = this.pen;
    pen.strokeStyle = pen.fillStyle = this.colours.cut;
    pen.textAlign = "center";
    let free = 0;
    for (const cut of this.data.cuts) {
      if (cut.t.every((t) => t < this.view[0]) || cut.t.every((t) => t > this.view[1])) continue;
      pen.setLineDash(cut === this.cut ? [] : [5, 4]);
      pen.lineWidth = cut === this.cut ? 2.4 : 1.3;
      pen.beginPath();
      pen.moveTo(this.x(cut.t[0]), MARGIN.top - 6);
      cut.t.forEach((t, row) => pen.lineTo(this.x(t), this.y(row)));
      pen.lineTo(this.x(cut.t[cut.t.length - 1]), this.height - MARGIN.bottom);
      pen.stroke();
      const middle = Math.min(this.x(cut.t[0]), this.width - MARGIN.right - LABEL / 2 + 8);
      if (middle - LABEL / 2 < free) continue;
      pen.fillText(cut.label.replace("snapshot ", "cut "), middle, MARGIN.top - 11);
      free = middle + LABEL / 2;
    }
    pen.setLineDash([]);
  }

  /* [colour, whether it is lit] of a message: by the cut, or by its two events. */
  lookOf(message) {
    const [send, receive] = message;
    if (this.cut) return this.data.crosses(message, this.cut) ? [this.colours.cut, true] : [this.colours.dim, false];
    if (this.selected < 0) return [this.colours.message, true];
    const side = send >= 0 && receive >= 0 ? this.sideOf(send, receive) : null;
    return side ? [this.colours[side], true] : [this.colours.dim, false];
  }

  /* "past" or "future", if two events are both on that side of the selected one or one is it; else null. */
  sideOf(...ends) {
    const is = ends.map((i) => this.relation(i));
    return ["past", "future"].find((side) => is.every((end) => end === side || end === "self")) || null;
  }

  drawMessages() {
    for (const message of this.data.messages) {
      const [send, receive, from, to, start, end] = message;
      const last = end === null ? start : end;
      if (last < this.view[0] || start > this.view[1]) continue;
      const [colour, lit] = this.lookOf(message);
      const tail = send >= 0 ? this.place(send) : [this.x(start), this.y(from)];
      const head = receive >= 0 ? this.place(receive) : [end === null ? this.width - MARGIN.right : this.x(end), this.y(to)];
      this.pen.lineWidth = lit ? 1.2 : 0.8;
      this.arrow(...tail, ...head, colour, receive >= 0);
    }
  }

  /* What came by way of VMs that are not here: thin, dashed; if an event is selected, of its past and future only. */
  drawThrough() {
    const pen = this.pen, {t} = this.data.events, free = this.selected < 0 && !this.cut;
    pen.setLineDash([6, 4]);
    pen.lineWidth = 0.8;
    for (const [cause, event] of this.data.through) {
      if (t[event] < this.view[0] || t[cause] > this.view[1]) continue;
      const colour = free ? "faint" : this.cut ? null : this.sideOf(cause, event);
      if (colour) this.line(...this.place(cause), ...this.place(event), this.colours[colour]);
    }
    pen.setLineDash([]);
  }

  /* Dashed, and without a head, if nobody took it (in the time shown). */
  arrow(x1, y1, x2, y2, colour, taken) {
    const pen = this.pen, angle = Math.atan2(y2 - y1, x2 - x1);
    if (!taken) pen.setLineDash([2, 3]);
    this.line(x1, y1, x2, y2, colour);
    pen.setLineDash([]);
    if (!taken) return;
    const tip = [x2 - 4 * Math.cos(angle), y2 - 4 * Math.sin(angle)];
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(...tip);
    for (const side of [2.75, -2.75]) pen.lineTo(tip[0] + 7 * Math.cos(angle + side), tip[1] + 7 * Math.sin(angle + side));
    pen.fill();
  }

  colourOf(i) {
    if (this.cut) return this.data.isBefore(i, this.cut) ? "ink" : "dim";
    const relation = this.relation(i);
    return relation === null ? "ink" : relation === "concurrent" ? "dim" : relation;
  }

  /* Ticks at which nothing happened, since the one before was not over: crosses. */
  drawSkipped() {
    const [start, end] = this.view;
    this.pen.lineWidth = 1;
    for (const [row, t] of this.data.skipped) {
      if (t < start || t > end) continue;
      const x = this.x(t), y = this.y(row);
      for (const side of [3, -3]) this.line(x - 3, y - side, x + 3, y + side, this.colours.faint);
    }
  }

  drawEvents() {
    const data = this.data, pad = (this.view[1] - this.view[0]) * 0.01;
    for (let i = 0; i < data.n; i++) {
      const t = data.events.t[i];
      if (t < this.view[0] - pad || t > this.view[1] + pad) continue;
      this.drawEvent(...this.place(i), data.events.kind[i], this.colours[this.colourOf(i)]);
      if (i === this.selected || i === this.hovered) this.ring(...this.place(i), this.colours.self);
    }
  }

  /* Internal: a small dot; send: an open triangle; receive: a full circle. */
  drawEvent(x, y, kind, colour) {
    const pen = this.pen;
    pen.fillStyle = kind === "SEND" ? this.colours.paper : colour;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.4;
    pen.beginPath();
    if (kind === "SEND") {
      pen.moveTo(x, y - 5);
      pen.lineTo(x + 4.6, y + 3.6);
      pen.lineTo(x - 4.6, y + 3.6);
      pen.closePath();
      pen.fill();
      pen.stroke();
    } else {
      pen.arc(x, y, kind === "RECEIVE" ? 4 : 2.2, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  ring(x, y, colour) {
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = 2;
    this.pen.beginPath();
    this.pen.arc(x, y, 8, 0, 2 * Math.PI);
    this.pen.stroke();
  }

  // ---- listening -------------------------------------------------------------------------------

  makeButtons() {
    const bar = this.element.querySelector(".buttons");
    const quarter = () => (this.view[1] - this.view[0]) / 4;
    for (const [text, title, act] of [["+", "zoom in", () => this.zoomBy(0.5)], ["\u2212", "zoom out", () => this.zoomBy(2)],
      ["\u2190", "earlier", () => this.pan(-quarter())], ["\u2192", "later", () => this.pan(quarter())],
      ["all", "the whole time", () => this.reset()], ["none", "select no event", () => this.select(-1)]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.title = title;
      button.addEventListener("click", act);
      bar.append(button);
    }
    this.shown = document.createElement("span");
    bar.append(this.shown);
  }

  makeLegend() {
    const {skipped, cuts, messages, through} = this.data;
    const words = [["ink", "\u00b7 internal  \u25b3 send  \u25cf receive"], ["faint", "\u00d7 tick skipped", skipped],
      ["past", "\u25a0 causal past"], ["future", "\u25a0 causal future"], ["faint", "\u25a0 concurrent"], ["cut", "\u2506 snapshot", cuts],
      ["message", "\u2192 message (dotted: not taken)", messages], ["faint", "\u2504 known through VMs that are not shown", through]];
    for (const [name, text] of words.filter(([, , what]) => !what || what.length)) {
      const span = document.createElement("span");
      span.style.color = `var(--${name})`;
      span.textContent = text;
      this.element.querySelector(".legend").append(span);
    }
  }

  listen() {
    const canvas = this.canvas;
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = {x: event.offsetX, view: [...this.view], moved: false};
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return this.hover(event.offsetX, event.offsetY);
      drag.moved = drag.moved || Math.abs(event.offsetX - drag.x) > 3;
      if (!drag.moved) return undefined;
      const seconds = (drag.x - event.offsetX) / (this.width - MARGIN.left - MARGIN.right) * (drag.view[1] - drag.view[0]);
      return this.zoom(drag.view[0] + seconds, drag.view[1] + seconds);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) this.click(event.offsetX, event.offsetY);
      drag = null;
    });
    canvas.addEventListener("pointercancel", () => { drag = null; });
    canvas.addEventListener("pointerleave", () => this.hover(-1, -1));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey) this.pan(Math.sign(event.deltaY) * (this.view[1] - this.view[0]) / 10);
      else this.zoomBy(event.deltaY < 0 ? 0.8 : 1.25, this.time(event.offsetX));
    }, {passive: false});
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /* Selects the event at a place, or else the cut there, or else nothing. */
  click(x, y) {
    const i = this.eventAt(x, y), cut = i < 0 ? this.cutAt(x, y) : null;
    if (cut) this.selectCut(cut);
    else this.select(i);
  }

  key(event) {
    const keys = {ArrowLeft: () => this.step(-1, 0), ArrowRight: () => this.step(1, 0), ArrowUp: () => this.step(0, -1),
      ArrowDown: () => this.step(0, 1), "+": () => this.zoomBy(0.5), "-": () => this.zoomBy(2), 0: () => this.reset(),
      Escape: () => this.select(-1)};
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  /* What is at a place of the canvas, shown beside it: an event or a cut. */
  hover(x, y) {
    const i = this.eventAt(x, y), cut = i < 0 ? this.cutAt(x, y) : null;
    this.canvas.style.cursor = i >= 0 || cut ? "pointer" : "grab";
    if (i !== this.hovered) {
      this.hovered = i;
      this.draw();
    }
    this.tooltip.hidden = i < 0 && !cut;
    if (this.tooltip.hidden) return;
    this.tooltip.textContent = (cut ? this.describeCut(cut, 12) : this.data.describe(i)).join("\n");
    this.tooltip.style.left = `${Math.min(x + 14, Math.max(0, this.width - this.tooltip.offsetWidth - 4))}px`;
    this.tooltip.style.top = `${this.canvas.offsetTop + y + 16}px`;
  }

  /* The cut whose name or line is at a place, or null. */
  cutAt(x, y) {
    if (x < MARGIN.left || y < 0 || y > this.height - MARGIN.bottom) return null;
    const row = Math.max(0, Math.min(this.data.vms.length - 1, Math.round((y - MARGIN.top) / this.rowHeight - 0.5)));
    const away = (cut) => Math.abs(this.x(cut.t[row]) - x), reach = y < MARGIN.top ? LABEL / 2 : 4;
    return this.data.cuts.filter((cut) => away(cut) <= reach).sort((a, b) => away(a) - away(b))[0] || null;
  }

  /* As lines of text, with at most so many messages. */
  describeCut(cut, most) {
    const lines = [`${cut.label}, begun at ${cut.begun} s`, `events before it: ${cut.n_event.join(", ")}`];
    if (!cut.under_way) return [...lines, "what was under way is not on file"];
    const {queued, in_flight: inFlight, listed} = cut.under_way;
    lines.push(`${queued} messages in queues, ${inFlight} in flight`, ...listed.slice(0, most));
    if (queued + inFlight > Math.min(most, listed.length)) lines.push("...");
    return lines;
  }
}
