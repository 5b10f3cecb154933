// A and B: the same start with one difference named, in lock-step, on the same axes.

import { button, element, numberField, panel, refusalLine, setText } from "../elements/elements.js";
import { isInput, isSingle } from "../engine/blocks.js";
import { exact, shown, typed } from "../engine/numbers.js";
import { State } from "../engine/state.js";

const SELECTED = ""; // in the list: whatever cell is selected
const NO_INPUT =
  "Select a cell of an input in a table first: what is computed follows from the inputs.";
const SAME = "A has this value too: give B another one.";

/**
 * What differs in B: one cell of an input.
 * @typedef {Object} Difference
 * @property {import("../engine/description.js").Block} block
 * @property {number} row
 * @property {number} column
 * @property {number} value B's
 * @property {number} [own] A's
 */

/** rate, x[3], W_1[2,3]: counted from 1. */
function nameOf({ block, row, column }) {
  const [rows, columns] = block.shape;
  const places = [...(rows === 1 ? [] : [row + 1]), ...(columns === 1 ? [] : [column + 1])];
  return block.label + (places.length ? `[${places.join()}]` : "");
}

export class Compare {
  /** @param {import("../page/page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.state = page.state;
    this.other = null; // B's state
    const inputs = this.state.inputs
      .map((name) => this.state.blocks[name])
      .filter((block) => !block.isSize);
    const settings = inputs
      .filter((block) => block.control)
      .map((block) => element("option", { value: block.name, text: block.words }));
    // of a table
    this.cell = inputs.length > settings.length ? [element("option", { value: SELECTED })] : [];
    this.list = element("select", { "aria-label": "What differs in B" }, ...settings, ...this.cell);
    this.list.addEventListener("change", () => this.offer());
    this.field = numberField("Its value in B", {
      onkeydown: (event) => event.key === "Enter" && this.start(),
    });
    this.choices = element("select", { "aria-label": "Its choice in B" });
    this.refusal = refusalLine();
    this.results = element("table", {
      class: "gs-table gs-compared",
      "aria-label": "A and B",
      hidden: true,
    });
    this.words = element("p", { class: "gs-answer", role: "status" });
    const line = element(
      "div",
      { class: "gs-answering" },
      this.list,
      this.field,
      this.choices,
      button("Compare", () => this.start()),
      button("Stop comparing", () => this.stop()),
    );
    this.node = inputs.length
      ? panel("compare", "A and B", line, this.refusal, this.words, this.results)
      : "";
    if (inputs.length) this.offer();
  }

  /** What is to differ, {block, row, column}; null where the selected cell is no input's. */
  get chosen() {
    if (this.list.value !== SELECTED)
      return { block: this.state.blocks[this.list.value], row: 0, column: 0 };
    const { name, row, column } = this.page.grid.selected || {};
    const block = this.state.blocks[name];
    return block && isInput(block) && !block.isSize ? { block, row, column } : null;
  }

  /** A field or a list for B's value, with A's in it. */
  offer() {
    const { chosen } = this;
    const { block, row, column } = chosen || {};
    const listed = Boolean(chosen) && block.choices.length > 0;
    this.field.hidden = listed;
    this.choices.hidden = !listed;
    this.field.value = chosen ? exact(this.state.value(block.name, row, column)) : "";
    this.choices.replaceChildren(
      ...(listed ? block.choices : []).map((choice) =>
        element("option", { value: choice, text: choice }),
      ),
    );
  }

  /** Another cell is selected. */
  selected() {
    for (const option of this.cell) {
      const cell = this.page.grid.selected;
      const block = this.state.blocks[cell.name];
      const about = isInput(block) ? nameOf({ ...cell, block }) : `${block.name} is computed`;
      setText(option, `the selected cell: ${about}`);
    }
    if (this.list.value === SELECTED) this.offer();
  }

  start() {
    const { value, refusal = "" } = this.answer(this.chosen);
    setText(this.refusal, refusal);
    if (!refusal) this.begin({ ...this.chosen, value });
  }

