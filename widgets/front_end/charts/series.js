// What a chart draws: each line, ghost of a line and set of markers is a plotly trace of its own,
// the contour the first.

/** @typedef {import("../engine/state.js").State} State */
/** @typedef {import("../engine/description.js").Chart} ChartDescription */
/** @typedef {import("../engine/description.js").Series} Series */
/** @typedef {{x: number[], y: number[]}} Points */

/**
 * The element in which plotly draws, with what plotly puts on it.
 * @typedef {HTMLDivElement & {
 *   data: any[], layout: any, _fullData: any[], _fullLayout: any,
 *   on: (event: string, listener: (about: any) => void) => void,
 *   removeAllListeners?: (event: string) => void,
 * }} Plot
 */

/**
 * A line, a ghost of a line or a set of markers.
 * @typedef {Object} Item
 * @property {Series} series
 * @property {number} s the series's place in the chart
 * @property {number|null} ghost which of the series's ghosts it is, or null
 * @property {State|null} other the state of B, where it is B's
 */

/**
 * What is on the screen of a chart: all that markers, handles and the pointer need to know of it.
 * @typedef {Object} Drawn
 * @property {State} state
 * @property {ChartDescription} chart
 * @property {Plot} plot
 * @property {HTMLElement} node the chart with its caption
 * @property {Item[]} items bottom first
 * @property {Points[]} drawn where each item stands
 * @property {number} first plotly's number of the first item's trace
 * @property {boolean} started whether plotly has drawn
 */

export const MARKER = 13; // pixels, and of one that can be dragged:
export const HANDLE = 20;
const DASHES = ["solid", "dash", "dot", "dashdot"];
const SYMBOLS = ["circle", "diamond", "square", "cross"];
// axis lengths: a point further off is drawn there, since no browser draws at 1e300
const FAR = 1000;
const MOST_POINTS = 600; // of a run; a longer one shows every so many steps, and the last
const LINE_LEVELS = 16; // of a contour

/**
 * Numbers that can be drawn on an axis, NaN (a gap) for those that cannot.
 * @param {ArrayLike<number>} numbers
 */
export function drawable(numbers, { low, high, scale }) {
  const far = FAR * (high - low);
  const within = (number) => Math.min(high + far, Math.max(low - far, number));
  return Array.from(numbers, (number) =>
    Number.isFinite(number) && (scale !== "log" || number > 0) ? within(number) : NaN,
  );
}

/**
 * What is drawn, bottom first.
 * @param {ChartDescription} chart
 * @param {State|null} other B's state, while two are compared
 * @returns {Item[]}
 */
export function itemsOf(chart, other) {
  const own = chart.series.flatMap((series, s) => [
    ...Array.from({ length: series.ghosts }, (_, ghost) => ({ series, s, ghost, other: null })),
    { series, s, ghost: null, other: null },
  ]);
  return other
    ? [...own, ...chart.series.map((series, s) => ({ series, s, ghost: null, other }))]
    : own;
}

/** Whether it is of now: no ghost, and not B's. @param {Item} item */
export const isOwn = (item) => item.ghost === null && !item.other;

/** The steps that a series over steps shows. */
export function stepsShown(last) {
  const every = Math.ceil((last + 1) / MOST_POINTS);
  const steps = [];
  for (let step = 0; step < last; step += every) steps.push(step);
  return [...steps, last];
}

/** A block's numbers: now, at an earlier step (for a ghost), or one for each of `steps`. */
export function numbersOf(state, { series, ghost }, name, steps) {
  if (series.steps) return name === "step" ? steps : steps.map((step) => state.past[name][step]);
  const now = state.program.blocks[name];
  if (ghost === null) return now;
  const step = Math.floor((state.step * ghost) / series.ghosts);
  return state.past[name].slice(step * now.length, (step + 1) * now.length);
}

/**
 * The item's points as they are now.
 * @param {State} own
 * @param {ChartDescription} chart
 * @param {Item} item
 * @returns {Points}
 */
export function pointsOf(own, chart, item) {
  const { series } = item;
  const state = item.other || own;
  const steps = series.steps ? stepsShown(state.step) : null;
  const x = drawable(numbersOf(state, item, series.x, steps), chart.x);
  const y = drawable(numbersOf(state, item, series.y, steps), chart.y);
  if (series.mode === "segments") {
    const to = drawable(numbersOf(state, item, series.to, steps), chart.y);
    return {
      x: x.flatMap((left) => [left, left, NaN]),
      y: y.flatMap((low, k) => [low, to[k], NaN]),
    };
  }
  if (series.mode === "bars") {
    const { shift } = barOf(chart, item, x);
    return { x: x.map((each) => each + shift), y };
  }
  // plotly makes no line of one point
  if (series.mode === "lines" && x.length === 1) return { x: [...x, ...x], y: [...y, ...y] };
  return { x, y };
}

