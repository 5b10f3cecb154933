// A marker that left the axes is told, at the edge where it went: an arrow, its name, its numbers.

import { element, setText } from "../elements/elements.js";
import { shown } from "../engine/numbers.js";
import { isOwn, numbersOf } from "./series.js";

const ARROWS = { "-1,-1": "↙", "-1,0": "←", "-1,1": "↖", "0,-1": "↓", "0,1": "↑" };
const EAST = { "1,-1": "↘", "1,0": "→", "1,1": "↗" };
const EDGE = 6; // pixels that the words keep from the axes' ends
const FEW = 3; // markers of one series that are told one by one

/** -1, 0 or 1: below the axis, on it, or above it. */
const side = (x, { low, high }) => Number(x > high) - Number(x < low);

export class Leaving {
  /** @param {import("./series.js").Drawn} chart */
  constructor(chart) {
    this.chart = chart;
    this.node = element("div", { class: "gs-leaving" });
    chart.plot.append(this.node);
  }

  /** What left: a text, and which way. @returns {Array<{text: string, x: number, y: number}>} */
  found() {
    const { chart, state, items } = this.chart;
    return items.flatMap((item, i) => {
      const { series } = item;
      const moves = series.mode === "markers" || (series.steps && series.mode === "lines");
      if (!moves || !isOwn(item) || !this.isSeen(i)) return [];
      const now = { ...item, series: { ...series, steps: false } };
      const numbers = (name) =>
        name === "step" ? [state.step] : numbersOf(state, now, name, null);
      const [x, y] = [numbers(series.x), numbers(series.y)];
      const over = series.x === "step"; // an axis that grows with the run
      const left = Array.from(x, (_, k) => ({ x: over ? chart.x.low : x[k], y: y[k] })).filter(
        (point) =>
          [point.x, point.y].every(Number.isFinite) &&
          (side(point.x, chart.x) || side(point.y, chart.y)),
      );
      if (left.length > FEW)
        return [{ ...left[0], text: `${left.length} of ${x.length} ${series.label}` }];
      return left.map((point) => ({
        ...point,
        text: over
          ? `${series.label} ${shown(point.y, "g")}`
          : `${series.label} (${shown(point.x, "g")}, ${shown(point.y, "g")})`,
      }));
    });
  }

  /** Whether the item is neither put out nor held back. */
  isSeen(i) {
    return this.chart.plot._fullData[this.chart.first + i]?.visible === true;
  }

  draw() {
    const { plot, chart } = this.chart;
    const { xaxis, yaxis } = plot._fullLayout;
    if (!xaxis?.c2p) return;
    const found = this.found();
    while (this.node.children.length > found.length) this.node.lastChild.remove();
    while (this.node.children.length < found.length)
      this.node.append(element("span", { class: "gs-left" }));
    found.forEach(({ text, x, y }, k) => {
      const way = [side(x, chart.x), side(y, chart.y)];
      const node = /** @type {HTMLElement} */ (this.node.children[k]);
      setText(node, `${{ ...ARROWS, ...EAST }[String(way)]} off the chart: ${text}`);
      const within = (pixels, length) => Math.min(length - EDGE, Math.max(EDGE, pixels));
      const left = within(way[0] ? (way[0] > 0 ? Infinity : 0) : xaxis.c2p(x), xaxis._length);
      const top = within(way[1] ? (way[1] > 0 ? 0 : Infinity) : yaxis.c2p(y), yaxis._length);
      const [right, low] = [left > xaxis._length / 2, top > yaxis._length / 2];
      node.style.left = `${xaxis._offset + left}px`;
      node.style.top = `${yaxis._offset + top}px`;
      node.style.transform = `translate(${right ? "-100%" : 0}, ${low ? "-100%" : 0})`;
    });
  }
}
