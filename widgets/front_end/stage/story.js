// The story, a card a step: the question, the move, then what happened and why. Card 0 is the
// introduction; card k sets the inputs of preset k - 1.

import { button, element, setText } from "../elements/elements.js";
import { startOf } from "../engine/address.js";

const MOST_WIDE = 12; // dots of steps that stand apart; more stand close

/**
 * What a story moves.
 * @typedef {Object} Told
 * @property {() => void} restarting a new start: nothing plays on
 * @property {() => void} arrange other controls, charts and cells come on the stage
 * @property {() => void} play to the step at which this card stops
 * @property {() => boolean} isPlaying
 */

export class Story {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {Told} page
   */
  constructor(state, page) {
    this.state = state;
    this.page = page;
    this.presets = state.description.presets;
    this.last = null; // the one that the page's inputs come from, whatever was changed since
    this.at = 0; // the card
    this.moved = true; // whether the card's move is made; before, it asks
    this.hidden = false; // by a link
    this.starts = -1; // the state's count of starts at the move: another one is the reader's own
    this.holds = false; // whether the card keeps back what its move will only show
    this.bar = this.makeBar();
    this.node = this.makeCard();
    this.write();
  }

  makeBar() {
    const dot = (title, k) =>
      button("", () => this.ask(k - 1), {
        class: "gs-dot",
        "data-number": k || "•",
        "aria-label": title,
        title,
      });
    const titles = ["Introduction", ...this.presets.map(({ title }) => title)];
    this.dots = titles.map(dot);
    this.title = element("strong", { class: "gs-steptitle" });
    const many = titles.length > MOST_WIDE ? " gs-many" : "";
    const list = element("ol", { class: `gs-dots${many}`, "aria-label": "Steps of the story" });
    list.append(...this.dots.map((each) => element("li", {}, each)));
    this.previous = button("‹ Back", () => this.back(), {
      "aria-label": "Back to the previous step",
    });
    this.forth = button("Next ›", () => this.forward(), { "aria-label": "Next step" });
    const way = element("div", { class: "gs-way" }, this.previous, this.forth);
    return this.presets.length
      ? element("div", { class: "gs-storybar", "data-part": "presets" }, list, way, this.title)
      : null;
  }

  makeCard() {
    this.question = element("p", { class: "gs-ask" });
    this.predicted = element("ol", { class: "gs-predictions" }); // a prediction that it asks for
    this.move = button("", () => this.go(), { class: "gs-move" });
    this.happened = element("p", { class: "gs-happened" });
    this.reason = element("p");
    this.why = element(
      "details",
      { class: "gs-why" },
      element("summary", { text: "Why?" }),
      this.reason,
    );
    const parts = [this.question, this.predicted, this.move, this.happened, this.why];
    return element(
      "section",
      { class: "gs-card", "aria-label": `This step: ${this.state.description.title}` },
      ...parts,
    );
  }

  /** The preset of the card, or null in the introduction. */
  get preset() {
    return this.at ? this.presets[this.at - 1] : null;
  }

  /** @returns {import("../engine/description.js").Scene} */
  get scene() {
    return (this.preset || this.state.description).scene;
  }

  /** Blocks whose numbers a reader is to predict before the card's move. */
  get heldBack() {
    const { holds, scene, state } = this;
    const looked = scene.look ? [scene.look[0]] : [];
    return holds
      ? [...scene.numbers, ...looked, ...scene.asks].filter((name) => !state.inputs.includes(name))
      : [];
  }

  /** Whether the card's run is still to be made, or to be ended. */
  get runs() {
    const { state, scene, moved, page } = this;
    const isOwn = this.preset !== null && state.starts === this.starts;
    return moved && isOwn && state.step < scene.play && !state.isStopped && !page.isPlaying();
  }

  /** Whether a prediction asks for what stands before the first step. */
  get asksForTheStart() {
    const { predictions } = this.state.description;
    return predictions.some(({ preset, steps }) => preset === this.at - 1 && !steps);
  }

  /** The place of the preset whose question comes next. */
  get next() {
    return this.moved ? this.at : this.at - 1;
  }

  // --- the way through it

  /** What comes next: the move that the card asks about, or the next card. */
  forward() {
    if (this.hidden) return;
    if (!this.moved) this.go();
    else if (this.at < this.presets.length) this.ask(this.at);
  }

