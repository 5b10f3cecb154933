// A sheet on a page: everything it shows, drawn at most once a frame.
//
// The modules by room. A room imports from itself and from rooms that stand above it in this list.
//
// engine: what is true of a sheet; no page in it, so that it runs in a bare V8
//   description  what Python sends, as types: the twin of widgets/description.py
//   numbers      numbers as every face shows them, and as a person may type them
//   blocks       what a block is, and where its numbers stand
//   formulas     a block's Excel formula at one of its cells
//   programs     a sheet's program, of a text or of a script file
//   state        the inputs, the step, and every number that follows from them
//   address      the state as a link, and a link as a state
//   packing      what lies packed in a static page
//   workbook     the static page's workbook, with the page's own numbers in it
// elements: the one way to make an element
//   elements     elements, buttons, fields, and who has the focus
//   pause        when a page may do what takes long
// charts: curves and markers, by plotly.js
//   colours      light or dark as the page is
//   series       what a chart draws, as plotly's traces
//   limits       how far axes go: to numbers, to blocks, or as far as what is drawn
//   following    an axis of numbers goes further where what is drawn does
//   ticks        where an axis is labelled, as plotly does it
//   plain        a chart before plotly has come
//   moving       moves what plotly has drawn, without plotly
//   dragging     a pointer on a chart sets inputs
//   handles      points of a reader's own curve, moved by pointer or by keys
//   key          what each line and marker is, in words
//   leaving      what has left a chart, and whereto
//   marks        which places of a chart stand for a cell
//   chart        one chart: drawn, moved, at rest, drawn upon
// sheet: the cells
//   grid         tables of blocks: select, edit, paste
//   pictures     a block as a picture: a shade for each number
//   painting     a picture that is an input, painted with the mouse
//   formula_bar  the selected cell's formula, mathematics and numbers
//   lights       the same number lit wherever it stands
// stage: cause and effect in one view
//   controls     a setting's slider, field, steppers or list
//   transport    play, step, back, scrub
//   story        the question, the move, what happened and why: a card a step
//   sentences    what just happened, in words
//   figures      the numbers that matter, large
//   swipe        a finger walks the story
//   stage        what a step uses, brought together
//   panels       what stands below the stage
// classroom: what a class does with a sheet
//   predictions  predict, then reveal
//   exercises    tasks for the reader alone, and whether they are done
//   compare      A and B: the same start with one difference
//   share        the page's state in its address; what a class sees and may change
//   speaker      the notes in a second window
//   presenter    full screen, large type, keys
//   handout      the lesson on paper
// page: all of it together
//   exchange     the workbook, there and back
//   successor    a page of other sizes in the place of the one before it
//   page         this file
// host: where a page lives
//   plotly       plotly.js once a page
//   asking       questions to the kernel
//   served       questions to a server, where there is no kernel
//   held         what lies in a static page, or in a script beside it, until it is asked for
//   other_sizes  the sheets of other sizes that lie in a static page
//   widget       the page as an anywidget
//   static       the page as a file

import { Chart } from "../charts/chart.js";
import { Compare } from "../classroom/compare.js";
import { Exercises } from "../classroom/exercises.js";
import { Handout } from "../classroom/handout.js";
import { Predictions } from "../classroom/predictions.js";
import { Presenter } from "../classroom/presenter.js";
import { Share } from "../classroom/share.js";
import { button, element, isInView, panel, setText } from "../elements/elements.js";
import { idle, pause } from "../elements/pause.js";
import { isData, isInput, isSingle } from "../engine/blocks.js";
import { State } from "../engine/state.js";
import { FormulaBar } from "../sheet/formula_bar.js";
import { Grid } from "../sheet/grid.js";
import { Lights } from "../sheet/lights.js";
import { Painting } from "../sheet/painting.js";
import { Control } from "../stage/controls.js";
import { Panels } from "../stage/panels.js";
import { Sentences } from "../stage/sentences.js";
import { Stage } from "../stage/stage.js";
import { Story } from "../stage/story.js";
import { Transport } from "../stage/transport.js";
import { Exchange } from "./exchange.js";
import { keepsFocus, takeOver } from "./successor.js";

const SLICE = 100; // milliseconds of a long run, then the page draws and hears
const SETTLED = 200; // milliseconds without a change before Python is told
let made = 0; // sheets on this page so far

