// The sheet's charts, by plotly.js at rest; before it has come, in plain lines of our own. Axes are
// fixed, so that while something moves, plotly's lines and markers can be moved without it.

import { element } from "../elements/elements.js";
import { coloursOf } from "./colours.js";
import { Dragging } from "./dragging.js";
import { endsOf } from "./following.js";
import { Handles } from "./handles.js";
import { Key } from "./key.js";
import { isLoose, longer, withLimits } from "./limits.js";
import { move, moveContour } from "./moving.js";
import { Plain } from "./plain.js";
import {
  barOf,
  contourTrace,
  HANDLE,
  isOwn,
  itemsOf,
  MARKER,
  plotlyMode,
  pointsOf,
  surfaceOf,
  traceOf,
} from "./series.js";

// milliseconds without a change before plotly draws again, so that hover labels tell what is shown
/** @typedef {import("./series.js").Plot} Plot */
/** @typedef {import("./series.js").Points} Points */

const FEW = 12; // markers of a series, which are large where they can be dragged
const REST = 150;
const SHARE = 5; // drawing the contour takes one part in so many
const PLACES = 9; // along a curve where keys move it
const MOST_DECADES = 8; // labels on a logarithmic axis
const LONG = 1000; // numbers from here on need more room beside an axis
const LABEL = 2.9; // width of one of them, as a multiple of the type's size

/**
 * @param {import("../engine/description.js").Axis} axis
 * @param {number} size of the type, in pixels
 * @param {string} grid its lines' colour
 * @param {number} most labels on a logarithmic axis
 */
function axisOf(axis, size, grid, most = MOST_DECADES, equal = false) {
  const log = axis.scale === "log";
  const ends = [axis.low, axis.high].map((x) => (log ? Math.log10(x) : x));
  return {
    title: { text: axis.title, font: { size } }, // plotly's own is larger, and cut
    type: log ? "log" : "linear",
    range: ends,
    autorange: false,
    fixedrange: true,
    ...(equal ? { constrain: "domain" } : {}),
    zeroline: false,
    gridcolor: grid,
    linecolor: "#888",
    ...(log
      ? {
          dtick: Math.ceil((ends[1] - ends[0]) / most),
          exponentformat: "power",
          tickfont: { size: 0.8 * size },
        }
      : {}), // plotly enlarges powers
    ...(axis.names.length ? { tickvals: [...axis.names.keys()], ticktext: axis.names } : {}),
  };
}

const EQUAL = { scaleanchor: "x", scaleratio: 1, constrain: "domain" };

const SKETCH = {
  type: "scatter",
  mode: "lines",
  name: "your prediction",
  line: { width: 4, dash: "dot", simplify: false },
  hoverinfo: "skip",
};

export class Chart {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {import("../engine/description.js").Chart} chart
   * @param {number} place of the chart among the sheet's
   * @param {(text: string) => void} say
   */
  constructor(state, chart, place, say) {
    this.state = state;
    this.described = chart;
    /** The same, its axes as drawn. @type {import("../engine/description.js").Chart} */
    this.chart = { ...withLimits(chart, state) };
    this.items = itemsOf(chart, null);
    this.overSteps = chart.series.some((series) => series.steps && series.x === "step");
    this.lastStep = this.chart.x.high;
    this.first = chart.contour ? 1 : 0; // plotly's number of the first item's trace
    /** Which items have large markers. @type {boolean[]} */
    this.large = [];
    /** @type {any} */
    this.plotly = null;
    /** @type {Points[]} where each item stands on the screen */
    this.drawn = [];
    this.started = false;
    /** @type {(() => void)|null} called at each change of what the reader draws */
    this.sketching = null;
    /** @type {number|null} the series's place, where what is drawn is a straight line */
    this.straight = null;
    /** @type {Handles|null} */
    this.handles = null;
    /** The places of series that a reader is to predict first. @type {Set<number>} */
    this.heldBack = new Set();
    this.nextSurface = 0; // the time from which the contour may be drawn again
    this.plot = /** @type {Plot} */ (
      element("div", {
        class: "gs-plot",
        role: "img",
        "aria-label": `${chart.title}. ${chart.note}`,
      })
    );
    this.key = new Key(() => this.drawAnew());
    this.node = element(
      "figure",
      { class: "gs-chart" },
      element("figcaption", {}, element("span", { text: chart.title }), this.key.node),
      this.plot,
    );
    this.dragging = new Dragging(this, place, say);
    /** @type {Plain|null} until plotly has drawn */
    this.plain = new Plain(this.plot);
    this.sizes = new ResizeObserver(([{ contentRect }]) => this.fit(contentRect));
    this.sizes.observe(this.plot);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => {
      if (this.started) this.plot.layout = this.layout();
      this.drawAnew();
    };
    this.dark.addEventListener("change", this.recolour);
  }