  /** The button of the card: its move and its run, or what is left of the run. */
  go() {
    if (this.hidden) return;
    if (!this.at) return this.forward();
    if (!this.moved) this.choose(this.at - 1);
    if (this.runs) this.page.play();
    this.offer();
  }

  /** The card before this one, as it stands after its move. */
  back() {
    if (this.at && !this.hidden) this.choose(this.at - 2);
  }

  /**
   * Card k + 1 with its question; one without a question makes its move at once. Where a run
   * answers, its inputs are set already.
   */
  ask(k) {
    const preset = this.presets[k];
    if (k < 0 || (preset && !preset.predict)) return this.choose(k);
    if (!preset) return;
    this.page.restarting();
    this.at = k + 1;
    this.moved = false;
    const { play, asks } = this.scene;
    this.holds = !play || asks.length > 0 || this.asksForTheStart;
    if (this.scene.play) this.setOut(k);
    this.starts = this.state.starts;
    this.askedAt = this.state.step;
    this.write();
    this.page.arrange();
  }

  /** Where the run of preset k starts. */
  setOut(k) {
    this.state.setInputs(startOf(this.state.description, k), 0);
    this.last = k;
    this.press(k);
  }

  /** A reader who plays or steps by himself makes the card's move. */
  begun() {
    const { state, moved, scene } = this;
    if (moved || !scene.play || state.starts !== this.starts || state.step === this.askedAt) return;
    this.moved = true;
    this.holds = false;
    this.write();
    this.page.arrange();
  }

  /**
   * Make the move of preset k (-1: back to the introduction). A preset is a start of its own: what
   * it does not set is as the sheet starts.
   */
  choose(k) {
    if (k >= this.presets.length) return;
    const preset = k < 0 ? null : k;
    this.page.restarting();
    this.state.setInputs(startOf(this.state.description, preset), 0);
    this.show(preset);
  }

  /** The page stands at preset k, or (null) at none. @param {number|null} k */
  show(k) {
    this.last = k;
    this.at = k === null ? 0 : k + 1;
    this.moved = true;
    this.holds = false;
    this.starts = this.state.starts;
    this.press(k);
    this.write();
    this.page.arrange();
    this.draw();
  }

  /** Which preset's inputs stand on the page, if they are nobody else's. @param {number|null} k */
  press(k) {
    for (const [place, each] of this.dots.entries())
      each.setAttribute("aria-pressed", String(k !== null && place === k + 1));
  }

  /** The card that the page of other sizes stood at. @param {Story} before */
  follow(before) {
    Object.assign(this, { at: before.at, moved: before.moved, last: before.last });
    this.press(null);
    this.write();
    this.page.arrange();
  }

  // --- what it says

  write() {
    const { preset, state, moved } = this;
    for (const [place, each] of this.dots.entries()) {
      if (place === this.at) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
    }
    setText(this.title, preset ? preset.title : "");
    this.previous.disabled = this.at === 0;
    this.forth.disabled = moved && this.at === this.presets.length;
    const asks = preset ? preset.predict : state.written(state.description.introduction);
    setText(this.question, asks);
    setText(this.move, !this.at ? "Begin" : this.scene.play ? "Let it run" : "Show me");
    this.offer();
    this.why.open = false;
    setText(this.happened, "");
    this.why.hidden = true;
  }

  /** The card's button, while it has something to do. */
  offer() {
    const begins = !this.at && this.presets.length > 0;
    this.move.hidden = !begins && this.moved && !this.runs;
  }

  /** Whether what happened can be told: nothing but the card's own move, and its run, was made. */
  get isTold() {
    const { state, scene } = this;
    if (!this.preset || !this.moved || state.starts !== this.starts) return false;
    return !scene.play || state.step === scene.play || (state.isStopped && state.step < scene.play);
  }

  /** A reader who tries for himself before the move sees every number. */
  letGo() {
    const { state } = this;
    if (!this.holds || (state.starts === this.starts && state.step === this.askedAt)) return;
    this.holds = false;
    this.page.arrange();
  }

  /** Tell what happened once it has, with the numbers of then. */
  draw() {
    this.begun();
    this.letGo();
    this.offer();
    if (this.preset && this.moved && this.state.starts !== this.starts) {
      setText(this.happened, "");
      this.why.hidden = true;
    } else if (this.isTold && !this.happened.textContent) {
      setText(this.happened, this.state.written(this.preset.happened));
      setText(this.reason, this.state.written(this.preset.why));
      this.why.hidden = !this.preset.why.length;
    }
  }
}
