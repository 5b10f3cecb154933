// What each line and marker of a chart is, in words above it; a press puts one out.

import { element } from "../elements/elements.js";

const SVG = "http://www.w3.org/2000/svg";
const DASHED = { dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" };
const SHAPES = {
  circle: "M11 0.5a4.5 4.5 0 1 0 0.01 0z",
  diamond: "M11 0l5 5l-5 5l-5 -5z",
  square: "M6.5 0.5h9v9h-9z",
  cross: "M9.5 0h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
  x: "M7 1l8 8M15 1l-8 8",
};

/** A small line or marker as the chart draws it. @param {any} trace plotly's */
function sample({ type, mode, line, marker }) {
  const drawn = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const isLine = mode === "lines";
  const about = isLine
    ? { d: "M0 5H22", stroke: line.color, "stroke-dasharray": DASHED[line.dash] || "none" }
    : {
        d: SHAPES[type === "bar" ? "square" : marker.symbol],
        fill: marker.color,
        stroke: marker.color,
      };
  const size = { viewBox: "0 0 22 10", width: 22, height: 10, "aria-hidden": "true" };
  for (const [name, value] of Object.entries(size)) drawn.setAttribute(name, String(value));
  const width = isLine ? { "stroke-width": Math.min(3, line.width) } : {};
  for (const [name, value] of Object.entries({ ...about, ...width }))
    path.setAttribute(name, String(value));
  drawn.append(path);
  return drawn;
}

export class Key {
  /** @param {() => void} changed called when a line was put out, or shown again */
  constructor(changed) {
    this.changed = changed;
    this.out = new Set(); // names of what is put out
    this.node = element("ul", { class: "gs-key", "aria-label": "What the chart shows" });
  }

  /** @param {any} trace plotly's, with a name */
  entry(trace) {
    const toggle = element(
      "button",
      {
        type: "button",
        class: "gs-keyentry",
        "aria-pressed": String(!this.out.has(trace.name)),
        onclick: () => this.press(trace.name),
      },
      sample(trace),
      element("span", { text: trace.name }),
    );
    return element("li", {}, toggle);
  }

  press(name) {
    if (!this.out.delete(name)) this.out.add(name);
    this.changed();
  }

  /** Written anew only where something is called or looks otherwise. @param {any[]} traces */
  draw(traces) {
    const named = traces.filter(({ name, showlegend }) => name && showlegend !== false);
    const told = JSON.stringify(
      named.map(({ name, line, marker }) => [name, line, marker?.symbol, this.out.has(name)]),
    );
    if (told === this.told) return;
    this.told = told;
    if (named.length === this.node.children.length && this.marks(named)) return;
    this.node.replaceChildren(...named.map((trace) => this.entry(trace)));
  }

  /** Which are put out, where all else is as it was: what is pressed keeps the focus. */
  marks(named) {
    const entries = [...this.node.querySelectorAll("button")];
    if (entries.some((entry, k) => entry.textContent !== named[k].name)) return false;
    for (const [k, entry] of entries.entries())
      entry.setAttribute("aria-pressed", String(!this.out.has(named[k].name)));
    return true;
  }
}
