// The one or two numbers that matter, large enough for the back row.

import { element, setText } from "../elements/elements.js";
import { inWords } from "../engine/numbers.js";

export class Figures {
  /** @param {import("../engine/state.js").State} state */
  constructor(state) {
    this.state = state;
    this.node = element("dl", { class: "gs-figures" });
    /** @type {[HTMLElement, import("../engine/description.js").Block][]} */
    this.figures = [];
  }

  /** @param {string[]} names of blocks of one number */
  show(names) {
    this.figures = names.map((name) => {
      const number = element("dd", { "data-cell": `${name} 0 0` });
      return [number, this.state.blocks[name]];
    });
    const made = this.figures.map(([number, block]) => {
      const role = this.state.description.roles[block.role];
      const name = element("dt", { text: block.words, title: `${block.name}: ${block.note}` });
      return element("div", { style: `--role:${role.colour}` }, number, name);
    });
    this.node.replaceChildren(...made);
    this.draw();
  }

  draw() {
    for (const [number, { name, format }] of this.figures)
      setText(
        number,
        this.state.isAsked(name) ? "?" : inWords(this.state.value(name, 0, 0), format),
      );
  }
}
