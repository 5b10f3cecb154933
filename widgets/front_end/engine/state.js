// What the page knows: the inputs as they start, and the step. Every number on the page is a
// function of these two.

import { inRows, isData, isInput } from "./blocks.js";
import { inWords } from "./numbers.js";
import { compiled } from "./programs.js";

/** @typedef {import("./description.js").Description} Description */
/** @typedef {import("./description.js").Block} Block */
/** @typedef {ArrayLike<number|null>|null} Given an input's numbers; null: its formula holds */
/** @typedef {{name: string, row: number, column: number}} Cell a cell of a block */

export class State {
  /** @param {Description} description from widgets/description.py */
  constructor(description) {
    this.description = description;
    /** @type {Object<string, Block>} */
    this.blocks = Object.fromEntries(description.blocks.map((block) => [block.name, block]));
    this.inputs = description.blocks.filter(isInput).map((block) => block.name);
    this.carried = Object.keys(description.carried);
    /** @type {(rows: number) => import("./description.js").Program} */
    this.compile = compiled(description.program);
    /** @type {(() => void)[]} */
    this.listeners = [];
    // what would no longer be finite at the next step, where a run stopped for it
    this.overflow = "";
    this.still = false; // whether playing stopped because nothing moves any more
    this.locked = new Set(); // inputs that a reader may look at but not change
    this.asked = new Set(); // blocks whose numbers a reader is to predict first
    this.patience = Infinity; // milliseconds until the steps that are left wait for `goOn`
    /** @type {number|null} */
    this.goal = null; // the step on the way to which this one is
    this.past = {}; // of each remembered block, its numbers at every step so far, one after another
    this.restart();
  }

  /** Back to the inputs that the sheet starts with. */
  restart() {
    this.rows = this.description.rows;
    /** @type {Object<string, Float64Array|null>} */
    this.start = Object.fromEntries(
      this.inputs.map((name) => [name, copied(this.blocks[name].value)]),
    );
    this.step = 0;
    this.goal = null;
    this.program = this.compile(this.rows);
    this.recompute();
  }

  /** What the sheet's shapes are made of. */
  get sizes() {
    return Object.fromEntries(
      this.inputs
        .filter((name) => this.blocks[name].isSize)
        .map((name) => [name, this.value(name, 0, 0)]),
    );
  }

  /** @param {() => void} listener called after every change */
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  /** Whether a block's number is held back, as a reader is to predict it. */
  isAsked(name) {
    return this.asked.has(name);
  }

  isData(name) {
    return isData(this.blocks[name]);
  }

  get rowsAreLocked() {
    return this.inputs.some((name) => this.isData(name) && this.locked.has(name));
  }

  /** Inputs that a pick from this choice gives their formula back. */
  chosenBy(choice) {
    return this.inputs.filter((name) => this.blocks[name].chosenBy === choice);
  }

  /** Whether what a choice brought was drawn or typed over. */
  isReplaced(choice) {
    return this.chosenBy(choice).some((name) => this.start[name] !== null);
  }

  /** Whether a block's numbers were given, so that no formula makes them. */
  isGiven(name) {
    return (
      isInput(this.blocks[name]) &&
      (this.start[name] !== null || (this.step > 0 && this.carried.includes(name)))
    );
  }

  /** The numbers that an input starts from, also where its formula makes them. */
  held(name) {
    return this.start[name] || Float64Array.from(this.program.blocks[name]);
  }

  rowCount(name) {
    return this.isData(name) ? this.rows : this.blocks[name].shape[0];
  }

  value(name, row, column) {
    return this.program.blocks[name][row * this.blocks[name].shape[1] + column];
  }

