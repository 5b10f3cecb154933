// What the page knows: the inputs as they start, and the step. Every number on the page is a function of these two.

import { shown } from "./numbers.js";

export class State {
  /** @param {Object} description from widgets/description.py */
  constructor(description) {
    this.description = description;
    this.blocks = Object.fromEntries(description.blocks.map((block) => [block.name, block]));
    this.inputs = description.blocks.filter((block) => block.value !== undefined).map((block) => block.name);
    this.carried = Object.keys(description.carried);
    this.moving = [...new Set([...this.carried, ...Object.values(description.carried)])];
    this.compile = new Function(`return ${description.program}`)();
    this.listeners = [];
    this.overflow = "";
    this.restart();
  }

  /** Back to the inputs that the sheet starts with. */
  restart() {
    this.rows = this.description.rows;
    this.start = Object.fromEntries(this.inputs.map((name) => [name, Float64Array.from(this.blocks[name].value)]));
    this.step = 0;
    this.program = this.compile(this.rows);
    this.recompute();
  }

  /** @param {() => void} listener called after every change */
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  isData(name) {
    return this.blocks[name].shape[0] === "rows";
  }

  rowCount(name) {
    return this.isData(name) ? this.rows : this.blocks[name].shape[0];
  }

  value(name, row, column) {
    return this.program.blocks[name][row * this.blocks[name].shape[1] + column];
  }

  /**
   * Replace whole inputs, all at once: checked values, row by row. Data blocks must agree in their number of rows.
   * @param {Object<string, ArrayLike<number>>} inputs
   * @param {number} step
   */
  setInputs(inputs, step = 0) {
    for (const name in inputs) this.start[name] = Float64Array.from(inputs[name]);
    const data = this.inputs.filter((name) => this.isData(name));
    const rows = data.length ? this.start[data[0]].length / this.blocks[data[0]].shape[1] : this.rows;
    if (rows !== this.rows) {
      this.rows = rows;
      this.program = this.compile(rows);
    }
    this.step = step;
    this.recompute();
  }

  /** One cell of an input. A carried one starts a new run from what the cells show now. */
  setCell(name, row, column, value) {
    if (this.carried.includes(name) && this.step > 0) {
      for (const other of this.carried) this.start[other] = Float64Array.from(this.program.blocks[other]);
      this.step = 0;
    }
    this.start[name][row * this.blocks[name].shape[1] + column] = value;
    this.recompute();
  }

  /** Add rows of data like the last one, or take rows off the end. */
  setRows(rows) {
    const count = Math.max(1, Math.min(this.description.mostRows, rows));
    const inputs = {};
    for (const name of this.inputs.filter((each) => this.isData(each))) {
      const columns = this.blocks[name].shape[1];
      const kept = Float64Array.from({ length: count * columns }, (_, k) => {
        const row = Math.min(Math.floor(k / columns), this.rows - 1);
        return this.start[name][row * columns + (k % columns)];
      });
      inputs[name] = kept;
    }
    this.setInputs(inputs, this.step);
  }

  removeRow(row) {
    if (this.rows <= 1) return;
    const inputs = {};
    for (const name of this.inputs.filter((each) => this.isData(each))) {
      const columns = this.blocks[name].shape[1];
      inputs[name] = this.start[name].filter((_, k) => Math.floor(k / columns) !== row);
    }
    this.setInputs(inputs, this.step);
  }

  /** Run from the start to the present step; stops at the last step whose numbers are finite. */
  recompute() {
    const wanted = this.step;
    this.fromStart();
    for (let step = 0; step < wanted && this.forward(); step++);
    this.changed();
  }

  fromStart() {
    for (const name of this.inputs) this.program.blocks[name].set(this.start[name]);
    this.program.run();
    this.step = 0;
    this.overflow = "";
  }

  /** One step on. False, and nothing moved, where a number would stop being finite. */
  forward() {
    const burst = Object.entries(this.description.carried).find(
      ([, source]) => !this.program.blocks[source].every(Number.isFinite),
    );
    if (burst) {
      this.overflow = burst[1];
      return false;
    }
    this.program.step();
    this.step += 1;
    return true;
  }

  /** @param {number} step */
  goTo(step) {
    if (step < this.step) this.fromStart();
    while (this.step < step && this.forward());
    this.changed();
  }

  /** Each sentence with its numbers, or "" where it does not hold. @returns {string[]} */
  said() {
    const words = (piece) => (typeof piece === "string" ? piece : shown(this.value(piece[0], 0, 0), piece[1]));
    return this.description.sentences.map(({ pieces }, k) => (this.program.said[k] ? pieces.map(words).join("") : ""));
  }

  /** The inputs as they start, row by row in lists of rows: what Python is told. */
  asRows() {
    const told = {};
    for (const name of this.inputs) {
      const columns = this.blocks[name].shape[1];
      const flat = Array.from(this.start[name]);
      told[name] = Array.from({ length: flat.length / columns }, (_, k) => flat.slice(k * columns, (k + 1) * columns));
    }
    return told;
  }
}
