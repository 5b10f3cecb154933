// The story's steps as buttons, and the question to answer before the next one is pressed.

import { button, element, setText } from "../elements/elements.js";
import { startOf } from "../engine/address.js";

export class Presets {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {() => void} before called before a preset is chosen
   */
  constructor(state, before) {
    this.state = state;
    this.presets = state.description.presets;
    this.before = before;
    this.last = null; // the one that the page's inputs come from, whatever was changed since
    this.question = element("p", { class: "gs-ask gs-note" });
    this.buttons = this.presets.map((preset, k) => {
      const events = {
        onfocus: () => this.ask(k),
        onmouseenter: () => this.ask(k),
        onmouseleave: () => this.ask(this.next),
      };
      return button(preset.title, () => this.choose(k), { "aria-pressed": "false", ...events });
    });
    const list = element("ol", { class: "gs-presets", "aria-label": "What to try, in order" });
    list.append(...this.buttons.map((button) => element("li", {}, button)));
    this.node = element("div", { "data-part": "presets" }, list, this.question);
    this.ask(0);
  }

  get next() {
    return this.last === null ? 0 : this.last + 1;
  }

  ask(k) {
    const preset = this.presets[k];
    setText(this.question, preset?.predict ? `Before you press ${k + 1}: ${preset.predict}` : "");
  }

  /** A preset is a start of its own: what it does not set is as the sheet starts. */
  choose(k) {
    if (!this.presets[k]) return;
    this.before();
    this.state.setInputs(startOf(this.state.description, k), 0);
    this.show(k);
  }

  /** The page stands at preset k, or (null) at none. @param {number|null} k */
  show(k) {
    this.last = k;
    this.press(k);
    this.ask(this.next);
  }

  press(k) {
    for (const [other, button] of this.buttons.entries()) {
      button.setAttribute("aria-pressed", String(other === k));
    }
  }
}
