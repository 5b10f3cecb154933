// The stage: a step's words and controls beside the charts and cells they move, in one view. What a
// step does not use waits at its own place in the sheet below.

import { element } from "../elements/elements.js";
import { Figures } from "./figures.js";
import { walkBySwipe } from "./swipe.js";

const LEAST_ROOM = 420; // pixels that the stage takes at least
const MOST_ABOVE = 0.3; // of a notebook's view, what may stay in view above the stage
const GAP = 8; // pixels below it
const SMALL = 5; // columns of a picture whose numbers can be read
const MOST_NAMES = 16; // of its rows, or its columns
const FEW_NAMES = 8; // where charts share its room
const MOST_BESIDE = 3; // pictures; more stand in two lines

/**
 * What stands on a stage.
 * @typedef {Object} Cast
 * @property {import("./story.js").Story} story
 * @property {import("./sentences.js").Sentences} sentences
 * @property {import("./transport.js").Transport|null} transport
 * @property {import("./controls.js").Control[]} controls
 * @property {import("../charts/chart.js").Chart[]} charts
 * @property {import("../sheet/grid.js").Grid} grid
 * @property {HTMLElement} actions buttons for the whole sheet
 */

/** A node that can be borrowed from its place, and comes back to it. */
class Borrowed {
  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this.home = document.createComment("");
  }

  /** @param {HTMLElement} place */
  lend(place) {
    if (!this.home.isConnected && this.node.parentNode && !this.lent) this.node.before(this.home);
    this.lent = true;
    place.append(this.node);
  }

  back() {
    if (this.lent) this.home.after(this.node);
    this.lent = false;
  }
}

export class Stage {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {Cast} cast
   */
  constructor(state, cast) {
    this.state = state;
    this.cast = cast;
    this.figures = new Figures(state);
    this.lent = new Map(
      [...cast.controls, ...cast.charts].map((each) => [each, new Borrowed(each.node)]),
    );
    this.controls = element("div", { class: "gs-inplay" });
    this.charts = element("div", { class: "gs-charts" });
    this.card = 0; // of the story, as it was arranged last
    this.pictures = element("div", { class: "gs-pictures" });
    this.cells = element("div", { class: "gs-cells" });
    // the formula bar's, while a cell here is selected
    this.bar = element("div", { class: "gs-bar" });
    const words = element(
      "div",
      { class: "gs-words" },
      cast.story.node,
      this.controls,
      cast.sentences.node,
    );
    this.scene = element(
      "div",
      { class: "gs-scene" },
      this.figures.node,
      this.pictures,
      this.charts,
      this.cells,
      this.bar,
    );
    const top = element("header", { class: "gs-top" }, cast.story.bar || "", cast.actions);
    this.node = element(
      "div",
      { class: "gs-stage" },
      top,
      words,
      this.scene,
      cast.transport?.node || "",
    );
    walkBySwipe(this.node, cast.story);
    this.fitted = () => this.fit();
    this.stands = false; // before, nothing is laid out yet
    this.ended = false;
    /** @type {any[]} of the pictures */
    this.tables = [];
  }

  /** Put a step's controls, charts, cells and numbers on the stage. */
  arrange() {
    const { story, controls, charts, transport } = this.cast;
    const { scene } = story;
    for (const chart of this.charts.children) chart.classList.remove("gs-enlarged");
    for (const borrowed of this.lent.values()) borrowed.back();
    const inPlay = scene.controls.map((name) => controls.find(({ block }) => block.name === name));
    for (const control of inPlay) if (control) this.lent.get(control).lend(this.controls);
    for (const place of scene.charts) this.lent.get(charts[place]).lend(this.charts);
    this.node.dataset.charts = String(scene.charts.length);
    this.node.toggleAttribute("data-asking", !story.moved);
    this.node.toggleAttribute("data-holding", story.holds);
    this.node.dataset.pictures = String(scene.pictures.length);
    this.figures.show(scene.numbers);
    this.cast.sentences.step(story.preset?.says ?? []);
    this.showPictures(scene);
    for (const picture of this.pictures.children)
      picture.toggleAttribute(
        "data-held",
        story.heldBack.includes(picture.getAttribute("data-picture") || ""),
      );
    this.showCells(scene);
    transport?.stopAt(scene.play);
    if (this.card !== story.at) this.charts.scrollLeft = 0; // on a phone: the first one again
    this.card = story.at;
  }

