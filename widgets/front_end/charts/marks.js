// Which places of a chart stand for a cell: ringed with it, and a click on a marker selects it. A
// run's line has a dot where it has come to.

import { placeOf } from "../engine/blocks.js";
import { nearestMarker, placeAt } from "./dragging.js";
import { departed } from "./leaving.js";
import { write } from "./moving.js";
import { isOwn } from "./series.js";

const SVG = "http://www.w3.org/2000/svg";
const RING = 12; // its radius, in pixels
const DOT = 4.5;
const REACH = 14; // pixels from a marker that are a click on it
const STILL = 4; // pixels that a click may move

/** @typedef {import("../engine/state.js").Cell} Cell */

/**
 * A cell that is lit: selected, read by the selected one, or pointed at.
 * @typedef {Cell & {kind?: string}} Lit
 */

/**
 * What stands for a cell: a point of an item.
 * @typedef {Object} Mark
 * @property {import("./series.js").Item} item
 * @property {number} k the item's place among what is drawn
 * @property {number} place of the point among the item's; Infinity: the last
 */

export class Marks {
  /**
   * @param {import("./series.js").Drawn & {isDrawnUpon: boolean}} chart
   * @param {(cell: Cell) => void} select
   * @param {(cells: Cell[]) => void} point
   */
  constructor(chart, select, point) {
    this.chart = chart;
    this.state = chart.state;
    this.select = select;
    this.point = point;
    /** @type {Lit[]} */
    this.cells = [];
    this.layer = document.createElementNS(SVG, "svg");
    this.layer.setAttribute("class", "gs-marks");
    this.layer.setAttribute("aria-hidden", "true");
    this.paths = this.layer.appendChild(document.createElementNS(SVG, "g"));
    /** @type {number[]} of the words, in pixels */
    this.widths = [];
    this.words = this.layer.appendChild(document.createElementNS(SVG, "g"));
    chart.plot.addEventListener("pointerdown", (event) => this.down(event), true);
  }

  /** Once plotly has drawn. */
  start() {
    const { plot } = this.chart;
    plot.append(this.layer);
    plot.on("plotly_afterplot", () => this.draw());
    plot.on("plotly_hover", ({ points: [{ curveNumber, pointIndex }] }) =>
      this.point(this.cellsOf(curveNumber - this.chart.first, pointIndex)),
    );
    plot.on("plotly_unhover", () => this.point([]));
  }

  // --- from a cell to its marks

  /**
   * @param {Array<{name: string, row: number, column: number, kind: string}>} cells kind: selected,
   *   read or pointed
   */
  show(cells) {
    this.cells = cells;
    this.draw();
  }

  draw() {
    if (!this.chart.started) return;
    const rings = this.cells.flatMap((cell) =>
      this.marksOf(cell).map((mark) => [this.path(mark, RING), cell.kind]),
    );
    const left = departed(this.chart);
    const arrows = left.map(({ d, style }) => [d, "now", style]);
    const found = [...this.dots(), ...rings, ...arrows].filter(([path]) => path);
    fill(this.paths, "path", found.length);
    found.forEach(([d, kind, style = ""], k) => {
      const path = /** @type {SVGPathElement} */ (this.paths.children[k]);
      write(path, "d", d);
      write(path, "class", kind);
      styled(path, style);
    });
    fill(this.words, "text", left.length);
    left.forEach(({ x, y, anchor, style, text }, k) => {
      const node = /** @type {SVGTextElement} */ (this.words.children[k]);
      styled(node, style);
      if (node.textContent !== text) {
        node.textContent = text;
        this.widths[k] = node.getComputedTextLength();
      }
      const inside = within(x, anchor, this.widths[k], this.chart.plot._fullLayout.width);
      for (const [name, value] of Object.entries({ x: inside, y, "text-anchor": anchor }))
        write(node, name, String(value));
    });
  }

  /** Of lines over steps: at step 0, and soon after it, nothing else of them can be seen. */
  dots() {
    const { items } = this.chart;
    const runs = items
      .map((item, k) => ({ item, k, place: Infinity }))
      .filter(({ item }) => isOwn(item) && item.series.steps && item.series.mode === "lines");
    const { roles } = this.state.description;
    return runs.map((mark) => [
      this.path(mark, DOT),
      "now",
      `--role:${roles[mark.item.series.role].colour}`,
    ]);
  }