  /**
   * Replace whole inputs, all at once: checked values, row by row, or null for an input's own
   * formula. Data blocks must agree in
   * their number of rows.
   * @param {Object<string, ArrayLike<number>|null>} inputs
   * @param {number} step
   */
  setInputs(inputs, step = 0) {
    for (const name of this.free(inputs)) this.start[name] = copied(inputs[name]);
    const data = this.inputs.find((name) => this.isData(name) && this.start[name] !== null);
    const rows = data
      ? this.start[data].length / this.blocks[data].shape[1]
      : this.description.rows;
    const resized = rows !== this.rows;
    if (resized) {
      this.rows = rows;
      this.program = this.compile(rows);
    }
    this.step = step;
    this.goal = null;
    this.recompute(resized ? undefined : Object.keys(inputs));
  }

  /**
   * The names of those that no link has locked: what is locked stays as the link left it, and with
   * locked data the number of rows.
   */
  free(inputs) {
    const fits = (name) =>
      !this.rowsAreLocked ||
      !this.isData(name) ||
      (inputs[name] && inputs[name].length === this.rows * this.blocks[name].shape[1]);
    return Object.keys(inputs).filter((name) => !this.locked.has(name) && fits(name));
  }

  /**
   * Single cells of inputs, [name, row, column, value] each. A carried one starts a new run from
   * what the cells show now.
   */
  setCells(cells) {
    if (this.step > 0 && cells.some(([name]) => this.carried.includes(name))) {
      for (const carried of this.carried)
        this.start[carried] = Float64Array.from(this.program.blocks[carried]);
      this.step = 0;
      this.goal = null;
    }
    const brought = cells.flatMap(([name]) => this.chosenBy(name));
    for (const name of brought) this.start[name] = null;
    for (const [name, row, column, value] of cells) {
      this.start[name] = this.held(name);
      this.start[name][row * this.blocks[name].shape[1] + column] = value;
    }
    this.recompute([...cells.map(([name]) => name), ...brought]);
  }

  setCell(name, row, column, value) {
    this.setCells([[name, row, column, value]]);
  }

  /** Add rows of data like the last one, or take rows off the end. */
  setRows(rows) {
    const count = Math.max(1, Math.min(this.description.mostRows, rows));
    this.setInputs(
      this.grown(
        this.inputs.filter((name) => this.isData(name)),
        count,
      ),
      this.wanted,
    );
  }

  /**
   * These inputs with so many rows, the new ones like the last.
   * @param {string[]} names
   * @param {number} rows
   */
  grown(names, rows) {
    const found = {};
    for (const name of names) {
      const columns = this.blocks[name].shape[1];
      const held = this.held(name);
      const last = held.length / columns - 1;
      found[name] = Float64Array.from(
        { length: rows * columns },
        (_, k) => held[Math.min(Math.floor(k / columns), last) * columns + (k % columns)],
      );
    }
    return found;
  }

  removeRow(row) {
    if (this.rows <= 1) return;
    const inputs = {};
    for (const name of this.inputs.filter((each) => this.isData(each))) {
      const columns = this.blocks[name].shape[1];
      inputs[name] = this.held(name).filter((_, k) => Math.floor(k / columns) !== row);
    }
    this.setInputs(inputs, this.wanted);
  }

  /** The step that is shown, or on the way to which that is. */
  get wanted() {
    return this.goal ?? this.step;
  }

  /**
   * Run from the start to the present step; stops at the last step whose numbers are finite.
   * @param {string[]} [names] what changed
   */
  recompute(names) {
    this.starts = (this.starts || 0) + 1;
    const { wanted } = this;
    this.fromStart(names);
    this.travel(wanted, this.patience);
    this.changed();
  }

  /** On to a step, as far as time allows. @param {number} step @param {number} patience */
  travel(step, patience) {
    const end = Date.now() + patience;
    this.goal = null;
    while (this.step < step && this.forward())
      if (Date.now() >= end && this.step < step) {
        this.goal = step;
        return;
      }
  }

  /** The next slice of a long way. */
  goOn() {
    this.travel(this.wanted, this.patience);
    this.changed();
  }