/**
 * @typedef {Object} Host what the page stands in: a notebook, Voila or a file
 * @property {(inputs: Object, step: number) => void} settled told after the inputs came to rest
 * @property {((inputs: Object, step: number) => Promise<Blob>)|null} workbook makes the workbook of
 *   these inputs
 * @property {((bytes: ArrayBuffer) => Promise<Object>)|null} open reads an edited workbook: inputs
 *   by name, row by row
 * @property {(sizes: Object<string, number>, near?: boolean) => Promise<Page>} resize puts a page
 *   of these sizes in this one's place, or says why
 *   it cannot; near: the other sizes may change too
 * @property {boolean} address whether the page may read and write the address bar
 * @property {() => Promise<any>} plotly loads plotly.js
 */

export class Page {
  /**
   * @param {Object} description
   * @param {Host} host
   * @param {Page} [before] the one of other sizes whose place this one takes
   */
  constructor(description, host, before) {
    this.host = host;
    this.state = new State(description);
    this.state.patience = SLICE;
    this.description = description;
    this.bar = new FormulaBar(this.state);
    this.message = element("p", { class: "gs-refusal gs-message", role: "alert" });
    this.grid = new Grid(
      this.state,
      (text, td) => this.say(text, td),
      (cell, td) => this.selected(cell, td),
    );
    this.controls = [];
    this.charts = description.charts.map(
      (chart, k) => new Chart(this.state, chart, k, (text) => this.say(text)),
    );
    this.story = new Story(this.state, {
      restarting: () => this.restarting(),
      arrange: () => this.arrange(),
      play: () => this.play(),
      isPlaying: () => Boolean(this.transport?.playing || this.state.goal !== null),
    });
    this.predictions = new Predictions(this, before?.predictions);
    this.exercises = new Exercises(this);
    this.compare = new Compare(this);
    this.sentences = new Sentences(this.state);
    this.transport = this.state.carried.length
      ? new Transport(this.state, () => this.compare.other)
      : null;
    this.exchange = new Exchange(this);
    // JupyterLab would take a digit typed into a cell of ours for a command of its own.
    const ours = { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "" };
    this.node = element("article", {
      class: "gradsheet",
      id: `gradsheet-${++made}`,
      "aria-label": description.title,
      ...ours,
    });
    this.share = new Share(this, before?.share);
    this.presenter = new Presenter(this, before?.presenter);
    this.handout = new Handout(this);
    this.lights = new Lights(this);
    this.painting = new Painting(this.grid.node, this.state, (text) => this.say(text));
    this.grid.node.append(...this.parts());
    if (this.host.address) this.node.append(this.share.refusals);
    this.node.append(this.grid.node);
    this.exchange.listen(this.node);
    this.state.onChange(() => this.changed());
    const computed = description.blocks.filter((block) => !isInput(block));
    const first = computed.find((block) => block.name === description.look) || computed[0];
    if (first) this.grid.select(first.name, 0, 0);
    this.arrange();
  }

  /** The stage, and below it the other parts. */
  parts() {
    for (const [k, chart] of this.charts.entries())
      chart.node.setAttribute("data-part", `chart-${k + 1}`);
    const below = this.below();
    this.stage = new Stage(this.state, {
      story: this.story,
      sentences: this.sentences,
      transport: this.transport,
      controls: this.controls,
      charts: this.charts,
      grid: this.grid,
      actions: this.actions(),
    });
    const { exchange, share, presenter } = this;
    const said = element(
      "div",
      { class: "gs-said" },
      presenter.speaker.refusal,
      exchange.note,
      share.note,
      share.field,
    );
    return [this.stage.node, said, below];
  }

  below() {
    const rest = [
      this.predictions.node,
      this.exercises.node,
      this.compare.node,
      this.host.address && this.share.builder,
    ];
    const panels = [this.sheet(), ...rest.filter((node) => node instanceof HTMLElement)];
    return new Panels(panels, this.description.title).node;
  }

  /**
   * Every cell: the groups in the author's order, beside the charts that are not on the stage; the
   * formula bar at the foot.
   */
  sheet() {
    const groups = this.description.groups.map((group) => this.group(group));
    const charts = element(
      "div",
      { class: "gs-morecharts" },
      ...this.charts.map((chart) => chart.node),
    );
    const tables = element("div", { class: "gs-tables" }, ...groups);
    this.barHome = element("div", { class: "gs-barhome" }, this.bar.node);
    const columns = element("div", { class: "gs-columns" }, tables, charts);
    const parts = [this.sentences.more, columns, this.message, this.barHome];
    return panel("cells", "Every cell", ...parts, this.legend(), this.buttons());
  }

  // --- parts

  /** What was done to a table, said below it. @param {string} text @param {Element|null} td */
  tell(text, td) {
    td?.closest(".gs-scroll, .gs-results")?.after(this.message);
    this.message.classList.remove("gs-below-cell");
    setText(this.message, text);
  }