  traces() {
    const { roles } = this.state.description;
    const colours = coloursOf(this.plot);
    this.large = this.items.map((item, k) => this.isHandle(item, k));
    const drawn = this.items.map((item, k) => ({
      ...traceOf(
        item,
        colours.line(roles[item.series.role].colour),
        colours,
        this.large[k] ? HANDLE : MARKER,
      ),
      ...this.drawn[k],
      ...(item.series.mode === "bars"
        ? { width: barOf(this.chart, item, this.drawn[k].x).width }
        : {}),
      ...(this.heldBack.has(item.s) ? { visible: false, showlegend: false } : {}),
    }));
    const line = { ...SKETCH.line, color: colours.ink };
    const sketch = this.sketched?.x.length ? [{ ...SKETCH, line, ...this.sketched }] : [];
    const put = [...drawn, ...sketch].map((trace) =>
      this.key.out.has(trace.name) ? { ...trace, visible: false } : trace,
    );
    this.key.draw([...drawn, ...sketch]);
    const { contour } = this.chart;
    return [...(contour ? [contourTrace(this.state, contour, colours)] : []), ...put];
  }

  /** Whether an item's markers are few, and dragged. */
  isHandle(item, k) {
    const few = (this.drawn[k]?.x.length ?? 0) <= FEW;
    return few && isOwn(item) && this.dragging.holds(item);
  }

  /** Where each item stands now. */
  points() {
    return this.items.map((item) => pointsOf(this.state, this.chart, item));
  }

  /**
   * Draw B's series too, or (null) no more.
   * @param {import("../engine/state.js").State|null} other
   */
  compareWith(other) {
    this.items = itemsOf(this.chart, other);
    this.drawn = this.points();
    this.drawAnew();
  }

  /** Leave series out until they were predicted. @param {Set<number>} places */
  holdBack(places) {
    if ([...places].join() === [...this.heldBack].join()) return;
    this.heldBack = places;
    this.drawAnew();
  }

  // --- a curve that the reader draws, to be compared with what comes

  /**
   * Let the reader draw on this chart; null ends it and takes the drawing away. A series of two
   * points is a straight line, which is moved
   * by two handles; anything else is drawn by strokes, or by keys.
   * @param {(() => void)|null} drawn called at each change @param {number} [s] the series's place
   */
  sketch(drawn, s) {
    this.holdSketch();
    this.sketching = drawn;
    this.sketched = { x: [], y: [] };
    this.straight = drawn !== null && this.isStraight(s) ? s : null;
    this.plot.classList.toggle("gs-sketching", drawn !== null && this.straight === null);
    if (this.started) this.showHandles();
    this.drawAnew();
  }

  /** The drawing stays as it is. */
  holdSketch() {
    this.sketching = null;
    this.plot.classList.remove("gs-sketching");
    this.handles?.remove();
    this.handles = null;
  }

  isStraight(s) {
    const { mode, steps, y } = this.chart.series[s];
    return mode === "lines" && !steps && this.state.program.blocks[y].length === 2;
  }

