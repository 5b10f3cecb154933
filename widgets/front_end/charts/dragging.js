// Markers that the reader drags, lines drawn by hand, points added by a click: a pointer on a chart
// sets inputs.

import { take } from "../elements/elements.js";
import { placeOf } from "../engine/blocks.js";
import { isOwn } from "./series.js";

const REACH = 26; // pixels from a marker that still take hold of it
const STILL = 4; // pixels that a click may move
const FINE = 500; // parts of an axis that a dragged number is rounded to

/** A number that reads well, as fine as the axis. @param {number} x @param {Object} axis */
export function rounded(x, { low, high, scale }) {
  if (scale === "log") return Number(x.toPrecision(3));
  const step = 10 ** Math.floor(Math.log10((high - low) / FINE));
  return Number((Math.round(x / step) * step).toPrecision(12));
}

/** The nearest number that the input takes. */
function allowed(block, x) {
  const within = Math.min(block.high ?? Infinity, Math.max(block.low ?? -Infinity, x));
  return block.whole ? Math.round(within) : within;
}

/** @typedef {import("./series.js").Drawn} Drawn */
/** @typedef {{left: number, top: number, inside: boolean, x: number, y: number}} Place in pixels of
 *   the plot, and in the axes' numbers */

/**
 * What takes a pointer that drags, draws or adds.
 * @typedef {Object} Drawable
 * @property {(() => void)|null} sketching whether the reader draws a curve of their own
 * @property {number|null} straight not null: that curve is a straight line, moved by handles
 * @property {(from: Place, to: Place) => void} stroke of that curve
 */

/**
 * What the pointer has hold of: a marker, a curve (k is null), nothing yet (s is undefined), or the
 * reader's own curve (s is null). waits: a finger that may yet scroll the page.
 * @typedef {{s?: number|null, k?: number|null, from?: Place, last: any, moved?: boolean,
 *   waits?: boolean}} Held
 */

/**
 * Where the pointer is on a plot.
 * @param {import("./series.js").Plot} plot
 * @param {MouseEvent} event
 * @returns {Place}
 */
export function placeAt(plot, event) {
  const { xaxis, yaxis } = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  const left = event.clientX - box.left - xaxis._offset;
  const top = event.clientY - box.top - yaxis._offset;
  const inside =
    left >= -REACH &&
    top >= -REACH &&
    left <= xaxis._length + REACH &&
    top <= yaxis._length + REACH;
  return { left, top, inside, x: xaxis.p2c(left), y: yaxis.p2c(top) };
}

/**
 * Of the wanted series of now, no ghosts nor B's, the nearest marker within reach: {item, k}, or
 * null.
 * @param {Drawn} drawing
 * @param {Place} place
 * @param {number} reach in pixels
 * @param {(item: import("./series.js").Item) => boolean} wanted
 */
export function nearestMarker({ items, drawn, plot }, { left, top }, reach, wanted) {
  const { xaxis, yaxis } = plot._fullLayout;
  let found = null;
  let least = reach;
  items.forEach((item, i) => {
    const stands = ["markers", "bars"].includes(item.series.mode);
    if (!stands || !isOwn(item) || !wanted(item)) return;
    const { x, y } = drawn[i];
    for (let k = 0; k < x.length; k++) {
      const distance = Math.hypot(xaxis.c2p(x[k]) - left, yaxis.c2p(y[k]) - top);
      if (distance < least) [found, least] = [{ item, k }, distance];
    }
  });
  return found;
}

export class Dragging {
  /**
   * @param {Drawn & Drawable} chart
   * @param {number} place of the chart among the sheet's
   * @param {(text: string) => void} say
   */
  constructor(chart, place, say) {
    this.chart = chart;
    this.state = chart.state;
    this.place = place;
    /** @type {Held|null} */
    this.held = null;
    this.say = say;
    this.series = chart.chart.series;
    this.draggable =
      this.series.some((series, s) => series.drag || this.moves(s)) || chart.chart.adds;
    chart.plot.classList.toggle("gs-draggable", this.draggable);
    chart.plot.addEventListener("pointerdown", (event) => this.down(event), true);
    chart.plot.addEventListener("pointermove", (event) => this.over(event), true);
    chart.plot.addEventListener("touchstart", (event) => this.touched(event), { passive: false });
    for (const end of ["pointerup", "pointercancel"])
      chart.plot.addEventListener(end, (event) => this.up(event), true);
  }

  moves(s) {
    return this.state.program.moves[this.place][s];
  }

  /** Inputs that dragging this series sets. */
  inputs(s) {
    const { x, y, drag } = this.series[s];
    const own = { "": [], x: [x], y: [y], xy: [x, y], draw: [y] }[drag];
    const moved = this.moves(s) ? Object.keys(this.moves(s)(0, 0, 0)) : [];
    return [...own, ...moved];
  }

  free(s) {
    return this.inputs(s).every((name) => !this.state.locked.has(name));
  }

  /** Whether a series's markers can be taken hold of. */
  holds({ series: { drag, mode }, s }) {
    return mode === "markers" && Boolean(drag || this.moves(s)) && this.free(s);
  }

  /** The marker to take hold of, {s, k}, or null. */
  nearest(at) {
    const found = nearestMarker(this.chart, at, REACH, (item) => this.holds(item));
    return found && { s: found.item.s, k: found.k };
  }

