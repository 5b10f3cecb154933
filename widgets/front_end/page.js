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
 * @property {((inputs: Object) => Promise<void>)|null} resize has the sheet made anew with these inputs, of other sizes than the page's
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
    const computed = description.blocks.filter((block) => block.value === undefined);
    const first = computed.find((block) => block.name === description.look) || computed[0];
    if (first) this.grid.select(first.name, 0, 0);
  }

  /** What can be changed stands beside the charts, what follows from it below, the formula bar at the foot. */
  parts() {
    const { groups } = this.description;
    const changeable = (group) => !group.folded && group.blocks.some((name) => this.state.blocks[name].value !== undefined);
    const made = (chosen) => chosen.map((group) => this.group(group));
    const hands = element("div", { class: "gs-hands" }, ...made(groups.filter(changeable)));
    const charts = element("div", { class: "gs-charts" }, ...this.charts.map((chart) => chart.node));
    const top = element("div", { class: this.charts.length ? "gs-columns" : "" }, hands, charts);
    const below = element("div", { class: "gs-tables" }, ...made(groups.filter((group) => !changeable(group))));
    this.grid.node.append(top, below, this.bar.node);
    const transport = this.transport ? [this.transport.node] : [];
    const footer = element("footer", { class: "gs-footer" }, this.legend(), this.buttons());
    return [this.presets(), ...transport, this.sentences, this.grid.node, footer];
  }

  // --- parts

  /** The story's steps as buttons, and the question to answer before the next one is pressed. */
  presets() {
    const { presets } = this.description;
    this.ask = element("p", { class: "gs-ask gs-note" });
    this.next = 0;
    const ask = (k) => setText(this.ask, presets[k] && presets[k].predict ? `Before you press ${k + 1}: ${presets[k].predict}` : "");
    this.pressing = presets.map((preset, k) => {
      const events = { onfocus: () => ask(k), onmouseenter: () => ask(k), onmouseleave: () => ask(this.next) };
      return element("button", { type: "button", "aria-pressed": "false", text: preset.title, onclick: () => this.choose(k, ask), ...events });
    });
    ask(0);
    const list = element("ol", { class: "gs-presets", "aria-label": "What to try, in order" });
    list.append(...this.pressing.map((button) => element("li", {}, button)));
    return element("div", {}, list, this.ask);
  }

  /** A preset is a start of its own: what it does not set is as the sheet starts. */
  choose(k, ask) {
    this.clearRefusals();
    const start = Object.fromEntries(this.state.inputs.map((name) => [name, this.state.blocks[name].value]));
    this.state.setInputs({ ...start, ...this.description.presets[k].inputs }, 0);
    this.press(k);
    this.next = k + 1;
    ask(this.next);
  }

  /** Show which preset the page stands at: k, or none any more. */
  press(k) {
    this.pressing.forEach((button, other) => button.setAttribute("aria-pressed", String(other === k)));
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
        if (folded.open && folded.children.length === 1) folded.append(this.grid.table(group.blocks, group.title));
        this.draw();
      });
      return folded;
    }
    const body = isList ? [this.list(blocks, group.title)] : [this.grid.table(group.blocks, group.title)];
    const data = blocks.some((block) => block.value !== undefined && block.shape[0] === "rows");
    return element("section", { class: isList ? "gs-group gs-short" : "gs-group" }, ...heading, ...body, ...(data ? [this.rowButtons()] : []));
  }

  /** Single numbers below each other: settings with their controls, results with their notes. */
  list(blocks, title) {
    const settings = blocks.filter((block) => block.control);
    const others = blocks.filter((block) => !block.control).map((block) => block.name);
    const node = element("div", { class: "gs-list" });
    for (const block of settings) {
      const control = new Control(this.state, block, (name) => this.grid.select(name, 0, 0, null), (value) => this.resize(block.name, value));
      this.controls.push(control);
      node.append(control.node);
    }
    if (others.length) node.append(this.grid.list(others, title));
    return node;
  }

  rowButtons() {
    const { state, grid } = this;
    const chosen = () => (grid.selected && state.isData(grid.selected.name) ? Math.min(grid.selected.row, state.rows - 1) : state.rows - 1);
    const data = state.inputs.find((name) => state.isData(name));
    const add = () => {
      state.setRows(state.rows + 1);
      grid.show(data, state.rows - 1);
      this.say(`Row ${state.rows} was added, like the one above it.`, grid.find(data, state.rows - 1, 0));
    };
    const remove = () => {
      const row = chosen();
      state.removeRow(row);
      this.say(`Row ${row + 1} was removed.`, grid.find(data, 0, 0));
    };
    this.remove = element("button", { type: "button", text: "Remove row", title: "the selected row, or the last", onclick: remove });
    return element(
      "div",
      { class: "gs-rowbuttons" },
      element("button", { type: "button", text: "Add row", onclick: add }),
      this.remove,
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
      await this.openInputs(inputs);
      setText(this.note, `The inputs of ${file.name} are on the page.`);
    } catch (error) {
      setText(this.note, `Nothing was changed: ${error.message}`);
    }
    this.file.value = "";
  }

  /** The inputs of a workbook: lists of rows, or null. Other sizes than the page's are asked for first. */
  async openInputs(inputs) {
    const sizes = this.state.inputs.filter((name) => this.state.blocks[name].isSize && inputs[name][0][0] !== this.state.value(name, 0, 0));
    if (sizes.length) return this.host.resize(inputs);
    this.state.setInputs(Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, rows && rows.flat()])), 0);
  }

  /** Ask for the sheet of another size; refused in words where nobody can make it. @param {string} name @param {number} value */
  resize(name, value) {
    if (!this.host.resize) {
      const now = this.state.value(name, 0, 0);
      return `This page was made with ${name} ${now}. Another one needs Python: open the lesson in Voila or JupyterLab, or make a page with --set ${name}=${value}.`;
    }
    this.host.settled(this.state.asRows(), this.state.step);
    this.host.resize({ [name]: [[value]] }).catch((error) => this.say(error.message));
    return "";
  }

  makeDropTarget() {
    if (!this.host.open) return;
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
  }

  /** Let go of timers and charts when the page is taken away. */
  end() {
    clearTimeout(this.timer);
    if (this.transport) this.transport.playing = false;
    for (const chart of this.charts) chart.end();
  }

  // --- drawing

  changed() {
    if (this.state.step === 0) this.press(null); // whatever was pressed, the inputs are others now
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
    if (this.remove) this.remove.disabled = this.state.rows <= 1;
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
