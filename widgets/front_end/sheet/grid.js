// The cells: tables of blocks, one selected cell, editing in place, pasting from a spreadsheet.

import {
  element,
  focused,
  isShortcut,
  labelled,
  numberField,
  setText,
  take,
} from "../elements/elements.js";
import { isInput } from "../engine/blocks.js";
import { cellText, exact, typed } from "../engine/numbers.js";
import { rangeOf, shade, shareOf } from "./pictures.js";

// a table up to this long is drawn whole, a longer one only where it is in view: a browser lays out
// and paints all
const ALL_ROWS = 30;
const ROW_HEIGHT = 30; // pixels, until a drawn row tells its own
const ROWS_IN_VIEW = 14; // at most: the style's height of a table
const MANY_CELLS = 400; // of a picture that is drawn only while it is in view
const MARGIN = 8; // rows drawn above and below, so that scrolling meets drawn ones

/** A block's heading: its mark, its label, and what its role means. */
function heading(state, block, tag, scope) {
  const { meaning } = state.description.roles[block.role];
  const title = `${block.name}: ${block.note}\n${meaning}`;
  return labelled(state, block, tag, {
    scope,
    class: "gs-heading",
    "data-part": block.name,
    title,
  });
}

/** [td, block, row, column, the number it shows, its share of a picture's range]. */
function makeCell(state, block, row, column) {
  const role = state.description.roles[block.role];
  const td = element("td", {
    role: "gridcell",
    class: `gs-cell${isInput(block) ? " gs-input" : ""}${block.shown ? " gs-picture" : ""}`,
    "data-block": block.name,
    "data-row": row,
    "data-col": column,
    ...(block.shown && { "data-shown": block.shown }),
    tabindex: "-1",
    "aria-readonly": String(!isInput(block)),
    style: `--role:${role.colour};--tint:${role.tint}`,
  });
  return [td, block, row, column, undefined, undefined];
}

/**
 * What an element of the page shows: data-cell="name row column", or the same in three parts.
 * @returns {{name: string, row: number, column: number}}
 */
export function cellOf({ dataset: { cell, block, row, col } }) {
  const [name, i, j] = cell ? cell.split(" ") : [block, row, col];
  return { name, row: Number(i), column: Number(j) };
}

const cellSelector = (name, row, column) =>
  `td[data-block="${name}"][data-row="${row}"][data-col="${column}"]`;

const tdOf = (event) => event.target.closest("td[data-block]");

/** Write the numbers that changed. */
function drawCells(state, cells) {
  const ranges = new Map();
  for (const cell of cells) {
    const [td, block, row, column, last] = cell;
    const x = state.value(block.name, row, column);
    if (block.shown) {
      const share = shareOf(block, x, rangeOf(state, block, ranges));
      if (!Object.is(share, cell[5])) shade(td, share);
      cell[5] = share;
    }
    if (!Object.is(x, last) && !td.classList.contains("gs-editing")) {
      const text = cellText(block, x);
      setText(td, state.isAsked(block.name) ? "?" : text);
      td.classList.toggle("gs-infinite", !Number.isFinite(x) && text !== "");
      cell[4] = x;
    }
  }
}

/** Make this the one cell of its table that Tab reaches; the arrow keys reach the others. */
function enter(td) {
  const table = td.closest("table");
  for (const other of table.querySelectorAll("td[tabindex='0']")) other.tabIndex = -1;
  td.tabIndex = 0;
}

/** Single numbers below each other, each with its note. */
class List {
  constructor(state, names, title) {
    this.state = state;
    this.cells = names.map((name) => makeCell(state, state.blocks[name], 0, 0));
    const lines = this.cells.map(([td, block]) =>
      element(
        "tr",
        { "data-part": block.name },
        heading(state, block, "th", "row"),
        td,
        element("td", { class: "gs-note", text: block.note }),
      ),
    );
    this.node = element(
      "table",
      { role: "grid", class: "gs-table gs-results", "aria-label": title },
      element("tbody", {}, ...lines),
    );
  }

  draw() {
    drawCells(this.state, this.cells);
  }

