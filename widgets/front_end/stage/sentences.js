// What just happened, in words. Each number of a sentence knows its cell, so that it can be lit
// with it.

import { element, setText } from "../elements/elements.js";
import { shown } from "../engine/numbers.js";

/** One sentence: its paragraph, and its numbers as [node, block, format]. */
function made(pieces) {
  const numbers = pieces
    .filter((piece) => typeof piece !== "string")
    .map(([name, format]) => [element("span", { "data-cell": `${name} 0 0` }), name, format]);
  const spans = numbers.map(([span]) => span);
  const parts = pieces.map((piece) => (typeof piece === "string" ? piece : spans.shift()));
  // A screen reader says the sentence, not the number alone that changed in it; with the keyboard
  // it is reached to light its numbers.
  const node = element(
    "p",
    { "aria-atomic": "true", tabindex: numbers.length ? 0 : undefined },
    ...parts,
  );
  return { node, numbers };
}

export class Sentences {
  /** @param {import("../engine/state.js").State} state */
  constructor(state) {
    this.state = state;
    this.lines = state.description.sentences.map(({ pieces }) => made(pieces));
    this.node = element("div", { class: "gs-sentences", role: "status", "aria-live": "polite" });
  }

  /** The sentences that hold, with the numbers of now. */
  draw() {
    const { state, node } = this;
    const lines = this.lines.filter((_, k) => state.program.said[k]);
    for (const line of this.lines)
      if (line.node.parentNode && !lines.includes(line)) line.node.remove();
    lines.forEach((line, place) => {
      if (node.children[place] !== line.node)
        node.insertBefore(line.node, node.children[place] || null);
      for (const [span, name, format] of line.numbers)
        setText(span, shown(state.value(name, 0, 0), format));
    });
  }
}
