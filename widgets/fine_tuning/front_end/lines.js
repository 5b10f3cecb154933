// The panel's charts, by plotly.js: losses and accuracies while they come, the learning-rate curve,
// calibration.

import { element, setText } from "../../front_end/elements/elements.js";
import { short } from "./fields.js";

/** @typedef {import("../../front_end/charts/series.js").Plot} Plot */

// Colours that everyone can tell apart, and dashes and markers for those who see none.
const LOOKS = {
  "body's predictions": { color: "#8a5a00", dash: "dot", symbol: "triangle-up" },
  pretrained: { color: "#0072b2", dash: "solid", symbol: "circle" },
  "from scratch": { color: "#b23c00", dash: "dash", symbol: "square" },
  recording: { color: "#6b3fa0", dash: "dashdot", symbol: "diamond" },
};

const MOST_MARKERS = 60; // epochs; more would run into each other
// pixels, where every second power of ten is written, or they would stand upright and in the way
const NARROW = 420;

const axis = (title, more = {}) => ({
  title: { text: title, standoff: 6 },
  gridcolor: "#e3e3e3",
  linecolor: "#888",
  zeroline: false,
  fixedrange: true,
  ...more,
});

const sizeOf = (plot) => 0.92 * parseFloat(getComputedStyle(plot).fontSize);
const sized = (one, size) => ({
  ...one,
  title: { ...one.title, font: { size } },
  tickfont: { size: one.type === "log" ? 0.8 * size : size },
}); // plotly enlarges powers

export class Chart {
  /**
   * @param {string} title
   * @param {string} note for who cannot see it
   * @param {() => Promise<any>} plotly
   */
  constructor(title, note, plotly) {
    this.plotly = plotly;
    /** @type {((plotly: any) => void)|undefined} called once plotly has drawn */
    this.drawn = undefined;
    this.plot = /** @type {Plot} */ (
      element("div", {
        class: "gs-plot",
        role: "img",
        "aria-label": `${title}. ${note}`,
      })
    );
    this.title = title;
    this.caption = element("figcaption", { text: title });
    this.node = element("figure", { class: "gs-chart" }, this.caption, this.plot);
    this.node.hidden = true;
  }

  /** Draw, or draw anew; nothing is drawn twice at a time. */
  async draw(traces, layout) {
    this.wanted = this.last = [traces, layout];
    this.node.hidden = traces.length === 0;
    if (this.drawing || this.node.hidden) return;
    this.drawing = true;
    try {
      const plotly = await this.plotly();
      this.follow();
      while (this.wanted && !this.ended) {
        const [data, { xaxis, yaxis, yaxis2 }] = this.wanted;
        this.wanted = null;
        const size = sizeOf(this.plot);
        this.size = size;
        const whole = {
          font: {
            size,
            family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
            color: "#1a1a1a",
          },
          margin: { l: 4.4 * size, r: size, t: 0.6 * size, b: 3.4 * size },
          legend: {
            orientation: "h",
            x: 0,
            y: 1.02,
            yanchor: "bottom",
            font: { size: 0.88 * size },
          },
          paper_bgcolor: "#fff",
          plot_bgcolor: "#fff",
          hovermode: "closest",
          showlegend: true,
          xaxis: sized(xaxis, size),
          yaxis: sized(yaxis, size),
          ...(yaxis2 ? { yaxis2: sized(yaxis2, size) } : {}),
        };
        if (yaxis2) whole.margin.r = 5.2 * size;
        await plotly.react(this.plot, data, whole, { displayModeBar: false, responsive: true });
        this.drawn?.(plotly);
      }
    } catch (error) {
      this.plot.replaceChildren(
        element("p", {
          class: "gs-note",
          text: `The chart could not be drawn (${error.message}). The table has its numbers.`,
        }),
      );
    }
    this.drawing = false;
  }

  /** Type of the size that the page's has, also after the window has got another width. */
  follow() {
    if (this.sizes) return;
    this.sizes = new ResizeObserver(
      () => this.size && Math.abs(sizeOf(this.plot) - this.size) > 0.5 && this.draw(...this.last),
    );
    this.sizes.observe(this.plot);
  }

  end() {
    this.ended = true;
    this.sizes?.disconnect();
    window.Plotly?.purge(this.plot);
  }
}

// times the loss of what knows nothing: what is above leaves a flat line of all else
const RUN_AWAY = 4;

const sourcesOf = (runs) =>
  Object.keys(LOOKS).filter((source) => runs.some((run) => run.source === source));