  /** Write all numbers again, whatever was written. */
  forget() {
    for (const cell of this.cells) cell[4] = undefined;
  }
}

/** One table of blocks side by side. */
class Table {
  constructor(grid, names, title) {
    this.grid = grid;
    this.state = grid.state;
    this.names = names;
    this.body = element("tbody");
    this.first = 0;
    this.cells = []; // [td, name, row, column, last number]
    const table = element(
      "table",
      { role: "grid", class: "gs-table", "aria-label": title },
      this.head(),
      this.body,
    );
    this.node = element("div", { class: "gs-scroll", tabindex: "-1" }, table);
    this.node.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.isAway = false; // whether it waits, out of view, to be drawn
    if (this.isLargePicture) new IntersectionObserver((seen) => this.seen(seen)).observe(this.node);
    this.fill();
  }

  get isLargePicture() {
    const blocks = this.names.map((name) => this.state.blocks[name]);
    const cells = blocks.reduce((sum, { shape }) => sum + Number(shape[0]) * shape[1], 0);
    return cells > MANY_CELLS && blocks.every((block) => block.shown);
  }

  /** @param {IntersectionObserverEntry[]} seen */
  seen(seen) {
    this.isAway = !seen.at(-1).isIntersecting;
    if (!this.isAway) this.draw();
  }

  get rows() {
    return Math.max(...this.names.map((name) => this.state.rowCount(name)));
  }

  get rowHeight() {
    /** @type {HTMLElement|null} */
    const row = this.body.querySelector("tr:not(.gs-spacer)");
    return row?.offsetHeight || ROW_HEIGHT;
  }

  get windowed() {
    return this.rows > ALL_ROWS && !this.grid.isWhole;
  }

  head() {
    const names = element(
      "tr",
      {},
      element("th", { scope: "col", class: "gs-rownumber", text: "row" }),
    );
    for (const name of this.names) {
      const block = this.state.blocks[name];
      const title = heading(this.state, block, "th", "col");
      title.colSpan = block.shape[1];
      names.append(title);
    }
    return element("thead", {}, names, ...this.columnNames());
  }

  /** A second line of headings, where columns have names. */
  columnNames() {
    const blocks = this.names.map((name) => this.state.blocks[name]);
    if (!blocks.some((block) => block.columnsNamed)) return [];
    const line = element("tr", { class: "gs-names" }, element("td"));
    for (const { shape, columnsNamed } of blocks) {
      for (let column = 0; column < shape[1]; column++) {
        const text = columnsNamed?.[column];
        line.append(text ? element("th", { scope: "col", text }) : element("td"));
      }
    }
    return [line];
  }

  /** What a row is called: the name that blocks with names agree on, or its number. */
  rowName(row) {
    const blocks = this.names.map((name) => this.state.blocks[name]);
    const named = new Set(blocks.flatMap(({ rowsNamed }) => rowsNamed?.[row] ?? []));
    return named.size === 1 ? [...named][0] : String(row + 1);
  }

  scrolled() {
    const first = Math.floor(this.node.scrollTop / this.rowHeight);
    if (this.windowed && Math.abs(first - this.first) > MARGIN / 2) {
      this.first = first;
      this.fill();
    }
  }

  /** Make the rows that are in view. */
  fill() {
    const rows = this.rows;
    const active = focused(this.body);
    const held = this.body.contains(active) && active.closest("td[data-block]");
    const first = Math.min(this.first, rows - 1);
    const from = this.windowed ? Math.max(0, first - MARGIN) : 0;
    const to = this.windowed ? Math.min(rows, first + ROWS_IN_VIEW + MARGIN) : rows;
    this.drawnRows = rows;
    this.cells = [];
    const height = this.rowHeight;
    const spacer = (count) =>
      element("tr", {
        class: "gs-spacer",
        "aria-hidden": "true",
        style: `height:${count * height}px`,
      });
    const lines = [];
    for (let row = from; row < to; row++) lines.push(this.line(row));
    this.body.replaceChildren(
      ...(from ? [spacer(from)] : []),
      ...lines,
      ...(to < rows ? [spacer(rows - to)] : []),
    );
    drawCells(this.state, this.cells);
    this.grid.lightUp();
    this.refocus(held);
  }