  /** @param {import("../engine/description.js").Scene} scene */
  showPictures({ pictures, charts }) {
    const { grid } = this.cast;
    const most = charts.length ? FEW_NAMES : MOST_NAMES;
    const seen = [...pictures, most].join();
    if (this.seen === seen) return;
    this.seen = seen;
    for (const table of this.tables) grid.remove(table);
    this.tables = [];
    const blocks = pictures.map((name) => this.state.blocks[name]);
    this.pictures.replaceChildren(...blocks.map((block) => this.picture(block, most)));
    for (const [name, value] of Object.entries(measuresOf(blocks, most)))
      this.pictures.style.setProperty(name, String(value));
    this.pictures.toggleAttribute("data-two-lines", blocks.length > MOST_BESIDE);
  }

  /**
   * A block's table as a picture.
   * @param {import("../engine/description.js").Block} block
   * @param {number} most how many of its rows may have names around it
   */
  picture(block, most) {
    const { grid } = this.cast;
    const table = grid.table([block.name], block.words);
    this.tables.push(grid.tables.at(-1));
    const caption = element("figcaption", { text: block.words, title: block.note });
    const small = isSmall(block) ? { "data-small": "" } : {};
    const about = { "data-picture": block.name, ...small, ...namedOf(block, most) };
    return element("figure", about, caption, table);
  }

  /** @param {import("../engine/description.js").Scene} scene */
  showCells({ cells }) {
    const { grid, story } = this.cast;
    if (this.shown === cells.join()) return this.looked();
    this.shown = cells.join();
    grid.remove(this.table);
    this.cells.replaceChildren();
    this.table = null;
    if (!cells.length) return this.looked();
    this.cells.append(grid.table(cells, story.preset?.title || "Cells of this step"));
    this.table = grid.tables.at(-1);
    this.fitCells();
    this.looked();
  }

  /** Select the cell that the step looks at. */
  looked() {
    const { look } = this.cast.story.scene;
    this.row = this.column = null;
    if (look) this.follow();
  }

  /** The row to look at may be a number of the sheet's. */
  follow() {
    const { look } = this.cast.story.scene;
    const table =
      look && [this.table, ...this.tables].find((each) => each?.names.includes(look[0]));
    if (!table) return;
    const [name, ...told] = look;
    const most = [this.state.rowCount(name), Number(this.state.blocks[name].shape[1])];
    const [row, column] = told.map((place, axis) => {
      const wanted = typeof place === "string" ? this.state.value(place, 0, 0) - 1 : place;
      return Math.min(Math.max(0, Math.round(wanted) || 0), most[axis] - 1);
    });
    if (row === this.row && column === this.column) return;
    this.row = row;
    this.column = column;
    table.draw(); // as many rows as there are now
    table.show(row);
    this.cast.grid.select(name, row, column, table.find(name, row, column));
  }

  /**
   * A chart that is to be drawn upon stands here.
   * @param {import("../charts/chart.js").Chart} chart
   */
  bring(chart) {
    if (this.charts.contains(chart.node)) return;
    for (const each of this.cast.charts) this.lent.get(each).back();
    this.lent.get(chart).lend(this.charts);
    this.node.dataset.charts = "1";
  }

  /**
   * On a projector the numbers stand with the words, so that the chart has their room.
   * @param {boolean} on
   */
  project(on) {
    if (on) this.cast.story.node.after(this.figures.node);
    else this.scene.prepend(this.figures.node);
  }

  /** One chart takes the room of all, or (again) gives it back. @param {number} k */
  enlarge(k) {
    const [chosen, others] = [this.charts.children[k], [...this.charts.children]];
    if (!chosen) return;
    const on = !chosen.classList.contains("gs-enlarged");
    for (const each of others) each.classList.remove("gs-enlarged");
    chosen.classList.toggle("gs-enlarged", on);
  }

  /** The step's pictures, its cells, or its first chart. @returns {Element|null} */
  largest() {
    if (this.tables.length) return this.pictures;
    return this.table ? this.cells : this.charts.firstElementChild;
  }

  /** Whether a cell stands here rather than in the sheet below. @param {Node|null} td */
  holds(td) {
    return this.node.contains(td);
  }

  draw() {
    this.figures.draw();
    this.follow();
  }

  // --- as high as the window is

