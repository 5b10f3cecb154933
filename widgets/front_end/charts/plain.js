// A chart before plotly has come: the same lines, markers and axes at the same places as plain SVG,
// so that plotly's own drawing takes its place without a jump.

import { element } from "../elements/elements.js";
import { ticksOf } from "./ticks.js";

const SVG = "http://www.w3.org/2000/svg";
const MARK = 5; // pixels of the marks that a contour's axes have
const BESIDE = 1; // pixels between an axis and a grid line that would only thicken it
const PAD = 2; // pixels between labels and an axis's title
const LEAST_DASH = 3; // width of a line, in pixels, that dashes are made for at least
const DASHES = { solid: [], dash: [3, 3], dot: [1, 1], dashdot: [3, 1, 1, 1] };
/** Outlines by the radius. @type {Object<string, (r: number) => string>} */
const SYMBOLS = {
  circle: (r) => `M${r},0A${r},${r} 0 1,1 0,${-r}A${r},${r} 0 0,1 ${r},0Z`,
  square: (r) => `M${r},${r}H${-r}V${-r}H${r}Z`,
  diamond: (r) => `M${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0L0,${-1.3 * r}Z`,
  cross: (r) => outline(CROSS, r),
  x: (r) => outline(CROSS, r, Math.SQRT1_2),
};
// corners of a cross, as parts of the radius
const CROSS = [
  [1.2, 0.4],
  [0.4, 0.4],
  [0.4, 1.2],
  [-0.4, 1.2],
  [-0.4, 0.4],
  [-1.2, 0.4],
  [-1.2, -0.4],
  [-0.4, -0.4],
  [-0.4, -1.2],
  [0.4, -1.2],
  [0.4, -0.4],
  [1.2, -0.4],
];

/** Corners as a path; turned: the sine of the angle by which they are turned. */
function outline(corners, r, turned = 0) {
  const rest = Math.sqrt(1 - turned ** 2);
  const points = corners.map(([x, y]) => [rest * x - turned * y, turned * x + rest * y]);
  return `M${points.map((point) => point.map((part) => r * part).join(",")).join("L")}Z`;
}

/**
 * An axis with its place.
 * @typedef {Object} Placed
 * @property {number} from pixels of its left or upper end
 * @property {number} length in pixels
 * @property {(number: number) => number} at where a number stands
 * @property {(number: number) => boolean} holds whether it stands between the ends
 * @property {{at: number, text: string, power?: string}[]} ticks labels, at pixels
 * @property {any} axis plotly's
 */

/** @typedef {{x: Placed, y: Placed}} Axes */

const made = (tag, about, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
};

/** @returns {Placed} */
function placed(axis, way, from, length) {
  const [low, high] = axis.range;
  const of = (along) => from + (length * (way === "x" ? along - low : high - along)) / (high - low);
  const along = (number) => (axis.type === "log" ? Math.log10(number) : number);
  return {
    axis,
    from,
    length,
    at: (number) => of(along(number)),
    holds: (number) => along(number) >= low && along(number) <= high,
    ticks: ticksOf(axis, way, length).map((tick) => ({ ...tick, at: of(tick.at) })),
  };
}

/**
 * Both axes where plotly puts them. Of equal scales the longer axis is cut, at both ends.
 * @returns {Axes}
 */
function axesOf({ margin, xaxis, yaxis }, width, height) {
  const [left, right, top, bottom] = ["l", "r", "t", "b"].map((side) => Math.round(margin[side]));
  const most = [Math.round(width - left - right), Math.round(height - top - bottom)];
  const scale = [xaxis, yaxis].map(({ range }, k) => most[k] / (range[1] - range[0]));
  const kept = (k) =>
    yaxis.scaleanchor ? most[k] * Math.min(1, scale[1 - k] / scale[k]) : most[k];
  return {
    x: placed(xaxis, "x", left + (most[0] - kept(0)) / 2, kept(0)),
    y: placed(yaxis, "y", top + (most[1] - kept(1)) / 2, kept(1)),
  };
}

export class Plain {
  /** @param {HTMLElement} plot */
  constructor(plot) {
    this.plot = plot;
    this.layer = made("svg", { class: "gs-plain", "aria-hidden": "true" });
    this.surface = element("canvas", { class: "gs-surface", "aria-hidden": "true" });
    this.size = { width: 0, height: 0 }; // of the plot, told by who watches it
  }

  /** Whether the plot has a place on the page, or still has: another may have taken it. */
  get isSeen() {
    return this.plot.isConnected && this.size.width > 0 && this.size.height > 0;
  }