  /** Keep the focus, and an entry for Tab, on a table whose rows were made anew. */
  refocus(held) {
    const same =
      held &&
      this.cells.find(([td]) =>
        ["block", "row", "col"].every((key) => td.dataset[key] === held.dataset[key]),
      );
    if (same) same[0].focus({ preventScroll: true });
    else if (this.cells.length) enter(this.cells[0][0]);
  }

  line(row) {
    const line = element(
      "tr",
      {},
      element("th", { scope: "row", class: "gs-rownumber", text: this.rowName(row) }),
    );
    for (const name of this.names) {
      const block = this.state.blocks[name];
      for (let column = 0; column < block.shape[1]; column++) {
        line.append(
          row < this.state.rowCount(name) ? this.cell(block, row, column) : element("td"),
        );
      }
    }
    return line;
  }

  cell(block, row, column) {
    const cell = makeCell(this.state, block, row, column);
    this.cells.push(cell);
    return cell[0];
  }

  draw() {
    if (this.isAway) return;
    if (this.rows !== this.drawnRows) this.fill();
    else drawCells(this.state, this.cells);
  }

  /** Scroll a row to the middle of what is seen. */
  show(row) {
    const head = this.node.querySelector("thead").offsetHeight;
    const seen = this.node.clientHeight - head;
    const height = this.rowHeight;
    this.node.scrollTop = Math.round(row + 0.5 - seen / 2 / height) * height; // no row is cut
    this.scrolled();
  }

  /** Scroll to a row that is not whole in what is seen. */
  keep(row) {
    const seen = this.node.clientHeight - this.node.querySelector("thead").offsetHeight;
    const above = row * this.rowHeight - this.node.scrollTop;
    if (above < 0 || above + this.rowHeight > seen) this.show(row);
  }

  /** @returns {HTMLElement|null} a cell that is drawn */
  find(name, row, column) {
    return this.node.querySelector(cellSelector(name, row, column));
  }

  /** Write all numbers again, whatever was written. */
  forget() {
    for (const cell of this.cells) cell[4] = undefined;
  }
}

/** Whether a row or column is among those that are read. */
function isRead(read, k) {
  return Array.isArray(read) ? read[0] <= k && k <= read[1] : read === null || read === k;
}

export class Grid {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {(message: string, td?: HTMLElement) => void} say where refusals go
   * @param {(cell: Object, td: HTMLElement|null) => void} onSelect
   */
  constructor(state, say, onSelect) {
    this.state = state;
    this.say = say;
    this.onSelect = onSelect;
    this.tables = [];
    this.isWhole = false; // whether long tables are drawn with every row, as on paper
    this.selected = null;
    this.node = element("div", { class: "gs-grid" });
    this.node.addEventListener("click", (event) => this.clicked(event));
    this.node.addEventListener("dblclick", (event) => this.edit(tdOf(event)));
    this.node.addEventListener("focusin", (event) => this.focused(event));
    this.node.addEventListener("keydown", (event) => this.pressed(event));
    this.node.addEventListener("paste", (event) => this.pasted(event));
  }

  /** Blocks side by side. @param {string[]} names @param {string} title @returns {HTMLElement} */
  table(names, title) {
    return this.added(new Table(this, names, title));
  }

  /**
   * Single numbers below each other.
   * @param {string[]} names
   * @param {string} title
   * @returns {HTMLElement}
   */
  list(names, title) {
    return this.added(new List(this.state, names, title));
  }

  /** Draw a row that was just added, and scroll to it. */
  show(name, row) {
    for (const table of this.tables.filter((each) => each.names?.includes(name))) {
      table.draw();
      table.show(row);
    }
  }

  /** Where tables have another size now, the selected row is still in view. */
  keepSelected() {
    for (const table of this.tables)
      if (table.rows > ALL_ROWS && table.names?.includes(this.selected?.name))
        table.keep(this.selected.row);
  }

