// What just happened, in words. Each number of a sentence knows its cell, so that it can be lit
// with it.

import { element, setText } from "../elements/elements.js";
import { inWords } from "../engine/numbers.js";

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

/** Exactly these paragraphs, in their order; those that stay are not touched. */
function place(node, lines) {
  for (const child of [...node.children]) if (!lines.includes(child)) child.remove();
  lines.forEach((line, k) => {
    if (node.children[k] !== line) node.insertBefore(line, node.children[k] || null);
  });
}

export class Sentences {
  /** @param {import("../engine/state.js").State} state */
  constructor(state) {
    this.state = state;
    this.lines = state.description.sentences.map(({ pieces }) => made(pieces));
    /** @type {ReturnType<typeof made>|null} what the step says itself */
    this.own = null;
    // that, or the first that holds, on the stage; the others stand with the sheet
    this.node = element("div", { class: "gs-sentences", role: "status", "aria-live": "polite" });
    this.more = element("div", { class: "gs-sentences gs-more" });
  }

  /**
   * What a step of the story says itself, if anything.
   * @param {import("../engine/description.js").Pieces} pieces
   */
  step(pieces) {
    if (this.pieces === pieces) return;
    this.pieces = pieces;
    this.own = pieces.length ? made(pieces) : null;
    this.draw();
  }

  /** The step's sentence and those that hold, with the numbers of now. */
  draw() {
    const { state, own } = this;
    const holding = this.lines.filter((_, k) => state.program.said[k]);
    const lines = own ? [own, ...holding] : holding;
    const nodes = lines.map((line) => line.node);
    place(this.node, nodes.slice(0, 1));
    place(this.more, nodes.slice(1));
    for (const line of lines)
      for (const [span, name, format] of line.numbers)
        setText(span, state.isAsked(name) ? "?" : inWords(state.value(name, 0, 0), format));
  }
}