  /** Items of now, not ghosts nor B's, with the place of the cell in each that draws it. */
  marksOf(cell) {
    return this.chart.items
      .map((item, k) => ({ item, k, place: isOwn(item) ? this.indexOf(item.series, cell) : -1 }))
      .filter(({ place }) => place >= 0);
  }

  /**
   * Which of the series's points stands for the cell, or for its row of data; -1: none. A read cell
   * is no row.
   */
  indexOf(series, { name, row, column, kind }) {
    const names = [series.x, series.y, series.to];
    // the point of the present step: the last
    if (series.steps) return names.includes(name) ? Infinity : -1;
    if (names.includes(name)) return row * this.state.blocks[name].shape[1] + column;
    return kind !== "read" &&
      this.state.isData(name) &&
      this.state.isData(series.y) &&
      this.state.blocks[series.y].shape[1] === 1
      ? row
      : -1;
  }

  /**
   * A circle around a point, or the segment itself; "" where it is not drawn.
   * @param {Mark} mark
   * @param {number} r its radius
   */
  path({ item, k, place }, r) {
    const { drawn, plot, first } = this.chart;
    const { x, y } = drawn[k];
    const { xaxis, yaxis } = plot._fullLayout;
    const end = (n) => [xaxis._offset + xaxis.c2p(x[n]), yaxis._offset + yaxis.c2p(y[n])].join(" ");
    const within = (n) => xaxis.isPtWithinRange({ x: x[n] }) && yaxis.isPtWithinRange({ y: y[n] });
    const segment = item.series.mode === "segments";
    const at = Math.min(segment ? 3 * place : place, x.length - 1);
    if (plot._fullData[first + k]?.visible !== true || !within(at)) return "";
    return segment
      ? `M${end(at)}L${end(at + 1)}`
      : `M${end(at)}m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  }

  // --- from a mark to its cell

  cellsOf(k, index) {
    const item = this.chart.items[k];
    if (!item || !isOwn(item)) return [];
    const { series } = item;
    // an earlier step has no cell
    if (series.steps && index < this.chart.drawn[k].x.length - 1) return [];
    const place = series.steps ? 0 : series.mode === "segments" ? Math.floor(index / 3) : index;
    return [series.x, series.y, series.to]
      .filter((name) => this.state.blocks[name])
      .map((name) => this.cell(name, place));
  }

  cell(name, place) {
    const [row, column] = placeOf(this.state.blocks[name], place);
    return { name, row, column };
  }

  /**
   * A press that may be a click: not one that draws, or adds a point. Plotly hides where the
   * pointer is let go, so the document tells.
   */
  down(event) {
    if (event.button !== 0 || !this.chart.started || this.chart.isDrawnUpon) return;
    const up = (end) => {
      if (Math.hypot(end.clientX - event.clientX, end.clientY - event.clientY) > STILL) return;
      const cell = this.nearest(end);
      if (cell) this.select(cell);
    };
    document.addEventListener("pointerup", up, { capture: true, once: true });
  }

  /** The cell of the marker that was clicked. */
  nearest(event) {
    const found = nearestMarker(
      this.chart,
      placeAt(this.chart.plot, event),
      REACH,
      ({ series }) => !series.steps,
    );
    return found && this.cell(found.item.series.y, found.k);
  }
}

/** As many children of a kind, no more. */
function fill(group, kind, count) {
  while (group.children.length > count) group.lastChild.remove();
  while (group.children.length < count) group.append(document.createElementNS(SVG, kind));
}

/** A style attribute would be refused under a strict content policy. */
function styled(node, style) {
  if (node.style.cssText !== style) node.style.cssText = style;
}

/**
 * Where words begin (or end) so that none of them is cut at the chart's edge.
 * @param {number} x
 * @param {string} anchor "start" or "end"
 * @param {number} width
 * @param {number} most
 */
const within = (x, anchor, width, most) =>
  anchor === "end" ? Math.max(x, width) : Math.min(x, Math.max(0, most - width));