  /** Every row of long tables, or again those in view. @param {boolean} isWhole */
  showAll(isWhole) {
    if (isWhole === this.isWhole) return;
    this.isWhole = isWhole;
    for (const table of this.tables) if (table.rows > ALL_ROWS) table.fill();
  }

  /** Forget a table that is taken off the page. */
  remove(table) {
    this.tables = this.tables.filter((each) => each !== table);
  }

  /** Write all numbers again: which ones are held back has changed. */
  forget() {
    for (const table of this.tables) table.forget();
  }

  added(table) {
    this.tables.push(table);
    table.draw();
    if (table.cells.length) enter(table.cells[0][0]);
    return table.node;
  }

  draw() {
    // not offsetParent: that lays out
    for (const table of this.tables) if (!table.node.closest("details:not([open])")) table.draw();
  }

  /** @returns {HTMLElement|null} a cell that is drawn */
  find(name, row, column) {
    return this.node.querySelector(cellSelector(name, row, column));
  }

  clicked(event) {
    const td = tdOf(event);
    if (td && !td.classList.contains("gs-editing")) td.focus();
  }

  focused(event) {
    const td = tdOf(event);
    if (!td) return;
    const { name, row, column } = cellOf(td);
    this.select(name, row, column, td);
  }

  select(name, row, column, td = this.find(name, row, column)) {
    if (td) enter(td);
    const other = !this.selected || this.selected.name !== name || this.selected.row !== row;
    if (other && this.selected) this.say(""); // what was said was about another cell
    this.selected = { name, row, column };
    this.lightUp();
    this.onSelect(this.selected, td);
  }

  /** Select a cell that need not be drawn: of a long table, its row comes into view. */
  choose(name, row, column) {
    if (!this.find(name, row, column)) this.show(name, row);
    this.select(name, row, column);
  }

  /** What the selected cell reads, [block, row, column] each; null: all; a list: from, to. */
  get reads() {
    const { name, row, column } = this.selected || {};
    const own = (symbol) => {
      if (!Array.isArray(symbol)) return symbol === "i" ? row : symbol === "j" ? column : symbol;
      const from = own(symbol[0]) * symbol[1] + symbol[2];
      return symbol[3] === 1 ? from : [from, from + symbol[3] - 1];
    };
    return name
      ? (this.state.blocks[name].reads || []).map(([block, i, j]) => [block, own(i), own(j)])
      : [];
  }

  /** Mark the selected cell and the cells that it reads. */
  lightUp() {
    if (!this.selected) return;
    const { reads } = this;
    const { name, row, column } = this.selected;
    for (const table of this.tables) {
      for (const [td, block, i, j] of table.cells) {
        const lit = reads.some(
          ([read, a, b]) => read === block.name && isRead(a, i) && isRead(b, j),
        );
        td.classList.toggle("gs-lit", lit);
        td.classList.toggle("gs-selected", block.name === name && i === row && j === column);
      }
    }
  }

  pressed(event) {
    const td = tdOf(event);
    if (!td || event.target !== td || isShortcut(event)) return;
    const moves = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
    if (moves[event.key]) {
      event.preventDefault();
      this.move(td, ...moves[event.key]);
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      this.edit(td);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.clear(td);
    } else if (this.startsWith(td).test(event.key)) {
      event.preventDefault();
      this.edit(td, event.key);
    }
  }

  /** What a key that is pressed may begin: a number, or one of the cell's words. */
  startsWith(td) {
    return this.state.blocks[cellOf(td).name].choices?.length ? /^\p{L}$/u : /^[0-9.+-]$/;
  }

  /** Focus the next cell in a direction, skipping what is no cell. */
  move(td, down, right) {
    const beside = (node, by) => (by > 0 ? node.nextElementSibling : node.previousElementSibling);
    let next = right ? beside(td, right) : beside(td.parentElement, down)?.children[td.cellIndex];
    if (down && !next?.dataset.block) next = this.outOfView(td, down);
    if (next?.dataset.block) next.focus();
  }