// a gap between stages
const joined = (parts) => parts.flatMap((part, k) => (k ? [null, ...part] : part));

/** One series an epoch for each source. */
function byEpoch(runs, name, y) {
  return sourcesOf(runs).map((source) => {
    const epochs = runs.filter((run) => run.source === source).flatMap((run) => run.epochs);
    const { color, dash, symbol } = LOOKS[source];
    const mode = epochs.length > MOST_MARKERS ? "lines" : "lines+markers";
    return {
      type: "scatter",
      mode,
      name: name(source),
      x: epochs.map((one) => one.at),
      y: epochs.map(y),
      line: { color, dash, width: 2.5 },
      marker: { color, symbol, size: 9 },
    };
  });
}

/** The epoch of each source after which most pictures were right, where there are several. */
function bestOf(runs, y) {
  return sourcesOf(runs).flatMap((source) => {
    const epochs = runs.filter((run) => run.source === source).flatMap((run) => run.epochs);
    if (epochs.length < 2) return [];
    const best = bestEpoch(epochs);
    return {
      type: "scatter",
      mode: "markers",
      name: `${source}, best epoch`,
      x: [best.at],
      y: [y(best)],
      showlegend: false,
      marker: {
        color: "#fff",
        symbol: "star",
        size: 16,
        line: { color: LOOKS[source].color, width: 2.5 },
      },
    };
  });
}

/** Most right, and where as many are, the smallest loss. */
export const bestEpoch = (epochs) =>
  epochs.reduce((best, one) =>
    one.accuracy > best.accuracy ||
    (one.accuracy === best.accuracy && one.valid_loss < best.valid_loss)
      ? one
      : best,
  );

/** Where the losses' axis ends if some ran away; undefined if none did. */
function topOf(runs) {
  const starts = sourcesOf(runs).map(
    (source) => runs.find((run) => run.source === source).losses[0] ?? 0,
  );
  const losses = runs.flatMap((run) => [...run.losses, ...run.epochs.map((one) => one.valid_loss)]);
  const top = RUN_AWAY * Math.max(...starts);
  return top > 0 && losses.some((loss) => loss > top) ? top : undefined;
}

/** The loss of each batch, thin, and the validation loss of each epoch. */
export function lossChart(chart, runs) {
  const batches = sourcesOf(runs).map((source) => {
    const own = runs.filter((run) => run.source === source);
    return {
      type: "scatter",
      mode: "lines",
      name: `${source}, each batch`,
      x: joined(own.map((run) => run.at)),
      y: joined(own.map((run) => run.losses)),
      line: { color: LOOKS[source].color, width: 1 },
      opacity: 0.55,
      hoverinfo: "skip",
      showlegend: false,
    };
  });
  const top = topOf(runs);
  setText(chart.caption, top ? `${chart.title}; cut off above ${short(top)}` : chart.title);
  const losses = axis("loss", top ? { range: [0, top] } : { rangemode: "tozero" });
  chart.draw(
    [
      ...batches,
      ...byEpoch(
        runs,
        (source) => source,
        (one) => one.valid_loss,
      ),
      ...bestOf(runs, (one) => one.valid_loss),
    ],
    { xaxis: axis("epochs", { rangemode: "tozero" }), yaxis: losses },
  );
}

export function accuracyChart(chart, runs) {
  const some = runs.some((run) => run.epochs.length);
  chart.draw(
    some
      ? [
          ...byEpoch(
            runs,
            (source) => source,
            (one) => one.accuracy,
          ),
          ...bestOf(runs, (one) => one.accuracy),
        ]
      : [],
    {
      xaxis: axis("epochs", { rangemode: "tozero" }),
      yaxis: axis("accuracy", { tickformat: ".0%" }),
    },
  );
}

/** The head's rate and the momentum over the batches: one cycle a stage. */
export function cycleChart(chart, runs) {
  const own = runs.filter((run) => run.lrs?.length === run.at.length && run.at.length);
  const line = (name, y, more) => ({
    type: "scatter",
    mode: "lines",
    name,
    x: joined(own.map((run) => run.at)),
    y: joined(own.map(y)),
    ...more,
  });
  const momenta = own.some((run) => run.momenta.some(Boolean));
  chart.draw(
    own.length
      ? [
          line("rate of the head", (run) => run.lrs, { line: { color: "#0072b2", width: 2.5 } }),
          ...(momenta
            ? [
                line("momentum", (run) => run.momenta, {
                  yaxis: "y2",
                  line: { color: "#b23c00", dash: "dash", width: 2.5 },
                }),
              ]
            : []),
        ]
      : [],
    {
      xaxis: axis("epochs", { rangemode: "tozero" }),
      yaxis: axis("rate", { rangemode: "tozero" }),
      yaxis2: axis("momentum", {
        overlaying: "y",
        side: "right",
        showgrid: false,
        tickformat: ".2f",
      }),
    },
  );
}

