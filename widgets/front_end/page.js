// A sheet on a page: everything it shows, drawn at most once a frame.

import { Chart } from "./charts.js";
import { Control } from "./controls.js";
import { element, setText } from "./elements.js";
import { FormulaBar } from "./formula_bar.js";
import { Grid } from "./grid.js";
import { State } from "./state.js";
import { Transport } from "./transport.js";

const SETTLED = 200; // milliseconds without a change before Python is told

/**
 * @typedef {Object} Host what the page stands in: a notebook, Voila or a file
 * @property {(inputs: Object, step: number) => void} settled told after the inputs came to rest
 * @property {((inputs: Object, step: number) => Promise<Blob>)|null} workbook makes the workbook of these inputs
 * @property {((bytes: ArrayBuffer) => Promise<Object>)|null} open reads an edited workbook: inputs by name, row by row
 * @property {() => Promise<any>} plotly loads plotly.js
 */

export class Page {
  /** @param {Object} description @param {Host} host */
  constructor(description, host) {
    this.host = host;
    this.state = new State(description);
    this.description = description;
    this.bar = new FormulaBar(this.state);
    this.message = element("p", { class: "gs-refusal gs-message", role: "alert" });
    this.grid = new Grid(this.state, (text, td) => this.say(text, td), (cell) => this.bar.select(cell));
    this.controls = [];
    this.charts = description.charts.map((chart) => new Chart(this.state, chart));
    this.sentences = element("div", { class: "gs-sentences", role: "status", "aria-live": "polite" });
    this.transport = this.state.carried.length ? new Transport(this.state) : null;
    // JupyterLab would take a digit typed into a cell of ours for a command of its own.
    const ours = { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "" };
    this.node = element("article", { class: "gradsheet", "aria-label": description.title, ...ours }, ...this.parts());
    this.makeDropTarget();
    this.state.onChange(() => this.changed());
    this.draw();
    const shownFirst = description.blocks.find((block) => block.role === "loss") || description.blocks.find((block) => block.value === undefined);
    if (shownFirst) this.grid.select(shownFirst.name, 0, 0);
  }

  parts() {
    const { description } = this;
    const charts = element("div", { class: "gs-charts" }, ...this.charts.map((chart) => chart.node));
    const lists = element("div", { class: "gs-lists" }, ...description.groups.filter((g) => this.isList(g)).map((g) => this.group(g)));
    const tables = element("div", { class: "gs-tables" }, ...description.groups.filter((g) => !this.isList(g)).map((g) => this.group(g)));
    const top = element("div", { class: this.charts.length ? "gs-columns" : "" }, lists, charts);
    this.grid.node.append(this.bar.node, top, tables);
    return [this.presets(), ...(this.transport ? [this.transport.node] : []), this.sentences, this.grid.node,
      element("footer", { class: "gs-footer" }, this.legend(), this.buttons()),
    ];
  }

  // --- parts

  presets() {
    const list = element("ol", { class: "gs-presets", "aria-label": "What to try, in order" });
    for (const preset of this.description.presets) {
      const press = element("button", { type: "button", text: preset.title, onclick: () => this.choose(preset, press) });
      list.append(element("li", {}, press, element("span", { class: "gs-note", text: preset.predict })));
    }
    return list;
  }

  choose(preset, button) {
    for (const other of this.node.querySelectorAll(".gs-presets button")) other.setAttribute("aria-pressed", String(other === button));
    this.clearRefusals();
    this.state.setInputs(preset.inputs, 0);
  }

  /** A sentence beside the table it is about. @param {string} text @param {HTMLElement} [td] */
  say(text, td) {
    const table = td && td.closest(".gs-scroll, .gs-results");
    if (table) table.after(this.message);
    setText(this.message, text);
  }

  clearRefusals() {
    for (const refusal of this.node.querySelectorAll(".gs-refusal")) refusal.textContent = "";
  }

  /** Open groups of single numbers stand beside the charts, everything else below. */
  isList(group) {
    const single = (name) => this.state.blocks[name].shape.every((length) => length === 1);
    return !group.folded && group.blocks.every(single);
  }

  group(group) {
    const blocks = group.blocks.map((name) => this.state.blocks[name]);
    const heading = [element("h3", { text: group.title }), ...(group.note ? [element("p", { class: "gs-note", text: group.note })] : [])];
    const isList = this.isList(group);
    if (group.folded) {
      const folded = element("details", { class: "gs-group" }, element("summary", {}, ...heading));
      folded.addEventListener("toggle", () => {
        if (folded.open && folded.children.length === 1) folded.append(this.grid.table(group.blocks));
        this.draw();
      });
      return folded;
    }
    const body = isList ? [this.list(blocks)] : [this.grid.table(group.blocks)];
    const data = blocks.some((block) => block.value !== undefined && block.shape[0] === "rows");
    return element("section", { class: isList ? "gs-group gs-short" : "gs-group" }, ...heading, ...body, ...(data ? [this.rowButtons()] : []));
  }