  /** The cell above or below in a long table, whose row is not drawn yet. */
  outOfView(td, down) {
    const { name, row, column } = cellOf(td);
    const table = this.tables.find((each) => each.node.contains(td));
    const target = row + down;
    if (!table.windowed || target < 0 || target >= this.state.rowCount(name)) return null;
    table.first = target;
    table.fill();
    return this.find(name, target, column);
  }

  /** Empty a cell that may be empty; any other answers what it takes. */
  clear(td) {
    const { name, row, column } = cellOf(td);
    const block = this.state.blocks[name];
    const refusal = refusalOf(this.state, name);
    const answer = refusal
      ? { refusal: `${refusal}.` }
      : typed(block, "", cellName(this.state, block, row, column));
    this.say(answer.refusal || "", td);
    if (answer.value !== undefined) this.state.setCell(name, row, column, answer.value);
  }

  /** Open a cell for typing. A computed one answers that it is computed. */
  edit(td, text) {
    if (!td || td.classList.contains("gs-editing")) return;
    const { name, row, column } = cellOf(td);
    const refusal = refusalOf(this.state, name);
    if (refusal) return this.say(`${refusal}.`, td);
    const where = cellName(this.state, this.state.blocks[name], row, column);
    const field = fieldOf(this.state, name, row, column, text);
    td.classList.add("gs-editing");
    td.replaceChildren(field);
    field.focus();
    if (text === undefined && field instanceof HTMLInputElement) field.select();
    field.addEventListener("blur", () => this.close(td, field, where));
    field.addEventListener("keydown", (event) => this.typing(event, td, field, where));
  }

  /** Take what was typed, or (null) nothing of it. @returns {boolean} false: it was refused */
  close(td, field, where) {
    if (!td.classList.contains("gs-editing")) return true;
    const { name, row, column } = cellOf(td);
    const block = this.state.blocks[name];
    const answer = field ? typed(block, field.value, where) : {};
    td.classList.remove("gs-editing");
    td.textContent = cellText(block, this.state.value(name, row, column));
    this.say(answer.refusal || "", td);
    if (answer.value !== undefined) this.state.setCell(name, row, column, answer.value);
    return !answer.refusal;
  }

  typing(event, td, field, where) {
    if (!["Enter", "Escape", "Tab"].includes(event.key)) return;
    take(event);
    const taken = this.close(td, event.key === "Escape" ? null : field, where);
    td.focus();
    if (!taken) return; // stay, so that what was said stays too
    if (event.key === "Enter") this.move(td, 1, 0);
    if (event.key === "Tab") this.move(td, 0, event.shiftKey ? -1 : 1);
  }

  /**
   * Numbers pasted from a spreadsheet fill the inputs from the selected cell on; data blocks grow
   * where there are more.
   */
  pasted(event) {
    const td = tdOf(event);
    const lines = linesOf(event.clipboardData.getData("text"));
    const inField = event.target !== td;
    if (!td || (inField && lines.length === 1 && lines[0].length === 1)) return;
    event.preventDefault();
    const answer = pastedInputs(this.state, cellOf(td), lines);
    if (inField) event.target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    if (answer.inputs) this.state.setInputs(answer.inputs, this.state.wanted);
    this.say(answer.said, td);
  }
}

/**
 * The texts of each line that was copied from a spreadsheet, which ends each with a line break. An
 * empty line at the end may be an empty cell.
 * @param {string} text
 */
function linesOf(text) {
  const lines = text.replace(/\r/g, "").replace(/\n$/, "").split("\n");
  return lines.map((line) => line.split("\t"));
}

/** Without the lines at the end in which nothing stands: these cells may not be empty. */
function withoutEmpty(lines) {
  const last = lines.findLastIndex((line) => line.some((text) => text.trim() !== ""));
  return lines.slice(0, last + 1);
}

/** Why nothing can be typed into a block, or "". */
function refusalOf(state, name) {
  if (!isInput(state.blocks[name])) return `${name} is computed; change the cells it reads`;
  return state.locked.has(name) ? `${name} is locked in this link` : "";
}

/**
 * Where a cell's number is typed, or its word is chosen.
 * @param {string} [begun] the key that was pressed
 * @returns {HTMLInputElement|HTMLSelectElement}
 */
