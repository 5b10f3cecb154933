// A sheet on a page: everything it shows, drawn at most once a frame.

import { Chart } from "./charts.js";
import { Compare } from "./compare.js";
import { Control } from "./controls.js";
import { element, setText } from "./elements.js";
import { Exchange } from "./exchange.js";
import { FormulaBar } from "./formula_bar.js";
import { Grid } from "./grid.js";
import { Lights } from "./lights.js";
import { Predictions } from "./predictions.js";
import { Presenter } from "./presenter.js";
import { Presets } from "./presets.js";
import { Sentences } from "./sentences.js";
import { Share } from "./share.js";
import { State } from "./state.js";
import { keepsFocus, takeOver } from "./successor.js";
import { Transport } from "./transport.js";

const SETTLED = 200; // milliseconds without a change before Python is told
let made = 0; // sheets on this page so far

/**
 * @typedef {Object} Host what the page stands in: a notebook, Voila or a file
 * @property {(inputs: Object, step: number) => void} settled told after the inputs came to rest
 * @property {((inputs: Object, step: number) => Promise<Blob>)|null} workbook makes the workbook of these inputs
 * @property {((bytes: ArrayBuffer) => Promise<Object>)|null} open reads an edited workbook: inputs by name, row by row
 * @property {(sizes: Object<string, number>, near?: boolean) => Promise<Page>} resize puts a page of these sizes in this one's place, or says why
 *   it cannot; near: the other sizes may change too
 * @property {boolean} address whether the page may read and write the address bar
 * @property {() => Promise<any>} plotly loads plotly.js
 */

export class Page {
  /** @param {Object} description @param {Host} host @param {Page} [before] the one of other sizes whose place this one takes */
  constructor(description, host, before) {
    this.host = host;
    this.state = new State(description);
    this.description = description;
    this.bar = new FormulaBar(this.state);
    this.message = element("p", { class: "gs-refusal gs-message", role: "alert" });
    this.grid = new Grid(this.state, (text, td) => this.say(text, td), (cell) => this.selected(cell));
    this.controls = [];
    this.charts = description.charts.map((chart, k) => new Chart(this.state, chart, k, (text) => this.say(text)));
    this.predictions = new Predictions(this, before?.predictions);
    this.compare = new Compare(this);
    this.sentences = new Sentences(this.state);
    this.transport = this.state.carried.length ? new Transport(this.state, () => this.compare.other) : null;
    this.presets = new Presets(this.state, () => this.restarting());
    this.exchange = new Exchange(this);
    // JupyterLab would take a digit typed into a cell of ours for a command of its own.
    const ours = { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "" };
    this.node = element("article", { class: "gradsheet", id: `gradsheet-${++made}`, "aria-label": description.title, ...ours });
    this.share = new Share(this, before?.share);
    this.presenter = new Presenter(this, before?.presenter);
    this.lights = new Lights(this);
    this.node.append(...this.parts());
    this.exchange.listen(this.node);
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
    this.charts.forEach((chart, k) => chart.node.setAttribute("data-part", `chart-${k + 1}`));
    const top = element("div", { class: this.charts.length ? "gs-columns" : "" }, hands, charts);
    const computed = groups.filter((group) => !changeable(group)).sort((a, b) => a.folded - b.folded); // what is folded away comes last
    const below = element("div", { class: "gs-tables" }, ...made(computed));
    this.grid.node.append(top, this.message, below, this.bar.node);
    const transport = this.transport ? [this.transport.node] : [];
    const footer = element("footer", { class: "gs-footer" }, this.legend(), this.buttons());
    const share = this.host.address ? [this.share.refusals] : [];
    const builder = this.host.address ? [this.share.builder] : [];
    return [...share, this.presets.node, this.predictions.node, this.compare.node, ...transport, this.sentences.node, this.grid.node, footer, ...builder];
  }

  // --- parts

  /** A sentence beside the table it is about. @param {string} text @param {HTMLElement} [td] */
  say(text, td) {
    const table = td && td.closest(".gs-scroll, .gs-results");
    if (table) table.after(this.message);
    setText(this.message, text);
  }

  selected(cell) {
    this.bar.select(cell);
    this.lights.selected();
    this.compare.selected();
  }

  /** A new start: nothing plays on, nothing that was refused is still said. */
  restarting() {
    this.pause();
    this.clearRefusals();
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
    const heading = [element("h2", { text: group.title }), ...(group.note ? [element("p", { class: "gs-note", text: group.note })] : [])];
    const isList = this.isList(group);
    if (group.folded) {
      const folded = element("details", { class: "gs-group" }, element("summary", {}, ...heading));
      folded.addEventListener("toggle", () => {
        if (folded.open && folded.children.length === 1) folded.append(...this.body(group, false));
        this.draw();
      });
      return folded;
    }
    const body = this.body(group, isList);
    const data = blocks.some((block) => block.value !== undefined && block.shape[0] === "rows");
    return element("section", { class: isList ? "gs-group gs-short" : "gs-group" }, ...heading, ...body, ...(data ? [this.rowButtons()] : []));
  }