  /** Single numbers below each other: settings with their controls, results with their notes. */
  list(blocks) {
    const settings = blocks.filter((block) => block.control);
    const others = blocks.filter((block) => !block.control).map((block) => block.name);
    const node = element("div", { class: "gs-list" });
    for (const block of settings) {
      const control = new Control(this.state, block, (name) => this.grid.select(name, 0, 0, null));
      this.controls.push(control);
      node.append(control.node);
    }
    if (others.length) node.append(this.grid.list(others));
    return node;
  }

  rowButtons() {
    const { state } = this;
    const chosen = () => (this.grid.selected && state.isData(this.grid.selected.name) ? this.grid.selected.row : state.rows - 1);
    return element(
      "div",
      { class: "gs-rowbuttons" },
      element("button", { type: "button", text: "Add row", onclick: () => state.setRows(state.rows + 1) }),
      element("button", { type: "button", text: "Remove row", onclick: () => state.removeRow(Math.min(chosen(), state.rows - 1)) }),
      element("span", { class: "gs-note", text: "Click a cell to edit it; paste a column of numbers from Excel." }),
    );
  }

  legend() {
    const list = element("ul", { class: "gs-legend", "aria-label": "What the colours mean" });
    const used = new Set(this.description.blocks.map((block) => block.role));
    for (const [name, role] of Object.entries(this.description.roles)) {
      if (!used.has(name)) continue;
      const chip = element("span", { class: "gs-chip", style: `--role:${role.colour};--tint:${role.tint}`, text: role.mark, "aria-hidden": "true" });
      list.append(element("li", {}, chip, ` ${role.meaning}`));
    }
    return list;
  }

  buttons() {
    const button = (text, action) => element("button", { type: "button", text, onclick: action });
    const made = [button("Reset", () => this.reset())];
    if (this.host.workbook) made.push(button("Download workbook", () => this.download()));
    if (this.host.open) {
      this.file = element("input", { type: "file", accept: ".xlsx", class: "gs-file", "aria-label": "Open edited workbook", tabindex: "-1" });
      this.file.addEventListener("change", () => this.file.files[0] && this.open(this.file.files[0]));
      made.push(button("Open edited workbook", () => this.file.click()), this.file);
    }
    this.note = element("p", { class: "gs-note", role: "status" });
    return element("div", { class: "gs-buttons" }, ...made, this.note);
  }

  reset() {
    for (const button of this.node.querySelectorAll(".gs-presets button")) button.setAttribute("aria-pressed", "false");
    this.clearRefusals();
    if (this.transport) this.transport.playing = false;
    this.state.restart();
  }

  // --- the workbook, there and back

  async download() {
    setText(this.note, "Making the workbook…");
    try {
      const blob = await this.host.workbook(this.state.asRows(), this.state.step);
      const address = URL.createObjectURL(blob);
      const link = element("a", { href: address, download: `${this.description.name}.xlsx` });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      setText(this.note, `${this.description.name}.xlsx was downloaded.`);
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  async open(file) {
    setText(this.note, `Reading ${file.name}…`);
    try {
      const inputs = await this.host.open(await file.arrayBuffer());
      this.clearRefusals();
      this.state.setInputs(Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, rows.flat()])), 0);
      setText(this.note, `The inputs of ${file.name} are on the page.`);
    } catch (error) {
      setText(this.note, `Nothing was changed: ${error.message}`);
    }
    this.file.value = "";
  }

  makeDropTarget() {
    if (!this.host.open) return;
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
  }

  // --- drawing

  changed() {
    if (!this.scheduled) {
      this.scheduled = true;
      requestAnimationFrame(() => this.draw());
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.host.settled(this.state.asRows(), this.state.step), SETTLED);
  }

  draw() {
    this.scheduled = false;
    const start = performance.now();
    for (const control of this.controls) control.draw();
    this.grid.draw();
    this.bar.draw();
    this.drawSentences();
    if (this.transport) this.transport.draw();
    for (const chart of this.charts) chart.draw();
    performance.measure("gradsheet:update", { start, end: performance.now() });
  }

  drawSentences() {
    const texts = this.state.said().filter((text) => text !== "");
    while (this.sentences.children.length > texts.length) this.sentences.lastChild.remove();
    while (this.sentences.children.length < texts.length) this.sentences.append(element("p"));
    texts.forEach((text, k) => setText(this.sentences.children[k], text));
  }

  /** Load plotly after the numbers and controls are on the screen. */
  async startCharts() {
    if (!this.charts.length) return;
    try {
      const plotly = await this.host.plotly();
      for (const chart of this.charts) await chart.start(plotly);
      this.draw();
    } catch (error) {
      for (const chart of this.charts.filter((each) => !each.started)) {
        chart.plot.replaceChildren(element("p", { class: "gs-note", text: `The chart could not be drawn (${error.message}). The table has its numbers.` }));
      }
    }
  }
}

/** @param {HTMLElement} root @param {Object} description @param {Host} host */
export function mount(root, description, host) {
  const page = new Page(description, host);
  root.replaceChildren(page.node);
  page.draw();
  requestAnimationFrame(() => setTimeout(() => page.startCharts(), 0)); // after the first paint
  return page;
}