function fieldOf(state, name, row, column, begun) {
  const block = state.blocks[name];
  const label = name + cellName(state, block, row, column);
  const now = state.value(name, row, column);
  if (!block.choices.length) {
    const field = numberField(label);
    field.value = begun ?? exact(now);
    return field;
  }
  const words = [...block.choices, ...(block.blank ? [""] : [])];
  const options = words.map((text) => element("option", { value: text, text: text || "(empty)" }));
  const list = element("select", { class: "gs-field", "aria-label": label }, ...options);
  const first = words.find((word) => begun && word.toLowerCase().startsWith(begun.toLowerCase()));
  list.value = first ?? block.choices[now] ?? "";
  return list;
}

/** " row 2 column 3", as far as the block has several; their names where they have some. */
export function cellName(state, block, row, column) {
  const place = (named, number, word) => (named ? ` ${named[number]}` : ` ${word} ${number + 1}`);
  const rows = state.isData(block.name) || block.shape[0] > 1;
  return (
    (rows ? place(block.rowsNamed, row, "row") : "") +
    (block.shape[1] > 1 ? place(block.columnsNamed, column, "column") : "")
  );
}

/**
 * All inputs after a paste, with a sentence where there is something to know; or only a sentence,
 * and nothing changes.
 * @param {string[][]} copied
 * @returns {{inputs?: Object<string, Float64Array>, said: string}}
 */
function pastedInputs(state, { name, row, column }, copied) {
  const block = state.blocks[name];
  const nothing = (why) => ({ said: `Nothing was pasted: ${why}.` });
  const refusal = refusalOf(state, name);
  if (refusal) return nothing(refusal);
  const lines = block.blank ? copied : withoutEmpty(copied);
  const heading = lines.length > 1 && isHeading(block, lines[0]);
  const numbers = heading ? lines.slice(1) : lines;
  const data = state.isData(name);
  const needed = row + numbers.length;
  if (!data && needed > block.shape[0])
    return nothing(
      `${name} has ${block.shape[0]} rows, and ${numbers.length} were to go in` +
        ` from row ${row + 1} on`,
    );
  if (needed > state.description.mostRows)
    return nothing(`${needed} rows are more than a sheet takes (${state.description.mostRows})`);
  const table = data ? state.inputs.filter((each) => state.isData(each)) : [name];
  const columns = table.flatMap((each) =>
    Array.from({ length: state.blocks[each].shape[1] }, (_, j) => [each, j]),
  );
  const from = columns.findIndex(([each, j]) => each === name && j === column);
  const inputs = state.grown(table, data ? Math.max(state.rows, needed) : block.shape[0]);
  for (let i = 0; i < numbers.length; i++) {
    if (from + numbers[i].length > columns.length) {
      return nothing(
        `row ${i + 1} of it has ${numbers[i].length} numbers, and the columns to fill from here` +
          ` are ${columns.length - from}`,
      );
    }
    for (let j = 0; j < numbers[i].length; j++) {
      const [target, at] = columns[from + j];
      const answer = typed(state.blocks[target], numbers[i][j], ` row ${row + i + 1}`);
      if (answer.refusal) return nothing(answer.refusal);
      inputs[target][(row + i) * state.blocks[target].shape[1] + at] = answer.value;
    }
  }
  return { inputs, said: toKnow(state, needed, heading, table.length > numbers[0].length) };
}

/** Whether the first line that was copied is made of words that the cells do not hold. */
const isHeading = (block, texts) =>
  texts.every((text) => !/\d/.test(text) && !block.choices.includes(text.trim())) &&
  !(block.blank && texts.every((text) => text.trim() === ""));

/** What a paste did beside filling cells. */
function toKnow(state, needed, heading, partly) {
  const added = needed - state.rows;
  const rows = added > 0 ? `${added} ${added === 1 ? "row was" : "rows were"} added` : "";
  const rest =
    added > 0 && partly
      ? "; columns that were not pasted repeat their last row there, check them"
      : "";
  return [heading ? "The first row was taken as a heading" : "", rows + rest]
    .filter(Boolean)
    .map((text) => `${text}.`)
    .join(" ");
}