  /** The way ends at the step that is shown. */
  halt() {
    this.goal = null;
    this.changed();
  }

  /** @param {string[]} [names] the inputs that changed; undefined: all */
  fromStart(names) {
    for (const name of names || this.inputs) this.restore(name);
    for (const name of this.carried) this.restore(name);
    this.program.run(names && this.reached(names));
    this.step = 0;
    this.overflow = "";
    this.still = false;
    this.remember();
  }

  restore(name) {
    const start = this.start[name];
    if (start !== null) this.program.blocks[name].set(start);
    if (name in this.program.follows) this.program.follows[name] = start === null;
  }

  /**
   * The formulas to compute again after these inputs, and a run before it, changed; in their order.
   */
  reached(names) {
    const lists = [...names, ...(this.carried.length ? [""] : [])].map(
      (name) => this.program.affects[name],
    );
    return lists.length === 1 ? lists[0] : [...new Set(lists.flat())].sort((a, b) => a - b);
  }

  /** Whether this is the last step that a page, a link or Python takes. */
  get isLast() {
    return this.step >= this.description.mostSteps;
  }

  /** Whether the sheet says that the run ends here. */
  get isEnded() {
    const { ends } = this.description;
    return ends !== "" && this.program.blocks[ends][0] !== 0;
  }

  /** Whether no step follows this one. */
  get isStopped() {
    return Boolean(this.overflow || this.still || this.isEnded || this.isLast);
  }

  /**
   * One step on. False, and nothing moved, at the last one, or where a number would stop being
   * finite: the rule of `trajectory` in targets/numpy.py.
   */
  forward() {
    if (this.isLast || this.isEnded) return false;
    const burst = Object.values(this.description.carried).find(
      (source) => !this.program.blocks[source].every(Number.isFinite),
    );
    if (burst) {
      this.overflow = burst;
      return false;
    }
    this.program.step();
    this.step += 1;
    this.remember();
    return true;
  }

  remember() {
    for (const name of this.description.remembered) {
      const numbers = this.program.blocks[name];
      if (this.step === 0) this.past[name] = [];
      for (let k = 0; k < numbers.length; k++) this.past[name].push(numbers[k]);
    }
  }

  /**
   * Whether the next step, and so each one after it, would carry what stands already, to the last
   * bit.
   */
  isStill() {
    const { blocks } = this.program;
    return Object.entries(this.description.carried).every(([name, source]) =>
      blocks[name].every((x, k) => Object.is(x, blocks[source][k])),
    );
  }

  /** So many steps on, as long as something moves. */
  play(steps) {
    this.goal = null;
    for (let k = 0; k < steps && !this.isStopped; k++) {
      this.still = this.isStill();
      if (!this.still) this.forward();
    }
    this.changed();
  }

  /** @param {number} step @param {number} [patience] */
  goTo(step, patience = this.patience) {
    if (step < this.step) this.fromStart([]);
    this.travel(step, patience);
    this.changed();
  }

  /** Words with the numbers of now in them. */
  written(pieces) {
    return pieces
      .map((piece) =>
        typeof piece === "string" ? piece : inWords(this.value(piece[0], 0, 0), piece[1]),
      )
      .join("");
  }

  /** Each sentence with its numbers, or "" where it does not hold. @returns {string[]} */
  said() {
    return this.description.sentences.map(({ pieces }, k) =>
      this.program.said[k] ? this.written(pieces) : "",
    );
  }

  /**
   * The inputs as they start, row by row in lists of rows, null where a formula is in force: what
   * Python is told.
   */
  asRows() {
    return Object.fromEntries(
      this.inputs.map((name) => [
        name,
        this.start[name] && inRows(this.blocks[name], Array.from(this.start[name])),
      ]),
    );
  }
}

/** @param {ArrayLike<number|null>|null} numbers null among them: an empty cell */
const copied = (numbers) =>
  numbers === null ? null : Float64Array.from(numbers, (x) => (x === null ? NaN : x));