  /** @param {any[]} traces plotly's, bottom first @param {any} layout plotly's */
  draw(traces, layout) {
    const { width, height } = this.size;
    const axes = axesOf(layout, width, height);
    if (axes.x.length <= 0 || axes.y.length <= 0) return;
    const seen = traces.filter(({ visible }) => visible !== false);
    const surface = seen.find(({ type }) => type === "contour");
    if (surface && !this.isPainted(surface, axes)) paint(this.surface, surface, axes);
    this.layer.replaceChildren(
      ...(surface ? [] : grid(axes)),
      made(
        "svg",
        { x: axes.x.from, y: axes.y.from, width: axes.x.length, height: axes.y.length },
        ...seen.map((trace) => shapeOf(axes, trace)).filter(Boolean),
      ),
      ends(axes, surface ? MARK : 0),
      ...seen.filter(({ mode }) => mode === "markers").map((trace) => markers(axes, trace)),
      ...labels(axes, layout, surface ? MARK : 0),
    );
    if (!this.layer.isConnected) this.plot.append(...(surface ? [this.surface] : []), this.layer);
    clear(this.layer, height);
  }

  /** Whether the canvas shows this surface already; from now on it does. */
  isPainted({ x, y, z, colorscale }, axes) {
    const told = JSON.stringify([x, y, z, colorscale, axes.x.length, axes.y.length]);
    const same = this.painted === told;
    this.painted = told;
    return same;
  }

  remove() {
    this.surface.remove();
    this.layer.remove();
  }
}

function grid({ x, y }) {
  const inside = ({ from, length, ticks }) =>
    ticks.map(({ at }) => at).filter((at) => at - from > BESIDE && from + length - at > BESIDE);
  const line = (axis, d) =>
    made("path", { d, stroke: axis.axis.gridcolor, "shape-rendering": "crispEdges" });
  return [
    ...inside(x).map((at) => line(x, `M${at},${y.from}v${y.length}`)),
    ...inside(y).map((at) => line(y, `M${x.from},${at}h${x.length}`)),
  ];
}

/** The lines of both axes, with marks where they are labelled. */
function ends({ x, y }, mark) {
  const [left, foot] = [x.from - 0.5, y.from + y.length + 0.5];
  const marks = mark
    ? [
        ...x.ticks.map(({ at }) => `M${at},${foot}v${mark}`),
        ...y.ticks.map(({ at }) => `M${left},${at}h${-mark}`),
      ]
    : [];
  return made("path", {
    d: `M${left},${y.from}V${foot}H${x.from + x.length}${marks.join("")}`,
    fill: "none",
    stroke: x.axis.linecolor,
    "shape-rendering": "crispEdges",
  });
}

/** A line or bars, within the axes. */
function shapeOf(axes, { type, mode, x, y, width, opacity, line, marker }) {
  const [left, top] = [axes.x.from, axes.y.from];
  const [across, up] = [(number) => axes.x.at(number) - left, (number) => axes.y.at(number) - top];
  if (type === "bar") {
    const foot = up(0);
    const bar = (middle, k) =>
      `M${across(middle - width / 2)},${foot}V${up(y[k])}H${across(middle + width / 2)}V${foot}Z`;
    return made("path", {
      class: "gs-bars",
      d: x.map(bar).join(""),
      fill: marker.color,
      opacity,
    });
  }
  if (type === "contour" || mode !== "lines") return null;
  let d = "";
  let goesOn = false;
  for (const [k, number] of x.entries()) {
    const [at, height] = [across(number), up(y[k])];
    const stands = Number.isFinite(at) && Number.isFinite(height);
    if (stands) d += `${goesOn ? "L" : "M"}${at.toFixed(2)},${height.toFixed(2)}`;
    goesOn = stands;
  }
  return made("path", {
    class: "gs-line",
    d,
    fill: "none",
    stroke: line.color,
    "stroke-width": line.width,
    "stroke-dasharray": dashes(line),
    opacity,
  });
}

function dashes({ dash, width }) {
  const parts = DASHES[dash].map((part) => part * Math.max(LEAST_DASH, width));
  return parts.length ? parts.join(" ") : undefined;
}

function markers({ x, y }, { x: across, y: up, marker, opacity }) {
  const { color: fill, size, symbol, line } = marker;
  const outline = SYMBOLS[symbol](size / 2);
  const points = [...across.keys()].filter((k) => x.holds(across[k]) && y.holds(up[k]));
  const about = { fill, stroke: line.color, "stroke-width": line.width, opacity };
  const place = (k) => `translate(${x.at(across[k])},${y.at(up[k])})`;
  return made(
    "g",
    about,
    ...points.map((k) => made("path", { class: "gs-marker", d: outline, transform: place(k) })),
  );
}