  /**
   * The line as it stands is where a prediction starts from: a handle at a sixth of its way, and
   * one as far from its other end.
   */
  handlesOfLine() {
    const within = (number, { low, high }) => Math.min(high, Math.max(low, number));
    /** @param {Points} line @param {number} x */
    const along = ({ x: [from, to], y: [start, end] }, x) =>
      start + ((end - start) * (x - from)) / (to - from);
    const now = this.pointsOfSeries(this.straight);
    const ends = now.x.map((x) => within(x, this.chart.x));
    const x = [1 / 6, 5 / 6].map((part) => ends[0] + part * (ends[1] - ends[0]));
    const points = { x, y: x.map((each) => within(along(now, each), this.chart.y)) };
    const moved = () => this.draws({ x: ends, y: ends.map((each) => along(points, each)) });
    moved();
    return new Handles(this, points, false, moved);
  }

  handlesOfCurve() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const x = Array.from({ length: PLACES }, (_, k) =>
      xaxis.p2c((xaxis._length * k) / (PLACES - 1)),
    );
    return new Handles(this, { x, y: x.map(() => yaxis.p2c(yaxis._length / 2)) }, true, (points) =>
      this.draws({ x: [...points.x], y: [...points.y] }),
    );
  }

  showHandles() {
    if (this.sketching)
      this.handles = this.straight === null ? this.handlesOfCurve() : this.handlesOfLine();
  }

  /** Show the prediction as the reader has it now. */
  draws(points) {
    this.sketched = points;
    this.sketching();
    this.behind = true;
    const trace = this.first + this.items.length;
    if (this.plot.data.length > trace && move(this.plot, trace, "lines", this.sketched))
      this.restLater();
    else this.rest();
  }

  /** A stroke from one place to the next: the drawing is one height for each x. */
  stroke(from, to) {
    const [low, high] = from.x <= to.x ? [from.x, to.x] : [to.x, from.x];
    const kept = this.sketched.x
      .map((x, k) => [x, this.sketched.y[k]])
      .filter(([x]) => x < low || x > high);
    const points = [...kept, [from.x, from.y], [to.x, to.y]]
      .sort((a, b) => a[0] - b[0])
      .filter(([x], k, all) => k === 0 || x !== all[k - 1][0]);
    this.draws({ x: points.map(([x]) => x), y: points.map(([, y]) => y) });
    this.handles.follow(this.sketched);
  }

  /** The places of series that are drawn of these blocks. @param {Set<string>} names */
  seriesOf(names) {
    return [...this.described.series.entries()]
      .filter(([, { x, y }]) => names.has(x) || names.has(y))
      .map(([place]) => place);
  }

  /** A series's points as they are now. */
  pointsOfSeries(s) {
    return pointsOf(
      this.state,
      this.chart,
      this.items.find((item) => item.s === s && isOwn(item)),
    );
  }

  /** Whether the pointer draws or adds a point, so that its press is no click on a marker. */
  get isDrawnUpon() {
    const { held } = this.dragging;
    return this.sketching !== null || (held !== null && typeof held.k !== "number");
  }

  // --- drawing

  /** The contour's numbers, copied: what a later draw is compared with. */
  surface() {
    const { contour } = this.chart;
    return (
      contour &&
      ["x", "y", "z"].map((axis) => Float64Array.from(this.state.program.blocks[contour[axis]]))
    );
  }

  /** Draw for the first time. */
  async start(plotly) {
    if (this.ended) return; // the page was taken away while plotly was on its way
    this.plotly = plotly;
    this.update();
    this.drawnSurface = this.surface();
    await plotly.newPlot(this.plot, this.traces(), this.layout(), { displayModeBar: false });
    this.started = true;
    this.plain.remove();
    this.plain = null;
    this.showHandles();
    this.overdraw();
    this.plot.on("plotly_afterplot", () => this.overdraw());
  }

  /** In the type that the page has now. */
  layout() {
    const size = 0.92 * parseFloat(getComputedStyle(this.plot).fontSize);
    const { low, high, scale } = this.chart.y;
    const labels = scale === "log" ? 4.8 : Math.max(-low, high) < LONG ? 4 : 5.4;
    const [left, right] = [labels, 1.2].map((part) => part * size);
    const wide = this.plain?.isSeen ? this.plain.size.width : this.plot.clientWidth;
    const room = Math.floor((wide - left - right) / (LABEL * size));
    const { ink, paper, grid } = coloursOf(this.plot);
    return {
      margin: { l: left, r: right, t: 0.8 * size, b: 3.7 * size },
      font: { family: "system-ui, sans-serif", size, color: ink },
      paper_bgcolor: paper,
      plot_bgcolor: paper,
      xaxis: axisOf(
        this.overSteps ? { ...this.chart.x, high: this.lastStep } : this.chart.x,
        size,
        grid,
        Math.max(1, Math.min(MOST_DECADES, room)),
        this.chart.equal,
      ),
      yaxis: { ...axisOf(this.chart.y, size, grid), ...(this.chart.equal ? EQUAL : {}) },
      barmode: "overlay",
      showlegend: false, // the key says it, above the plot
      hovermode: "closest",
      dragmode: false, // or plotly would keep a finger from scrolling the page
      transition: { duration: 0 },
    };
  }

  end() {
    clearTimeout(this.timer);
    this.ended = true;
    this.sizes.disconnect();
    this.dark.removeEventListener("change", this.recolour);
    if (!this.started) return;
    this.started = false;
    this.plotly.purge(this.plot);
  }

  /** Redraw the series whose numbers changed; plotly itself draws when they have come to rest. */
  draw() {
    if (this.plain) return this.drawPlain();
    if (!this.started) return;
    if (isLoose(this.described)) this.widen();
    this.follow();
    const now = this.points();
    const changed = now
      .map((_, k) => k)
      .filter((k) => !same(now[k].x, this.drawn[k].x) || !same(now[k].y, this.drawn[k].y));
    for (const k of changed) this.drawn[k] = now[k];
    this.extend();
    this.behind ||= changed.length > 0;
    if (!this.surfaceIsDrawn()) this.moveSurface();
    if (changed.some((k) => this.isHandle(this.items[k], k) !== this.large[k])) this.drawAnew();
    const left = changed.filter((k) => !this.move(k));
    if (left.length) this.animate(left);
    if (this.behind) this.restLater();
  }

  /** Axes and points as they are now. */
  update() {
    if (isLoose(this.described)) this.chart = { ...withLimits(this.described, this.state) };
    this.followed();
    this.drawn = this.points();
    this.lengthen();
  }

  /** Draw without plotly, where the chart is to be seen. */
  drawPlain() {
    if (!this.plain.isSeen) return;
    this.update();
    this.plain.draw(this.traces(), this.layout());
  }

  // --- axes that go as far as blocks, or what is drawn, say

  /** Longer axes where something leaves them; while the reader drags they stay. */
  widen() {
    if (this.dragging.held) return;
    const wanted = withLimits(this.described, this.state);
    const [x, y] = [longer(this.chart.x, wanted.x), longer(this.chart.y, wanted.y)];
    if (x === this.chart.x && y === this.chart.y) {
      this.behind = true; // at rest they may be shorter
      return;
    }
    this.setLimits({ ...this.chart, x, y });
    this.drawAnew();
  }

  setLimits(chart) {
    this.chart = chart;
    this.lastStep = this.overSteps ? Math.max(this.lastStep, chart.x.high) : chart.x.high;
    this.plot.layout = this.layout();
    this.drawn = this.points();
  }

  /** Move the axes that follow what is drawn on them; whether one was moved. */
  followed() {
    const axes = /** @type {("x"|"y")[]} */ (["x", "y"]);
    const moved = axes.filter((axis) => {
      if (!this.described[axis].follows) return false;
      const now = this.chart[axis];
      const { low, high } = endsOf(this.state, this.described, axis, now);
      this.chart[axis] = { ...now, low, high };
      return now.low !== low || now.high !== high;
    });
    return moved.length > 0;
  }

  follow() {
    if (!this.followed()) return;
    this.drawn = this.points();
    this.plot.layout = this.layout();
    this.drawAnew();
  }

  /**
   * An axis of steps grows with the run, by doubling, and is short again when another begins: each
   * time plotly draws anew.
   */
  extend() {
    if (!this.lengthen()) return;
    this.plot.layout.xaxis.range = [this.chart.x.low, this.lastStep];
    this.drawAnew();
  }

  /** Whether the axis of steps ends at another step now. */
  lengthen() {
    const { step, starts } = this.state;
    if (!this.overSteps || (step <= this.lastStep && starts === this.starts)) return false;
    this.starts = starts;
    let last = this.chart.x.high;
    while (last < step) last *= 2;
    const before = this.lastStep;
    this.lastStep = last;
    return last !== before;
  }

  surfaceIsDrawn() {
    const { contour } = this.chart;
    return (
      !contour ||
      ["x", "y", "z"].every((axis, k) =>
        same(this.state.program.blocks[contour[axis]], this.drawnSurface[k]),
      )
    );
  }

  /**
   * The contour follows while something moves, for a fifth of the time at most, so that frames are
   * kept; its hover labels at rest.
   */
  moveSurface() {
    this.behind = true;
    const start = performance.now();
    if (start < this.nextSurface) return;
    if (moveContour(this.plot, surfaceOf(this.state, this.chart.contour)))
      this.drawnSurface = this.surface();
    this.nextSurface = start + SHARE * (performance.now() - start);
  }

  move(k) {
    return move(this.plot, this.first + k, plotlyMode(this.items[k].series), this.drawn[k]);
  }

  /** Plotly's own way, some frames later. */
  animate(traces) {
    const frame = {
      data: traces.map((k) => this.drawn[k]),
      traces: traces.map((k) => this.first + k),
    };
    this.plotly
      .animate(this.plot, frame, {
        mode: "immediate",
        transition: { duration: 0 },
        frame: { duration: 0, redraw: false },
      })
      // one that the next overtakes is rejected; what it leaves out is drawn at rest
      .catch(() => {});
  }

  restLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  drawAnew() {
    if (this.plain) return this.drawPlain();
    if (!this.started) return;
    this.behind = true;
    this.rest();
  }

  /**
   * Bring plotly's own data up to date, and with it the hover labels. Folded away it waits: plotly
   * would take another size.
   */
  async rest() {
    if (!this.behind || !this.plot.checkVisibility()) return;
    this.behind = false;
    if (isLoose(this.described) && !this.dragging.held)
      this.setLimits(withLimits(this.described, this.state));
    this.drawnSurface = this.surface();
    await this.plotly.react(this.plot, this.traces(), this.plot.layout);
  }

  /** Plotly drew the numbers of the last rest: for a new size. */
  overdraw() {
    if (this.behind) for (const k of this.drawn.keys()) this.move(k);
    this.handles?.place();
  }

  /**
   * As large as its place, and its type as the page's. One that was folded away is shown again, the
   * window has another width, or a class looks on.
   */
  async fit({ width, height }) {
    if (this.plain) {
      this.plain.size = { width, height };
      return this.drawPlain();
    }
    if (!width || !height) return;
    this.restLater();
    // Plotly's own layout may know a new size before its drawing has it.
    const drawn = this.plot.querySelector(".main-svg");
    const off = (side, size) => Math.abs(size - Number(drawn?.getAttribute(side))) > 1;
    if (!off("width", width) && !off("height", height)) return;
    this.plot.layout = this.layout();
    this.behind = true; // a presentation has other colours too
    await this.plotly.relayout(this.plot, { width, height });
  }
}

const same = (a, b) => a.length === b.length && a.every((x, k) => Object.is(x, b[k]));