export const plotlyMode = ({ mode }) => (mode === "segments" ? "lines" : mode);

/** The least distance between two places. @param {ArrayLike<number>} numbers */
export function spacing(numbers) {
  const sorted = Array.from(numbers)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((x, k) => x - sorted[k]);
  const least = Math.min(...gaps.filter((gap) => gap > 0));
  return Number.isFinite(least) ? least : 1;
}

const BARS = 0.8; // of the room between two places is taken by their bars

/**
 * How wide a bar is, and how far its middle stands from its place: beside those of other series.
 * @param {ChartDescription} chart @param {Item} item @param {ArrayLike<number>} x the places
 */
export function barOf(chart, item, x) {
  const bars = chart.series.filter(({ mode }) => mode === "bars");
  const width = (BARS * spacing(x)) / bars.length;
  const place = bars.indexOf(item.series);
  return { width, shift: width * (place - (bars.length - 1) / 2) };
}

function barTrace({ series, other }, colour) {
  return {
    type: "bar",
    name: other ? `B: ${series.label}` : series.label,
    opacity: other ? 0.5 : 1,
    marker: { color: colour },
    hovertemplate: `${series.label}: %{y:.4g}<extra></extra>`,
  };
}

/**
 * The trace of an item, but for its points.
 * @param {Item} item
 * @param {string} colour of the series's role
 * @param {import("./colours.js").Colours} colours of the chart
 * @param {number} size of a marker, in pixels; large: one that can be dragged, and is ringed
 */
export function traceOf(item, colour, { paper, ink }, size) {
  const { series, s, ghost, other } = item;
  if (series.mode === "bars") return barTrace(item, colour);
  const told = {
    type: "scatter",
    mode: plotlyMode(series),
    name: series.label,
    cliponaxis: series.mode !== "markers",
    showlegend: ghost === null,
    // Not simplified: a simplified line would be drawn otherwise at rest than while it moves.
    line: {
      color: colour,
      width: series.mode === "segments" ? 1.5 : 3,
      dash: series.steps || ghost !== null ? "solid" : DASHES[s % DASHES.length],
      simplify: false,
    },
    marker: {
      color: colour,
      size,
      symbol: SYMBOLS[s % SYMBOLS.length],
      line: size > MARKER ? { color: ink, width: 2 } : { color: paper, width: 1.5 },
    },
    hovertemplate: `${series.label}: %{x:.4g}, %{y:.4g}<extra></extra>`,
  };
  if (other)
    return {
      ...told,
      name: `B: ${series.label}`,
      opacity: 0.6,
      line: { ...told.line, dash: "dot" },
      marker: { ...told.marker, symbol: "x" },
    };
  return ghost === null
    ? told
    : {
        ...told,
        opacity: 0.15 + (0.35 * (ghost + 1)) / series.ghosts,
        hoverinfo: "skip",
        hovertemplate: undefined,
      };
}

/** As many levels as a reader can follow, evenly between the least and the largest. */
function levelsOf(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const size = (high - low) / LINE_LEVELS || 1;
  return { start: low + size / 2, end: high, size };
}

/** The surface's numbers, row by row. */
function tableOf({ blocks }, contour, number) {
  const [columns, flat] = [blocks[contour.x].length, blocks[contour.z]];
  return Array.from(blocks[contour.y], (_, i) =>
    Array.from(flat.subarray(i * columns, (i + 1) * columns), number),
  );
}

/** What moves of a contour's trace. On log levels the lines stand for powers. */
export function surfaceOf({ program }, contour) {
  const level = contour.levels === "log" ? (z) => (z > 0 ? Math.log10(z) : NaN) : (z) => z;
  const z = tableOf(program, contour, (number) =>
    Number.isFinite(level(number)) ? level(number) : null,
  );
  const [x, y] = [contour.x, contour.y].map((name) => Array.from(program.blocks[name]));
  return { x, y, z, contours: levelsOf(z.flat().filter((number) => number !== null)) };
}

/** The contour's trace; its hover label tells the number itself. */
export function contourTrace(state, contour, { contour: colorscale }) {
  return {
    type: "contour",
    ...surfaceOf(state, contour),
    text: tableOf(state.program, contour, (number) => number.toPrecision(4)),
    autocontour: false,
    colorscale,
    line: { color: "#6b7f8f", width: 1 },
    showscale: false,
    name: contour.label,
    hovertemplate: `${contour.label}: %{text} at %{x:.4g}, %{y:.4g}<extra></extra>`,
  };
}
