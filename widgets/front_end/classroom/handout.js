// A lesson on paper: every step of its story told, every row of the tables that are open; what is
// folded away is named.

import { element } from "../elements/elements.js";
import { startOf } from "../engine/address.js";
import { State } from "../engine/state.js";

/**
 * What is printed.
 * @typedef {Object} Printed
 * @property {State} state
 * @property {import("../stage/story.js").Story} story
 * @property {import("../sheet/grid.js").Grid} grid
 * @property {import("../stage/stage.js").Stage} stage
 */

export class Handout {
  /** @param {Printed} page */
  constructor(page) {
    this.page = page;
    this.before = () => this.prepare();
    this.after = () => this.clear();
    window.addEventListener("beforeprint", this.before);
    window.addEventListener("afterprint", this.after);
  }

  prepare() {
    const { grid, stage, story } = this.page;
    this.clear();
    grid.showAll(true);
    this.story = story.hidden ? null : this.told();
    if (this.story) stage.node.after(this.story);
  }

  clear() {
    this.page.grid.showAll(false);
    this.story?.remove();
  }

  /** Each step with its question, what happens and why, from numbers of their own. */
  told() {
    const { description } = this.page.state;
    const state = new State(description);
    const steps = description.presets.map((preset, k) => {
      state.setInputs(startOf(description, k), 0);
      state.goTo(preset.scene.play);
      const said = [preset.predict, state.written(preset.happened), state.written(preset.why)];
      const lines = said.filter(Boolean).map((text) => element("p", { text }));
      return element("li", {}, element("strong", { text: preset.title }), ...lines);
    });
    if (!steps.length) return null;
    const opening = element("p", { text: this.page.state.written(description.introduction) });
    return element("section", { class: "gs-handout" }, opening, element("ol", {}, ...steps));
  }

  end() {
    window.removeEventListener("beforeprint", this.before);
    window.removeEventListener("afterprint", this.after);
  }
}
