// The same number lit wherever it stands: in tables, settings, sentences, the formula bar and
// charts. The selected cell and those it reads are lit until another is selected; what is pointed
// at, with the pointer or by focus on a sentence, is lit more.

import { Marks } from "../charts/marks.js";
import { cellOf } from "./grid.js";

const WITH_A_CELL = "[data-cell], td[data-block]:not(.gs-selected)";

const keyOf = ({ name, row, column }) => `${name} ${row} ${column}`;

export class Lights {
  /** @param {import("../page/page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.by = { pointer: [], focus: [] };
    this.pointed = []; // by the pointer, or else by focus
    const select = ({ name, row, column }) => page.grid.choose(name, row, column);
    this.marks = page.charts.map((chart) => new Marks(chart, select, (cells) => this.point(cells)));
    page.node.addEventListener("pointerover", (event) => this.point(this.under(event.target)));
    page.node.addEventListener("pointerleave", () => this.point([]));
    page.sentences.node.addEventListener("focusin", (event) =>
      this.point(this.under(event.target), "focus"),
    );
    page.sentences.node.addEventListener("focusout", () => this.point([], "focus"));
  }

  /** The cell that an element shows, or all that a sentence tells. */
  under(target) {
    const shown = target.closest(WITH_A_CELL);
    const sentence = target.closest(".gs-sentences p");
    return [...(shown ? [shown] : sentence ? sentence.querySelectorAll("[data-cell]") : [])].map(
      cellOf,
    );
  }

  /** @param {Object[]} found @param {"pointer"|"focus"} by */
  point(found, by = "pointer") {
    this.by[by] = found;
    const cells = this.by.pointer.length ? this.by.pointer : this.by.focus;
    const same =
      cells.length === this.pointed.length &&
      cells.every((cell, k) => keyOf(cell) === keyOf(this.pointed[k]));
    if (same) return;
    this.pointed = cells;
    this.light();
    this.show();
  }

  /** Every place on the page that shows what is pointed at. */
  light() {
    const { node } = this.page;
    const places = (cell) =>
      `[data-cell="${keyOf(cell)}"], ` +
      `[data-block="${cell.name}"][data-row="${cell.row}"][data-col="${cell.column}"]`;
    const wanted = new Set(
      this.pointed.flatMap((cell) => [...node.querySelectorAll(places(cell))]),
    );
    for (const lit of node.querySelectorAll(".gs-pointed"))
      if (!wanted.delete(lit)) lit.classList.remove("gs-pointed");
    for (const dark of wanted) dark.classList.add("gs-pointed");
  }

  /** Another cell is selected: the pointer that did it says no more than that. */
  selected() {
    this.point([]);
    this.show();
  }

  /** In the charts: what is selected, what it reads cell by cell, what is pointed at. */
  show() {
    const { selected, reads } = this.page.grid;
    const single = reads
      .filter(([, row, column]) => [row, column].every(Number.isInteger))
      .map(([name, row, column]) => ({ name, row, column }));
    const lit = Object.entries({
      read: single,
      selected: selected ? [selected] : [],
      pointed: this.pointed,
    });
    const cells = lit.flatMap(([kind, found]) => found.map((cell) => ({ ...cell, kind })));
    for (const marks of this.marks) marks.show(cells);
  }

  /** After each change: the formula bar writes its numbers anew, and marks move. */
  draw() {
    if (this.pointed.length) this.light();
    for (const marks of this.marks) marks.draw();
  }
}
