// The sheet's charts, by plotly.js. Axes are fixed, so a drag redraws by the cheapest path.

import { element } from "./elements.js";

const DASHES = ["solid", "dash", "dot", "dashdot"];
const SYMBOLS = ["circle", "diamond", "square", "cross"];

function axisOf(axis) {
  const log = axis.scale === "log";
  const ends = [axis.low, axis.high].map((x) => (log ? Math.log10(x) : x));
  return {
    title: { text: axis.title },
    type: log ? "log" : "linear",
    range: ends,
    autorange: false,
    fixedrange: true,
    zeroline: false,
    gridcolor: "#e3e3e3",
    linecolor: "#888",
    ...(log ? { dtick: 1, exponentformat: "power" } : {}),
  };
}

const FAR = 1000; // axis lengths: a point further off is drawn there, since no browser draws at 1e300

/** Numbers that can be drawn on an axis, NaN (a gap) for those that cannot. @param {Float64Array} numbers */
function drawable(numbers, { low, high, scale }) {
  const far = FAR * (high - low);
  const within = (number) => Math.min(high + far, Math.max(low - far, number));
  return Array.from(numbers, (number) => (Number.isFinite(number) && (scale !== "log" || number > 0) ? within(number) : NaN));
}

export class Chart {
  /** @param {import("./state.js").State} state @param {Object} chart of the description */
  constructor(state, chart) {
    this.state = state;
    this.chart = chart;
    this.plotly = null;
    this.plot = element("div", { class: "gs-plot", role: "img", "aria-label": `${chart.title}. ${chart.note}` });
    this.waiting = element("p", { class: "gs-note", text: "The chart follows in a moment." });
    this.plot.append(this.waiting);
    this.node = element("figure", { class: "gs-chart" }, element("figcaption", { text: chart.title }), this.plot);
  }

  data() {
    const { blocks } = this.state.program;
    const { x, y } = this.chart;
    return this.chart.series.map((series) => ({ x: drawable(blocks[series.x], x), y: drawable(blocks[series.y], y) }));
  }

  traces() {
    return this.data().map((points, k) => {
      const series = this.chart.series[k];
      const colour = this.state.description.roles[series.role].colour;
      return {
        ...points,
        type: "scatter",
        mode: series.mode,
        name: series.label,
        cliponaxis: series.mode === "lines",
        line: { color: colour, width: 3, dash: DASHES[k % DASHES.length] },
        marker: { color: colour, size: 13, symbol: SYMBOLS[k % SYMBOLS.length], line: { color: "#fff", width: 1.5 } },
        hovertemplate: `${series.label}: %{x:.4g}, %{y:.4g}<extra></extra>`,
      };
    });
  }

  /** Draw for the first time. */
  async start(plotly) {
    this.plotly = plotly;
    const size = 0.92 * parseFloat(getComputedStyle(this.plot).fontSize);
    const layout = {
      margin: { l: 4 * size, r: 1.2 * size, t: 2.6 * size, b: 3.4 * size },
      font: { family: "system-ui, sans-serif", size, color: "#1a1a1a" },
      paper_bgcolor: "#fff",
      plot_bgcolor: "#fff",
      xaxis: axisOf(this.chart.x),
      yaxis: axisOf(this.chart.y),
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" }, // above the plot, never on it
      showlegend: true,
      hovermode: "closest",
      transition: { duration: 0 },
    };
    this.waiting.remove();
    await plotly.newPlot(this.plot, this.traces(), layout, { displayModeBar: false, responsive: true });
    this.drawn = this.data();
    this.lengths = this.drawn.map((points) => points.x.length).join();
    this.started = true;
  }

  end() {
    if (this.started) this.plotly.purge(this.plot);
    this.started = false;
  }

  /** Redraw the series whose numbers changed. */
  draw() {
    if (!this.started || this.node.offsetParent === null) return;
    const data = this.data();
    const lengths = data.map((points) => points.x.length).join();
    const traces = data.map((_, k) => k).filter((k) => !same(data[k].x, this.drawn[k].x) || !same(data[k].y, this.drawn[k].y));
    this.drawn = data;
    if (lengths !== this.lengths) {
      this.lengths = lengths;
      this.plotly.react(this.plot, this.traces(), this.plot.layout);
    } else if (traces.length) {
      const frame = { data: traces.map((k) => data[k]), traces };
      this.plotly
        .animate(this.plot, frame, { mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: false } })
        .catch(() => {}); // a drawing that the next one overtakes is rejected; nothing is lost
    }
  }
}

const same = (a, b) => a.length === b.length && a.every((x, k) => Object.is(x, b[k]));
