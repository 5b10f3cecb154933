// A and B: the same start with one difference named, in lock-step, on the same axes.

import { element, setText } from "./elements.js";
import { exact, shown, typed } from "./numbers.js";
import { State } from "./state.js";

export class Compare {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.state = page.state;
    this.other = null; // B's state
    const inputs = this.state.inputs.map((name) => this.state.blocks[name]).filter((block) => block.control && !block.isSize);
    this.list = element("select", { "aria-label": "What differs in B" }, ...inputs.map((block) => element("option", { value: block.name, text: block.label })));
    this.list.addEventListener("change", () => this.offer());
    this.field = element("input", { type: "text", class: "gs-field", "aria-label": "Its value in B", autocomplete: "off" });
    this.field.addEventListener("keydown", (event) => event.key === "Enter" && this.start());
    this.choices = element("select", { "aria-label": "Its choice in B" });
    this.refusal = element("p", { class: "gs-refusal", role: "alert" });
    this.results = element("table", { class: "gs-table gs-compared", "aria-label": "A and B", hidden: true });
    this.words = element("p", { class: "gs-answer", role: "status" });
    const button = (text, action) => element("button", { type: "button", text, onclick: action });
    const line = element("div", { class: "gs-answering" }, this.list, this.field, this.choices, button("Compare", () => this.start()), button("Stop comparing", () => this.stop()));
    const summary = element("summary", {}, element("h2", { text: "A and B: one difference" }));
    this.node = inputs.length ? element("details", { class: "gs-predict", "data-part": "compare" }, summary, line, this.refusal, this.words, this.results) : "";
    if (inputs.length) this.offer();
  }

  get block() {
    return this.state.blocks[this.list.value];
  }

  /** A field or a list for B's value, with A's in it. */
  offer() {
    const { block } = this;
    const listed = block.choices.length > 0;
    this.field.hidden = listed;
    this.choices.hidden = !listed;
    this.field.value = exact(this.state.value(block.name, 0, 0));
    this.choices.replaceChildren(...block.choices.map((choice) => element("option", { value: choice, text: choice })));
  }

  start() {
    const { block } = this;
    const answer = typed(block, block.choices.length ? this.choices.value : this.field.value);
    setText(this.refusal, answer.refusal || "");
    if (answer.refusal) return;
    this.difference = { block, value: answer.value };
    this.other = new State(this.state.description);
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
    other.setInputs({ ...state.start, [this.difference.block.name]: [this.difference.value] }, state.step);
  }

  draw() {
    this.results.hidden = !this.other;
    if (!this.other) return setText(this.words, "");
    const { block, value } = this.difference;
    const said = (x) => (block.choices.length ? block.choices[x] : exact(x));
    const short = this.other.step < this.state.step ? ` B stopped at step ${this.other.step}: ${this.other.overflow} would no longer be finite.` : "";
    setText(this.words, `A has ${block.label} ${said(this.state.value(block.name, 0, 0))}, B has ${said(value)}; all else is the same.${short}`);
    const rows = this.state.description.blocks.filter((each) => each.role === "loss" && each.shape.every((length) => length === 1));
    while (this.results.rows.length > rows.length + 1) this.results.deleteRow(-1);
    [["", "A", "B"], ...rows.map((each) => [each.label, ...[this.state, this.other].map((state) => shown(state.value(each.name, 0, 0), each.format))])].forEach((texts, k) => {
      const row = this.results.rows[k] || this.results.insertRow();
      texts.forEach((text, j) => setText(row.cells[j] || row.appendChild(element(k && j ? "td" : "th", { scope: k ? "row" : "col" })), text));
    });
  }
}