/** Numbers and titles of both axes. */
function labels({ x, y }, { font }, mark) {
  const { size } = font;
  const standoff = ({ axis }) => 1 + mark + 0.2 * (axis.tickfont?.size ?? size);
  const foot = y.from + y.length;
  const [below, beside] = [foot + standoff(x) + size, x.from - standoff(y)];
  const middle = y.from + y.length / 2;
  const [left, under] = [x.from - 10 - 2 * size, foot + 10 + 3 * size];
  const about = { fill: font.color, "font-family": font.family, "font-size": size };
  return [
    made(
      "g",
      { ...about, class: "gs-across", "text-anchor": "middle" },
      ...x.ticks.map((tick) => label(tick, tick.at, below)),
      made("text", { x: x.from + x.length / 2, y: under }, x.axis.title.text),
    ),
    made(
      "g",
      { ...about, class: "gs-up", "text-anchor": "end" },
      ...y.ticks.map((tick) => label(tick, beside, tick.at + 0.35 * size)),
    ),
    made(
      "g",
      { ...about, class: "gs-beside", "text-anchor": "middle" },
      made(
        "text",
        { x: left, y: middle, transform: `rotate(-90,${left},${middle})` },
        y.axis.title.text,
      ),
    ),
  ];
}

function label({ text, power }, x, y) {
  const raised = power ? [made("tspan", { dy: "-0.6em", "font-size": "70%" }, power)] : [];
  return made("text", { x, y }, text, ...raised);
}

/** Titles are clear of the numbers beside them, and of the plot's end. @param {SVGElement} layer */
function clear(layer, height) {
  const node = (name) => /** @type {SVGGraphicsElement} */ (layer.querySelector(name));
  const beside = node(".gs-beside");
  const title = beside.getBBox();
  const numbers = /** @type {SVGTextElement[]} */ ([...node(".gs-up").children]);
  const over = numbers
    .map((number) => number.getBBox())
    .filter(({ y, height: high }) => y < title.y + title.height + PAD && y + high > title.y - PAD)
    .map(({ x }) => title.x + title.width + PAD - x);
  const shift = Math.min(title.x, Math.max(0, ...over));
  if (shift) beside.setAttribute("transform", `translate(${-shift},0)`);
  const across = node(".gs-across > :last-child");
  const { y, height: high } = across.getBBox();
  const below = y + high - height;
  if (below > 0) across.setAttribute("transform", `translate(0,${-below})`);
}

// --- a contour

/** The bands between a contour's levels, each in its colour, with a line between two. */
function paint(canvas, { x, y, z, contours, colorscale, line }, axes) {
  const [width, height] = [axes.x.length, axes.y.length].map(Math.round);
  Object.assign(canvas, { width, height });
  Object.assign(canvas.style, { left: `${axes.x.from}px`, top: `${axes.y.from}px` });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const count = Math.floor((contours.end + contours.size / 10 - contours.start) / contours.size);
  const colours = Array.from({ length: count + 2 }, (_, k) =>
    asPixel(between(colorscale, k / (count + 1))),
  );
  const ink = asPixel(partsOf(line.color));
  const across = cellsOf(x, axes.x, width);
  const up = cellsOf(y, axes.y, height);
  let above = [];
  for (let row = 0; row < height; row++) {
    const bands = across.map((column) => {
      const number = heightAt(z, column, up[row]);
      const level = Math.floor((number - contours.start) / contours.size) + 1;
      return Number.isNaN(level) ? -1 : Math.min(count + 1, Math.max(0, level));
    });
    for (const [k, band] of bands.entries()) {
      const isLevel = (k > 0 && bands[k - 1] !== band) || (row > 0 && above[k] !== band);
      if (band >= 0) pixels[row * width + k] = isLevel ? ink : colours[band];
    }
    above = bands;
  }
  pen.putImageData(image, 0, 0);
}

/** For each pixel along an axis, between which two of the numbers it lies, and how far. */
function cellsOf(numbers, axis, length) {
  const places = numbers.map(axis.at);
  const order = places.at(-1) > places[0] ? 1 : -1;
  return Array.from({ length }, (_, pixel) => {
    const at = order * (axis.from + pixel + 0.5);
    const next = places.findIndex((place) => order * place >= at);
    if (next < 1) return null;
    const before = order * places[next - 1];
    return { from: next - 1, part: (at - before) / (order * places[next] - before) };
  });
}

/** Of the surface between four of its numbers; NaN beyond them. */
function heightAt(z, column, row) {
  if (!column || !row) return NaN;
  const along = (numbers) =>
    numbers[column.from] === null || numbers[column.from + 1] === null
      ? NaN
      : numbers[column.from] + column.part * (numbers[column.from + 1] - numbers[column.from]);
  const [low, high] = [along(z[row.from]), along(z[row.from + 1])];
  return low + row.part * (high - low);
}

/** @param {string} colour #rrggbb @returns {number[]} red, green and blue */
const partsOf = (colour) => colour.match(/[\da-f]{2}/gi).map((part) => Number.parseInt(part, 16));

/** A colour of a scale, in parts. */
function between(scale, share) {
  const next = Math.max(
    1,
    scale.findIndex(([from]) => from >= share),
  );
  const [[low, from], [high, to]] = [scale[next - 1], scale[next]];
  const part = (share - low) / (high - low);
  const ends = partsOf(to);
  return partsOf(from).map((start, k) => Math.round(start + part * (ends[k] - start)));
}

/** Red, green and blue as the computer keeps a pixel. @param {number[]} parts */
const asPixel = ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red;