  /** The only marker, where a click anywhere moves it along x. */
  single() {
    const s = this.series.findIndex(
      (series, k) =>
        series.drag === "x" && this.state.program.blocks[series.x].length === 1 && this.free(k),
    );
    return s < 0 ? null : { s, k: 0 };
  }

  /** Whether a pointer here can set anything. */
  get isOpen() {
    return this.chart.started && (this.draggable || this.chart.sketching);
  }

  down(event) {
    if (event.button !== 0 || !this.isOpen) return;
    const at = placeAt(this.chart.plot, event);
    if (this.chart.sketching) return this.chart.straight === null && this.sketch(event, at);
    const drawn = this.series.findIndex((series, s) => series.drag === "draw" && this.free(s));
    const near = this.nearest(at);
    const taken =
      near || (drawn >= 0 && { s: drawn, k: null }) || (!this.chart.chart.adds && this.single());
    if (!at.inside || (!taken && !this.chart.chart.adds)) return;
    this.hold(event);
    const waits = event.pointerType === "touch" && !near;
    this.held = { ...taken, from: at, last: null, moved: false, waits };
    if (taken && !near && !waits) this.toHere(at);
  }

  /** The marker, or the curve, comes to the pointer. */
  toHere(at) {
    if (this.held.k === null) this.draw(at);
    else this.move(at);
  }

  /** A finger on a marker moves it; anywhere else it scrolls the page. @param {TouchEvent} event */
  touched(event) {
    if (this.held && !this.held.waits) event.preventDefault();
  }

  over(event) {
    if (!this.isOpen) return;
    const at = placeAt(this.chart.plot, event);
    if (this.chart.sketching) return this.held && this.stroke(event, at);
    if (!this.held) {
      this.chart.plot.classList.toggle("gs-holdable", at.inside && this.nearest(at) !== null);
      return;
    }
    event.stopPropagation();
    const [right, down] = [at.left - this.held.from.left, at.top - this.held.from.top];
    if (this.held.waits && Math.abs(down) > Math.abs(right)) {
      this.held = null; // the page scrolls
      return;
    }
    if (Math.hypot(right, down) > STILL) Object.assign(this.held, { moved: true, waits: false });
    if (this.held.s !== undefined && this.held.moved) this.toHere(at);
  }

  up(event) {
    const { held } = this;
    if (held?.waits && held.s !== undefined && event.type === "pointerup") this.toHere(held.from);
    this.held = null;
    if (!held) return;
    event.stopPropagation();
    if (held.s === undefined && !held.moved && event.type === "pointerup") this.add(held.from);
  }

  /** The reader's own curve begins. */
  sketch(event, at) {
    this.hold(event);
    this.held = { s: null, last: at };
  }

  stroke(event, at) {
    event.stopPropagation();
    this.chart.stroke(this.held.last, at);
    this.held.last = at;
  }

  /** The pointer is ours until it is let go: plotly would see a click of its own. */
  hold(event) {
    take(event);
    this.chart.plot.setPointerCapture(event.pointerId);
  }

  /** The held marker to where the pointer is. */
  move(at) {
    const { s, k } = this.held;
    const series = this.series[s];
    const { blocks } = this.state;
    const [x, y] = [rounded(at.x, this.chart.chart.x), rounded(at.y, this.chart.chart.y)];
    const cells = [];
    const set = (name, value) => {
      const block = blocks[name];
      const place = this.state.program.blocks[name].length === 1 ? [0, 0] : placeOf(block, k);
      if (Number.isFinite(value)) cells.push([name, ...place, allowed(block, value)]);
    };
    if (series.drag.includes("x")) set(series.x, x);
    if (series.drag.includes("y")) set(series.y, y);
    if (this.moves(s))
      for (const [name, value] of Object.entries(this.moves(s)(x, y, k)))
        set(name, Number(value.toPrecision(6)));
    if (cells.length) this.state.setCells(cells);
  }

  /** Set y at every x that the pointer passed since it was last seen. */
  draw(at) {
    const series = this.series[this.held.s];
    const [grid, block] = [this.state.program.blocks[series.x], this.state.blocks[series.y]];
    const now = { k: nearestIndex(grid, at.x), y: at.y };
    const before = this.held.last || now;
    const steps = Math.abs(now.k - before.k);
    const cells = Array.from({ length: steps + 1 }, (_, n) => {
      const part = steps ? n / steps : 1;
      const k = before.k + Math.sign(now.k - before.k) * n;
      const y = rounded(before.y + part * (now.y - before.y), this.chart.chart.y);
      return [series.y, ...placeOf(block, k), allowed(block, y)];
    });
    this.held.last = now;
    this.state.setCells(cells);
  }

  /** A row of data where the reader clicked. */
  add(at) {
    const {
      state,
      series: [{ x, y }],
    } = this;
    const row = state.rows;
    if (state.rowsAreLocked || row >= state.description.mostRows) return;
    state.setRows(row + 1);
    const to = { [x]: rounded(at.x, this.chart.chart.x), [y]: rounded(at.y, this.chart.chart.y) };
    const data = Object.keys(to).filter(
      (name) => state.inputs.includes(name) && state.isData(name),
    );
    state.setCells(data.map((name) => [name, row, 0, allowed(state.blocks[name], to[name])]));
    this.say(`Row ${row + 1} was added where you clicked.`);
  }
}

function nearestIndex(numbers, x) {
  let best = 0;
  for (let k = 1; k < numbers.length; k++)
    if (Math.abs(numbers[k] - x) < Math.abs(numbers[best] - x)) best = k;
  return best;
}
