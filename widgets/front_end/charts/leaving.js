// What has left a chart: an arrow at the edge where it went, and the number that it has there.

import { shown } from "../engine/numbers.js";
import { isOwn } from "./series.js";

const FEW = 3; // markers of a series that are told of one by one
const SIZE = 7; // of an arrow, in pixels

/**
 * An arrow and its words.
 * @typedef {Object} Departure
 * @property {string} d the arrow, as a path
 * @property {string} style its role's colour
 * @property {string} text
 * @property {number} x of the text, in pixels of the plot
 * @property {number} y
 * @property {string} anchor which end of the text stands there
 * @property {number} up 1 or -1 where it went beyond the upper or the lower end
 */

/**
 * Where a number is along an axis: its pixels, and on which side it is beyond the ends (0: on
 * neither); null where it is no number.
 * @param {any} axis plotly's
 * @param {number} number
 */
function along(axis, number) {
  if (Number.isNaN(number)) return null;
  const [low, high] = [axis.r2c(axis.range[0]), axis.r2c(axis.range[1])];
  const isLog = axis.type === "log";
  if (number > high) return { at: axis.c2p(high), beyond: 1 };
  if (number < low || (isLog && number <= 0)) return { at: axis.c2p(low), beyond: -1 };
  return { at: axis.c2p(number), beyond: 0 };
}

/** The points of an item that are told of: few markers, and where a run has come to. */
function toldOf({ series }, { x }) {
  if (series.mode === "markers" && x.length <= FEW) return [...x.keys()];
  return series.mode === "lines" && series.steps ? [0] : [];
}

/**
 * Markers first: the line of a run ends where its marker is.
 * @param {import("./series.js").Drawn} chart
 * @returns {Departure[]}
 */
export function departed({ state, items, drawn, plot, first }) {
  const { xaxis, yaxis } = plot._fullLayout;
  const { roles } = state.description;
  const number = (name, k) => (name === "step" ? state.step : state.program.blocks[name][k]);
  const seen = items
    .map((item, k) => ({ item, points: drawn[k], trace: plot._fullData[first + k] }))
    .filter(({ item, trace }) => isOwn(item) && trace?.visible === true)
    .sort((a, b) => Number(a.item.series.steps) - Number(b.item.series.steps));
  /** @type {(Departure & {left: number, top: number})[]} */
  const found = [];
  for (const { item, points } of seen) {
    const { series } = item;
    for (const k of toldOf(item, points)) {
      if (series.absent !== null && number(series.x, k) === series.absent) continue;
      const [across, up] = [along(xaxis, number(series.x, k)), along(yaxis, number(series.y, k))];
      if (!across || !up || (!across.beyond && !up.beyond)) continue;
      const [left, top] = [xaxis._offset + across.at, yaxis._offset + up.at];
      if (found.some((each) => Math.hypot(each.left - left, each.top - top) < SIZE)) continue;
      const lines = found.filter((each) => each.up === up.beyond).length;
      const told = shown(number(up.beyond ? series.y : series.x, k), "g");
      const isRight = across.at > xaxis._length / 2;
      found.push({
        left,
        top,
        up: up.beyond,
        d: arrow(left, top, across.beyond, up.beyond),
        style: `--role:${roles[series.role].colour}`,
        text: `${series.label}, off the chart: ${told}`,
        x: left + (isRight ? -2 : 2) * SIZE,
        y: top + (up.beyond < 0 ? -1 - 1.3 * lines : 1.3 + 1.3 * lines) * 2 * SIZE,
        anchor: isRight ? "end" : "start",
      });
    }
  }
  return found;
}

/** A triangle that points out of the chart. */
function arrow(left, top, across, up) {
  const [x, y] = up ? [0, -up] : [across, 0];
  const [tip, back] = [
    [left + x, top + y],
    [left - 2 * SIZE * x, top - 2 * SIZE * y],
  ];
  const side = (by) => `${back[0] + by * SIZE * y} ${back[1] + by * SIZE * x}`;
  return `M${tip.join(" ")}L${side(1)}L${side(-1)}Z`;
}