  /** A list; or a table, with the settings among its blocks above it. */
  body(group, isList) {
    const blocks = group.blocks.map((name) => this.state.blocks[name]);
    if (isList) return [this.list(blocks, group.title)];
    const settings = blocks.filter((block) => block.control);
    const others = blocks.filter((block) => !block.control).map((block) => block.name);
    const tables = others.length ? [this.grid.table(others, group.title)] : [];
    return [...(settings.length ? [this.list(settings, group.title)] : []), ...tables];
  }

  /** Single numbers below each other: settings with their controls, results with their notes. */
  list(blocks, title) {
    const settings = blocks.filter((block) => block.control);
    const others = blocks.filter((block) => !block.control).map((block) => block.name);
    const node = element("div", { class: "gs-list" });
    for (const block of settings) {
      const control = new Control(this.state, block, (name) => this.grid.select(name, 0, 0, null), (value) => this.host.resize({ [block.name]: value }, true));
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
    this.add = element("button", { type: "button", text: "Add row", onclick: add });
    this.remove = element("button", { type: "button", text: "Remove row", title: "the selected row, or the last", onclick: remove });
    return element(
      "div",
      { class: "gs-rowbuttons" },
      this.add,
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
    const share = this.host.address ? [this.share.button] : [];
    const made = [button("Reset", () => this.reset()), button("Present", () => this.presenter.start()), this.presenter.speaker.button, ...this.exchange.buttons, ...share];
    return element("div", { class: "gs-buttons" }, ...made, this.presenter.speaker.refusal, this.exchange.note, this.share.note, this.share.field);
  }

  /** Back to what the page was opened with. */
  async reset() {
    this.restarting();
    if (this.share.opened) return this.share.read(this.share.opened, this.share.looks.mode);
    const page = await this.sized(this.share.born).catch((error) => {
      setText(this.exchange.note, error.message);
      return this;
    });
    page.state.restart();
    page.presets.show(null);
  }

  /** Those that differ here; sizes that the sheet has not say nothing. @param {Object<string, number>} wanted @returns {string[]} */
  otherSizes(wanted) {
    const { sizes } = this.state;
    return Object.keys(sizes).filter((name) => name in wanted && wanted[name] !== sizes[name]);
  }

  /** The page of these sizes: this one, or one that takes its place, and may have sizes that this one has not. */
  async sized(wanted) {
    const others = this.otherSizes(wanted);
    if (!others.length) return this;
    const page = await this.host.resize(Object.fromEntries(others.map((name) => [name, wanted[name]])));
    return page.sized(wanted);
  }

  pause() {
    if (this.transport) this.transport.playing = false;
  }

  /** Let go of timers and charts when the page is taken away. */
  end() {
    clearTimeout(this.timer);
    this.pause();
    this.share.end();
    this.presenter.end();
    for (const chart of this.charts) chart.end();
  }

  // --- drawing

  changed() {
    if (this.state.step === 0) this.presets.press(null); // whatever was pressed, the inputs are others now
    if (!this.scheduled) {
      this.scheduled = true;
      requestAnimationFrame(() => this.draw());
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settled(), SETTLED);
  }

  settled() {
    this.host.settled(this.state.asRows(), this.state.step);
    this.share.settled();
  }

  draw() {
    this.scheduled = false;
    const start = performance.now();
    this.compare.follow();
    for (const control of this.controls) control.draw();
    this.grid.draw();
    this.bar.draw();
    this.sentences.draw();
    if (this.transport) this.transport.draw();
    if (this.remove) this.remove.disabled = this.state.rows <= 1 || this.state.rowsAreLocked;
    if (this.add) this.add.disabled = this.state.rowsAreLocked;
    this.compare.draw();
    for (const chart of this.charts) chart.draw();
    this.lights.draw();
    performance.measure("gradsheet:update", { start, end: performance.now() });
  }

  /** Load plotly after the numbers and controls are on the screen. */
  async startCharts() {
    if (!this.charts.length) return;
    try {
      const plotly = await this.host.plotly();
      for (const [k, chart] of this.charts.entries()) {
        await chart.start(plotly);
        if (chart.started) this.lights.marks[k].start();
      }
      this.draw();
    } catch (error) {
      for (const chart of this.charts.filter((each) => !each.started)) {
        chart.plot.replaceChildren(element("p", { class: "gs-note", text: `The chart could not be drawn (${error.message}). The table has its numbers.` }));
      }
    }
  }
}

/** @param {HTMLElement} root @param {Object} description @param {Host} host @param {Page} [before] the one that ended here, of other sizes */
export function mount(root, description, host, before) {
  const focusAgain = before && keepsFocus(root);
  const page = new Page(description, host, before);
  root.replaceChildren(page.node);
  if (before) takeOver(page, before);
  page.draw();
  if (focusAgain) focusAgain();
  requestAnimationFrame(() => setTimeout(() => page.startCharts(), 0)); // after the first paint
  return page;
}