/**
 * Accuracy by the pictures of a class: the mean of several draws, and each of them.
 * @param {Chart} chart
 * @param {any} few
 */
export function fewChart(chart, few) {
  if (!few.each?.length) return chart.draw([], {});
  const { color, symbol } = LOOKS.pretrained;
  const mean = {
    type: "scatter",
    mode: "lines+markers",
    name: "mean",
    x: few.each,
    y: few.means,
    line: { color, width: 2.5 },
    marker: { color, symbol, size: 9 },
  };
  const each = {
    type: "scatter",
    mode: "markers",
    name: "each draw",
    x: few.accuracies.flatMap((draws, k) => draws.map(() => few.each[k])),
    y: few.accuracies.flat(),
    marker: { color: "#fff", symbol, size: 7, line: { color, width: 1.5 } },
  };
  const commonest = {
    type: "scatter",
    mode: "lines",
    name: "commonest class",
    x: [few.each[0], few.each.at(-1)],
    y: [few.commonest, few.commonest],
    line: { color: "#777", dash: "dash", width: 1.5 },
  };
  return chart.draw([commonest, each, mean], {
    xaxis: axis("pictures of a class to learn from", {
      type: "log",
      tickvals: few.each,
      ticktext: few.each.map(String),
    }),
    yaxis: axis("accuracy", { tickformat: ".0%", range: [0, 1.04] }),
  });
}

const MARKS = ["circle", "square", "diamond", "triangle-up"];

/** The learning-rate curve; `choose(name)` is called where a suggestion is clicked. */
export function rateChart(chart, curve, choose) {
  if (!curve.lrs?.length) return chart.draw([], {});
  const line = {
    type: "scatter",
    mode: "lines",
    name: "smoothed loss",
    x: curve.lrs,
    y: curve.smoothed,
    line: { color: "#0072b2", width: 2.5 },
  };
  const nearest = (rate) =>
    curve.lrs.reduce(
      (best, lr, k) =>
        Math.abs(Math.log(lr / rate)) < Math.abs(Math.log(curve.lrs[best] / rate)) ? k : best,
      0,
    );
  const marks = Object.entries(curve.suggestions).map(([name, rate], k) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: [rate],
    y: [curve.smoothed[nearest(rate)]],
    customdata: [name],
    marker: {
      size: 14,
      symbol: MARKS[k],
      color: "#fff",
      line: { width: 3, color: ["#b23c00", "#8a5a00", "#6b3fa0", "#00664a"][k] },
    },
  }));
  chart.drawn = () => {
    chart.plot.removeAllListeners?.("plotly_click");
    chart.plot.on(
      "plotly_click",
      ({ points }) => points[0].customdata && choose(points[0].customdata),
    );
  };
  chart.draw([line, ...marks], {
    xaxis: axis("learning rate", {
      type: "log",
      dtick: chart.node.parentNode.clientWidth < NARROW ? 2 : 1,
      tickangle: 0,
      exponentformat: "power",
    }),
    yaxis: axis("loss", { automargin: true }),
  }); // small losses are long numbers
}

/** Said against was; the area of a marker tells how many pictures it stands for. */
export function calibrationChart(chart, { counts, said, was }) {
  const most = Math.max(...counts);
  const even = {
    type: "scatter",
    mode: "lines",
    name: "as sure as right",
    x: [0, 1],
    y: [0, 1],
    line: { color: "#777", dash: "dash", width: 1.5 },
    hoverinfo: "skip",
  };
  const bins = {
    type: "scatter",
    mode: "markers",
    name: "pictures, by how sure it was",
    x: said,
    y: was,
    text: counts.map((n) => `${n} pictures`),
    marker: {
      color: "#0072b2",
      size: counts.map((n) => 8 + 22 * Math.sqrt(n / most)),
      line: { color: "#fff", width: 1.5 },
    },
  };
  chart.draw([even, bins], {
    xaxis: axis("probability it said", { range: [0, 1.04] }),
    yaxis: axis("share that was right", { range: [0, 1.06] }),
  });
}
