// Handles on a chart, at fixed places along x, that the reader moves up and down: by pointer, or by
// the arrow keys.

import { element, take } from "../elements/elements.js";
import { shown } from "../engine/numbers.js";
import { placeAt, rounded } from "./dragging.js";

// parts of the axis, downwards
const KEYS = { ArrowUp: -0.01, ArrowDown: 0.01, PageUp: -0.1, PageDown: 0.1 };

export class Handles {
  /**
   * @param {import("./series.js").Drawn} chart
   * @param {{x: number[], y: number[]}} points where they stand, on the axes
   * @param {boolean} byKeys whether they show to the keyboard alone, and leave the pointer to the
   *   chart
   * @param {(points: {x: number[], y: number[]}) => void} moved
   */
  constructor(chart, points, byKeys, moved) {
    this.chart = chart;
    this.points = points;
    this.moved = moved;
    this.nodes = points.x.map((x, k) => {
      const { low, high, title } = chart.chart.y;
      const about = { "aria-valuemin": low, "aria-valuemax": high, "aria-orientation": "vertical" };
      const label = `Your prediction of ${title} at ${shown(x, "g")}`;
      const node = element("span", {
        class: "gs-handle",
        role: "slider",
        tabindex: 0,
        "aria-label": label,
        ...about,
      });
      node.addEventListener("pointerdown", (event) => node.setPointerCapture(event.pointerId));
      node.addEventListener(
        "pointermove",
        (event) =>
          node.hasPointerCapture(event.pointerId) && this.set(k, placeAt(chart.plot, event).top),
      );
      node.addEventListener("keydown", (event) => this.pressed(event, k));
      return node;
    });
    this.node = element(
      "div",
      { class: byKeys ? "gs-by-keys" : "", role: "group", "aria-label": "Your prediction" },
      ...this.nodes,
    );
    chart.node.append(this.node);
    this.place();
  }

  pressed(event, k) {
    const part = KEYS[event.key];
    if (part === undefined) return;
    take(event);
    const { yaxis } = this.chart.plot._fullLayout;
    this.set(k, yaxis.c2p(this.points.y[k]) + part * yaxis._length);
  }

  /** @param {number} top pixels below the upper end of the axis */
  set(k, top) {
    const { yaxis } = this.chart.plot._fullLayout;
    this.points.y[k] = rounded(
      yaxis.p2c(Math.min(yaxis._length, Math.max(0, top))),
      this.chart.chart.y,
    );
    this.place();
    this.moved(this.points);
  }

  /**
   * To where a curve has its nearest point, as far as the curve goes.
   * @param {{x: number[], y: number[]}} curve with x growing
   */
  follow(curve) {
    this.points.x.forEach((x, k) => {
      if (x < curve.x[0] || x > curve.x.at(-1)) return;
      const after = curve.x.findIndex((each) => each >= x);
      const nearest = after > 0 && x - curve.x[after - 1] < curve.x[after] - x ? after - 1 : after;
      this.points.y[k] = curve.y[nearest];
    });
    this.place();
  }

  /** Where plotly has the axes now. */
  place() {
    const { plot } = this.chart;
    const { xaxis, yaxis } = plot._fullLayout;
    this.nodes.forEach((node, k) => {
      const [x, y] = [this.points.x[k], this.points.y[k]];
      node.style.left = `${plot.offsetLeft + xaxis._offset + xaxis.c2p(x)}px`;
      node.style.top = `${plot.offsetTop + yaxis._offset + yaxis.c2p(y)}px`;
      node.setAttribute("aria-valuenow", String(y));
      node.setAttribute("aria-valuetext", shown(y, "g"));
    });
  }

  remove() {
    this.node.remove();
  }
}
