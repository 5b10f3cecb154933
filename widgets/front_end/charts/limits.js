// How far a chart's axes go: to numbers, to what blocks hold, or as far as what is drawn.

import { numbersOf, spacing, stepsShown } from "./series.js";

const ROOM = 0.05; // beyond what is drawn, as a part of the axis
const FIRST_STEPS = 10; // of an axis of steps, which grows with the run
const SPARE = 0.5; // of an axis that what moves has left: so that it is seldom drawn anew

/** @typedef {import("../engine/description.js").Chart} Chart */
/** @typedef {import("../engine/description.js").Axis} Axis */
/** @typedef {import("../engine/state.js").State} State */

/** Whether the reader's numbers move an axis. @param {Chart} chart */
export const isLoose = (chart) =>
  [chart.x, chart.y].some(({ low, high }) => ![low, high].every(Number.isFinite));

/** Axes of numbers, as far as they go now. @param {Chart} chart @param {State} state */
export function withLimits(chart, state) {
  return isLoose(chart)
    ? { ...chart, x: limited(chart, "x", state), y: limited(chart, "y", state) }
    : chart;
}

/** @param {Chart} chart @param {"x"|"y"} way */
function limited(chart, way, state) {
  const axis = chart[way];
  const [from, to] = ends(axis, drawnAlong(chart, way, state));
  const [low, high] = [told(axis.low, state) ?? from, told(axis.high, state) ?? to];
  return low < high ? { ...axis, low, high } : { ...axis, low: from, high: to };
}

/** A limit as a number; null where what is drawn says it. */
function told(limit, state) {
  const number = typeof limit === "string" ? state.value(limit, 0, 0) : limit;
  return Number.isFinite(number) ? number : null;
}

/** All numbers that are drawn along an axis. */
function drawnAlong(chart, way, state) {
  const { contour, series } = chart;
  const blocks = state.program.blocks;
  const surface = contour ? [blocks[contour[way]]] : [];
  const lines = series.flatMap((each) => {
    if (each[way] === "step") return [[0, FIRST_STEPS]];
    const steps = each.steps ? stepsShown(state.step) : null;
    const names = way === "y" && each.to ? [each.y, each.to] : [each[way]];
    const found = names.map((name) => numbersOf(state, { series: each, ghost: null }, name, steps));
    return each.mode !== "bars" ? found : [...found, way === "y" ? [0] : besides(found[0])];
  });
  return [...surface, ...lines];
}

/** Half a place on each side of what bars stand at. */
function besides(numbers) {
  const half = spacing(numbers) / 2;
  return [Math.min(...numbers) - half, Math.max(...numbers) + half];
}

/** The least and the largest of these numbers, with room beyond them. */
function ends({ scale }, lists) {
  const log = scale === "log";
  let [low, high] = [Infinity, -Infinity];
  for (const numbers of lists)
    for (let k = 0; k < numbers.length; k++) {
      const x = log ? Math.log10(numbers[k]) : numbers[k];
      if (!Number.isFinite(x)) continue;
      if (x < low) low = x;
      if (x > high) high = x;
    }
  if (low > high) [low, high] = [0, 1];
  const room = high > low ? ROOM * (high - low) : 0.5;
  const found = [low - room, high + room];
  return log ? found.map((x) => 10 ** x) : found;
}

/**
 * The present axis, longer where what is drawn now goes beyond it, or itself.
 * @param {Axis} axis @param {Axis} wanted
 */
export function longer(axis, wanted) {
  const [low, high] = [wanted.low < axis.low, wanted.high > axis.high];
  if (!low && !high) return axis;
  const spare = axis.scale === "log" ? 0 : SPARE * (wanted.high - wanted.low);
  return {
    ...axis,
    low: low ? wanted.low - spare : axis.low,
    high: high ? wanted.high + spare : axis.high,
  };
}