  /** B's value, or why there is none. @returns {{value?: number, refusal?: string}} */
  answer(chosen) {
    if (!chosen) return { refusal: NO_INPUT };
    const { block, row, column } = chosen;
    if (this.state.locked.has(block.name))
      return { refusal: `${block.words} is locked in this link` };
    const answer = typed(block, block.choices.length ? this.choices.value : this.field.value);
    return answer.value === this.state.value(block.name, row, column) ? { refusal: SAME } : answer;
  }

  /** @param {Difference} difference */
  begin(difference) {
    this.difference = difference;
    this.other = new State(this.state.description);
    this.results.replaceChildren(...this.lines());
    this.followed = null;
    this.follow();
    for (const chart of this.page.charts) chart.compareWith(this.other);
    this.page.draw();
  }

  stop() {
    this.other = null;
    for (const chart of this.page.charts) chart.compareWith(null);
    this.draw();
  }

  /** B takes A's inputs but for its difference, and A's step. */
  follow() {
    if (!this.other) return;
    const { state, other } = this;
    if (this.followed === state.starts) {
      if (other.step !== state.step) other.goTo(state.step);
      return;
    }
    this.followed = state.starts;
    const { block, row, column, value } = this.difference;
    // its formula's numbers, with one of them another
    if (state.start[block.name] === null) other.setInputs(state.start, 0);
    const numbers = Float64Array.from(state.start[block.name] || other.held(block.name));
    const place = row * block.shape[1] + column;
    if (place >= numbers.length) return this.stop(); // its row was removed
    this.difference.own = numbers[place];
    numbers[place] = value;
    other.setInputs({ ...state.start, [block.name]: numbers }, state.step);
  }

  /**
   * The numbers that predictions ask for, and the losses that sentences tell; where there are none,
   * every loss.
   */
  compared() {
    const { blocks, predictions, sentences } = this.state.description;
    const asked = predictions.map(({ block }) => block);
    const told = sentences.flatMap(({ pieces }) =>
      pieces.filter(Array.isArray).map(([name]) => name),
    );
    const losses = blocks.filter((each) => each.role === "loss" && isSingle(each));
    const chosen = blocks.filter(
      (each) => asked.includes(each.name) || (losses.includes(each) && told.includes(each.name)),
    );
    return chosen.length ? chosen : losses;
  }

  /**
   * The table's rows: a heading, then what is compared; its cells, [td, A's or B's state, block]
   * each, are written later.
   */
  lines() {
    const blocks = this.compared();
    const head = element(
      "tr",
      {},
      ...["", "A", "B"].map((text) => element("th", { scope: "col", text })),
    );
    /** @type {[HTMLElement, State, import("../engine/description.js").Block][]} */
    this.cells = blocks.flatMap((block) =>
      [this.state, this.other].map((state) => /** @type {any} */ ([element("td"), state, block])),
    );
    const rows = blocks.map((block, k) =>
      element(
        "tr",
        {},
        element("th", { scope: "row", text: block.words }),
        this.cells[2 * k][0],
        this.cells[2 * k + 1][0],
      ),
    );
    return [head, ...rows];
  }

  /** Why B went no further than it did. */
  get whyStopped() {
    const { overflow } = this.other;
    return overflow ? `: ${overflow} would no longer be finite` : ", where its run ends";
  }

  /** Numbers that read the same on both sides tell nothing, unless all do. */
  hideEqual() {
    const rows = [...this.results.rows].slice(1);
    const [own, others] = [1, 2].map((k) => rows.map(({ cells }) => cells[k].textContent));
    const differs = rows.map((_, k) => own[k] !== others[k]);
    for (const [k, row] of rows.entries()) row.hidden = differs.includes(true) && !differs[k];
  }

  draw() {
    this.results.hidden = !this.other;
    if (!this.other) return setText(this.words, "");
    const { block, value, own } = this.difference;
    const said = (x) => (block.choices.length ? block.choices[x] : exact(x) || "empty");
    const short =
      this.other.step < this.state.step
        ? ` B stopped at step ${this.other.step}${this.whyStopped}.`
        : "";
    setText(
      this.words,
      `A has ${nameOf(this.difference)} ${said(own)}, B has ${said(value)};` +
        ` all else is the same.${short}`,
    );
    for (const [td, state, { name, format }] of this.cells)
      setText(td, shown(state.value(name, 0, 0), format));
    this.hideEqual();
  }
}