  /**
   * A sentence, right below the cell it is about.
   * @param {string} text
   * @param {Element} [td]
   */
  say(text, td) {
    setText(this.message, text);
    this.message.classList.toggle("gs-below-cell", Boolean(td && text));
    if (!td || !text) return;
    const { node } = this.grid;
    node.append(this.message);
    const [cell, place] = [td.getBoundingClientRect(), node.getBoundingClientRect()];
    const left = Math.min(cell.left - place.left, place.width - this.message.offsetWidth - 8);
    this.message.style.left = `${Math.max(8, left)}px`;
    this.message.style.top = `${cell.bottom - place.top}px`;
  }

  /** The formula bar stands where the cell does. */
  selected(cell, td) {
    const place = this.stage?.holds(td) ? this.stage.bar : this.barHome;
    if (this.bar.node.parentNode !== place) place.append(this.bar.node);
    this.bar.select(cell);
    this.lights.selected();
    this.compare.selected();
  }

  /** Another step of the story: its controls, charts, cells and question on the stage. */
  arrange() {
    this.stage.arrange();
    this.grid.keepSelected();
    // it spoke of another step's cell
    if (!this.story.scene.look) this.barHome.append(this.bar.node);
    this.predictions.arrange();
  }

  /** Play to the step of the story; at once for who wants no motion. */
  play() {
    if (!this.transport) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches)
      this.state.goTo(this.story.scene.play);
    else this.transport.toggle();
  }

  /** A new start: nothing plays on, nothing that was refused is still said. */
  restarting() {
    this.pause();
    for (const refusal of this.node.querySelectorAll(".gs-refusal")) refusal.textContent = "";
  }

  blocksOf(group) {
    return group.blocks.map((name) => this.state.blocks[name]);
  }

  /** By which a link hides it. */
  partOf(group) {
    return {
      class: "gs-group",
      "data-part": `group-${this.description.groups.indexOf(group) + 1}`,
    };
  }

  group(group) {
    const heading = [
      element("h2", { text: group.title }),
      group.note ? element("p", { class: "gs-note", text: group.note }) : "",
    ];
    if (group.folded) return this.folded(group, heading);
    const data = this.blocksOf(group).some((block) => isInput(block) && isData(block));
    return element(
      "section",
      this.partOf(group),
      ...heading,
      ...this.body(group),
      data ? this.rowButtons() : "",
    );
  }

  /** Settings that some step of the story brings to the stage. @returns {Set<string>} */
  get played() {
    const { scene, presets } = this.description;
    return new Set([scene, ...presets.map((preset) => preset.scene)].flatMap((x) => x.controls));
  }

  /**
   * A group whose tables are made when it is opened for the first time; at once where the story
   * needs its settings.
   */
  folded(group, heading) {
    const summary = element("summary", {}, ...heading);
    const node = element("details", this.partOf(group), summary);
    if (group.blocks.some((name) => this.played.has(name))) node.append(...this.body(group));
    node.addEventListener("toggle", () => {
      if (node.open && node.lastChild === summary) node.append(...this.body(group));
      this.draw();
    });
    return node;
  }

  /**
   * Settings with their controls; then results, below each other with their notes where all are
   * single numbers, else side by side.
   */
  body(group) {
    const blocks = this.blocksOf(group);
    const controls = blocks.filter((block) => block.control).map((block) => this.control(block));
    const others = blocks.filter((block) => !block.control).map((block) => block.name);
    if (!others.length) return controls;
    const isList = !group.folded && blocks.every(isSingle);
    return [
      ...controls,
      isList ? this.grid.list(others, group.title) : this.grid.table(others, group.title),
    ];
  }

  control(block) {
    const focused = () => this.grid.select(block.name, 0, 0, null);
    const control = new Control(this.state, block, focused, (value) =>
      this.host.resize({ [block.name]: value }, true),
    );
    this.controls.push(control);
    return control.node;
  }

  rowButtons() {
    const { state, grid } = this;
    const chosen = () =>
      grid.selected && state.isData(grid.selected.name)
        ? Math.min(grid.selected.row, state.rows - 1)
        : state.rows - 1;
    const data = state.inputs.find((name) => state.isData(name));
    const add = () => {
      state.setRows(state.rows + 1);
      grid.show(data, state.rows - 1);
      this.tell(
        `Row ${state.rows} was added, like the one above it.`,
        grid.find(data, state.rows - 1, 0),
      );
    };
    const remove = () => {
      const row = chosen();
      state.removeRow(row);
      this.tell(`Row ${row + 1} was removed.`, grid.find(data, 0, 0));
    };
    this.add = button("Add row", add);
    this.remove = button("Remove row", remove, { title: "the selected row, or the last" });
    const how = element("span", {
      class: "gs-note",
      text: "Click a cell to edit it; paste a column of numbers from Excel.",
    });
    return element("div", { class: "gs-rowbuttons" }, this.add, this.remove, how);
  }

  legend() {
    const list = element("ul", { class: "gs-legend", "aria-label": "What the colours mean" });
    for (const role of Object.values(this.description.roles)) {
      const chip = element("span", {
        class: "gs-chip",
        style: `--role:${role.colour};--tint:${role.tint}`,
        text: role.mark,
        "aria-hidden": "true",
      });
      list.append(element("li", {}, chip, ` ${role.meaning}`));
    }
    return list;
  }

  /** For the whole sheet, at the top. */
  actions() {
    const { exchange, presenter, share } = this;
    const all = () => this.grid.node.querySelector(".gs-below").scrollIntoView({ block: "start" });
    return element(
      "div",
      { class: "gs-actions" },
      button("Sheet ▾", all, { title: "Every cell, below" }),
      button("Reset", () => this.reset()),
      exchange.download || "",
      this.host.address ? share.button : "",
      presenter.speaker.button,
      button("Present", () => presenter.start(), { class: "gs-present" }),
    );
  }

  buttons() {
    return element("div", { class: "gs-buttons" }, ...this.exchange.reading);
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
    page.story.show(null);
  }

  /**
   * Those that differ here; sizes that the sheet has not say nothing.
   * @param {Object<string, number>} wanted
   * @returns {string[]}
   */
  otherSizes(wanted) {
    const { sizes } = this.state;
    return Object.keys(sizes).filter((name) => name in wanted && wanted[name] !== sizes[name]);
  }

  /**
   * The page of these sizes: this one, or one that takes its place, and may have sizes that this
   * one has not.
   */
  async sized(wanted) {
    const others = this.otherSizes(wanted);
    if (!others.length) return this;
    const page = await this.host.resize(
      Object.fromEntries(others.map((name) => [name, wanted[name]])),
    );
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
    this.handout.end();
    this.stage.end();
    for (const chart of this.charts) chart.end();
  }

  // --- drawing

  changed() {
    // whatever was pressed, the inputs are others now
    if (this.state.step === 0) this.story.press(null);
    this.redraw();
    clearTimeout(this.timer);
    if (this.state.goal === null) this.timer = setTimeout(() => this.settled(), SETTLED);
    else this.timer = setTimeout(() => this.node.isConnected && this.state.goOn());
  }

  /** Draw in the next frame. */
  redraw() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => this.draw());
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
    this.transport?.draw();
    this.story.draw();
    this.exercises.draw();
    this.stage.draw();
    if (this.remove) this.drawRowButtons();
    this.compare.draw();
    for (const chart of this.charts) chart.draw();
    this.lights.draw();
    performance.clearMeasures("gradsheet:update"); // or they would pile up for as long as it plays
    performance.measure("gradsheet:update", { start, end: performance.now() });
  }

  drawRowButtons() {
    const { rows, rowsAreLocked } = this.state;
    this.add.disabled = rowsAreLocked;
    this.remove.disabled = rowsAreLocked || rows <= 1;
  }

  /**
   * Bring plotly when whoever is at the page pauses: its numbers, controls and plain charts are on
   * the screen, and answer. One chart at a time, those that are seen first.
   */
  async startCharts() {
    if (!this.charts.length) return;
    try {
      await pause();
      const plotly = await this.host.plotly();
      const seen = (chart) => isInView(chart.plot);
      const waiting = new Set(this.charts);
      while (waiting.size) {
        await idle();
        const chart = [...waiting].find(seen) || [...waiting][0];
        waiting.delete(chart);
        await chart.start(plotly);
        if (chart.started) this.lights.marks[this.charts.indexOf(chart)].start();
      }
      this.redraw();
    } catch (error) {
      const without = "The charts follow, but cannot be dragged or pointed at";
      setText(this.exchange.note, `${without} (${error.message}).`);
    }
  }
}

/**
 * @param {HTMLElement} root
 * @param {Object} description
 * @param {Host} host
 * @param {Page} [before] the one that ended here, of other sizes
 */
export function mount(root, description, host, before) {
  const focusAgain = before && keepsFocus(root);
  const page = new Page(description, host, before);
  root.replaceChildren(page.node);
  if (before) {
    page.stage.start();
    takeOver(page, before);
  } else requestAnimationFrame(() => page.stage.start()); // where the page is laid out anyway
  page.draw();
  if (focusAgain) focusAgain();
  requestAnimationFrame(() => setTimeout(() => page.startCharts(), 0)); // after the first paint
  return page;
}
