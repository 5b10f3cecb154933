// What the selected cell says: its address and Excel formula, its mathematics, and the same with
// the current numbers.

import { element, setText } from "../elements/elements.js";
import { isInput } from "../engine/blocks.js";
import { columnName, excelFormula } from "../engine/formulas.js";
import { cellText, heldText } from "../engine/numbers.js";
import { cellName } from "./grid.js";

/** Mathematics made anew only where it changed: the browser lays it out each time. */
function write(node, markup) {
  if (node.written === markup) return;
  node.written = markup;
  node.innerHTML = markup;
}

export class FormulaBar {
  /** @param {import("../engine/state.js").State} state */
  constructor(state) {
    this.state = state;
    this.cell = null;
    this.address = element("span", { class: "gs-address" });
    this.formula = element("code", { class: "gs-formula", tabindex: 0 }); // a long one scrolls
    this.note = element("span", { class: "gs-cellnote" });
    this.mathematics = element("div", { class: "gs-mathematics" });
    this.numbers = element("div", { class: "gs-mathematics gs-numbers" });
    this.branch = element("code", { class: "gs-branch" });
    const inForce = element(
      "div",
      {},
      element("span", { class: "gs-cellnote", text: "in force now: " }),
      this.branch,
    );
    this.node = element(
      "section",
      {
        class: "gs-formulabar",
        "aria-label": `Formula of the selected cell: ${state.description.title}`,
      },
      element(
        "div",
        {},
        element("div", { class: "gs-formulaline" }, this.address, this.formula, this.note),
        inForce,
      ),
      element("div", { class: "gs-mathline" }, this.mathematics, this.numbers),
    );
    setText(this.formula, "Select a cell to see its formula.");
  }

  select(cell) {
    this.cell = cell;
    const block = this.state.blocks[cell.name];
    const [worksheet, column, row] = block.address;
    setText(this.address, `${worksheet}!${columnName(column + cell.column)}${row + cell.row}`);
    setText(
      this.note,
      `${block.name}${cellName(this.state, block, cell.row, cell.column)}: ${block.note}`,
    );
    const whole = block.equation
      ? `${block.equation}<span class="gs-cellnote">, for one cell</span> `
      : "";
    this.equation = block.excel ? whole + block.cellEquation : "";
    this.draw();
  }

  draw() {
    if (!this.cell) return;
    const { name, row, column } = this.cell;
    const block = this.state.blocks[name];
    if (row >= this.state.rowCount(name)) return;
    const given = this.state.isGiven(name);
    const branch = given ? null : this.branchInForce(block, row, column);
    const mine = isInput(block)
      ? `   (an input: ${given ? "" : "type over it "}${block.allowed})`
      : "";
    setText(
      this.formula,
      (given
        ? heldText(block, this.state.value(name, row, column))
        : excelFormula(block.excel, row, column, this.state.rows)) + mine,
    );
    write(this.mathematics, given ? "" : this.equation);
    setText(this.branch, branch ? excelFormula(branch.excel, row, column, this.state.rows) : "");
    write(this.numbers, given ? "" : this.withNumbers(branch || block, block, row, column));
  }

  /**
   * Of a formula that chooses between others, the one whose number the cell shows; null where it
   * chooses nothing.
   */
  branchInForce(block, row, column) {
    const chosen = this.state.program.branches[block.name];
    return chosen ? block.branches[chosen(row, column)] : null;
  }

  /**
   * Mathematics with the current numbers.
   * @param {{numbers: string, slots: Array}} told of the block's cell, or of one branch
   */
  withNumbers(told, block, row, column) {
    const { state } = this;
    if (
      !told.numbers ||
      (told.slots.some((slot) => slot[1] === "last") && state.rows < state.description.fewestRows)
    )
      return "";
    const own = (symbol) => {
      if (Array.isArray(symbol)) return own(symbol[0]) * symbol[1] + symbol[2];
      if (symbol === "last") return state.rows - 1;
      return symbol === "i" ? row : symbol === "j" ? column : symbol;
    };
    const filled = told.numbers.replace(/<mtext>@(\d+)@<\/mtext>/g, (_, number) => {
      const [read, i, j, tight] = told.slots[Number(number)];
      if (!read) return `<mn>${own(i)}</mn>`;
      const x = state.value(read, own(i), own(j));
      const cell = `<mn data-cell="${read} ${own(i)} ${own(j)}">`;
      const text = cellText(state.blocks[read], x).replace("infinite", "∞") || "empty";
      return tight && x < 0
        ? `<mrow><mo>(</mo>${cell}${text}</mn><mo>)</mo></mrow>`
        : `${cell}${text}</mn>`;
    });
    const result = cellText(block, state.value(block.name, row, column)) || "empty";
    const place = `${block.name} ${row} ${column}`;
    return `<span class="gs-result" data-cell="${place}">${result}</span> = ${filled}`;
  }
}