  /** After it stands on the page. */
  start() {
    if (this.ended) return; // the page was taken away before it was laid out
    this.stands = true;
    window.addEventListener("resize", this.fitted);
    document.addEventListener("fullscreenchange", this.fitted);
    this.fit();
    this.row = null; // only now can a row be scrolled to
    this.looked();
  }

  /** All of the window that is left below what stands above the sheet. */
  fit() {
    if (!this.stands || !this.node.isConnected) return;
    const top = this.node.getBoundingClientRect().top;
    const scroller = scrollerOf(this.node);
    const room = scroller
      ? roomIn(scroller, top)
      : window.innerHeight - Math.max(0, top + window.scrollY) - GAP;
    const article = /** @type {HTMLElement} */ (this.node.closest(".gradsheet"));
    article.style.setProperty("--room", `${Math.max(LEAST_ROOM, room)}px`);
    this.fitCells();
  }

  /** Whole rows below a heading, as high as its words make it. */
  fitCells() {
    const head = this.cells.querySelector("thead");
    if (head) this.cells.style.setProperty("--head", `${head.offsetHeight}px`);
  }

  end() {
    this.ended = true;
    window.removeEventListener("resize", this.fitted);
    document.removeEventListener("fullscreenchange", this.fitted);
  }
}

/**
 * Whether a picture's numbers can be read in it.
 * @param {import("../engine/description.js").Block} block
 */
const isSmall = ({ shape }) => Number(shape[1]) <= SMALL;

/**
 * Which names stand around a picture: as many as can be read.
 * @param {import("../engine/description.js").Block} block
 * @param {number} most
 */
const namedOf = ({ shape, rowsNamed, columnsNamed }, most) => ({
  ...(rowsNamed && Number(shape[0]) <= most ? { "data-rows-named": "" } : {}),
  ...(columnsNamed && Number(shape[1]) <= most ? { "data-columns-named": "" } : {}),
});

/**
 * What pictures take of the room that they share: in cells, and in names around them.
 * @param {import("../engine/description.js").Block[]} blocks
 * @param {number} most how many rows may have names
 */
function measuresOf(blocks, most) {
  const beside = blocks.length > MOST_BESIDE ? Math.ceil(blocks.length / 2) : blocks.length;
  const lines = beside < blocks.length ? [blocks.slice(0, beside), blocks.slice(beside)] : [blocks];
  const greatest = (count) => Math.max(...lines.map(count));
  const large = (line) => line.filter((block) => !isSmall(block));
  const columns = (line) => large(line).reduce((sum, { shape }) => sum + Number(shape[1]), 0);
  const rows = (line) => Math.max(0, ...large(line).map(({ shape }) => Number(shape[0])));
  const named = (line) => line.map((block) => namedOf(block, most));
  const rowNames = (line) => named(line).filter((each) => "data-rows-named" in each).length;
  const columnNames = (line) => Number(named(line).some((each) => "data-columns-named" in each));
  const sum = (count) => lines.reduce((total, line) => total + count(line), 0);
  return {
    "--columns": greatest(columns) || 1,
    "--rows": sum(rows) || 1,
    "--pictures": beside,
    "--lines": lines.length,
    "--small": greatest(smallColumns),
    "--names-beside": greatest(rowNames),
    "--names-above": sum(columnNames),
  };
}

/** @param {import("../engine/description.js").Block[]} blocks */
const smallColumns = (blocks) =>
  blocks.filter(isSmall).reduce((sum, { shape }) => sum + Number(shape[1]), 0);

/**
 * What scrolls the sheet, where it is not the window: a notebook's, also around a shadow root.
 * @param {Element} node
 */
function scrollerOf(node) {
  for (let each = parentOf(node); each && each !== document.body; each = parentOf(each)) {
    const mayScroll = /auto|scroll/.test(getComputedStyle(each).overflowY);
    const isShorter = each.scrollHeight > each.clientHeight; // else it grows with what is in it
    if (mayScroll && isShorter && each.clientHeight > LEAST_ROOM) return each;
  }
  return null;
}

/** @param {Element} node @returns {Element|null} */
const parentOf = (node) =>
  node.parentElement ?? /** @type {ShadowRoot} */ (node.getRootNode()).host ?? null;

/** What is left of a notebook's view below what stands above in it, as a cell's short code does. */
function roomIn(scroller, top) {
  const above = top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  const whole = scroller.clientHeight - GAP;
  return above < MOST_ABOVE * whole ? whole - Math.max(GAP, above) : whole - GAP;
}
