// Training as steps: play, step, back, scrub, speed, and reset to the same start.

import { button, element, setText } from "../elements/elements.js";

const SMALLER = "take smaller steps or start elsewhere";
const SPEEDS = [1, 10, 100]; // steps a frame
const FIRST_SCRUB = 100; // right end of the scrub bar until the run goes further

export class Transport {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {() => import("../engine/state.js").State|null} beside B's state, while two are compared
   */
  constructor(state, beside) {
    this.state = state;
    this.beside = beside;
    this.playing = false;
    this.play = button("Play", () => this.toggle());
    this.speed = element(
      "select",
      { "aria-label": "speed" },
      ...SPEEDS.map((n) => element("option", { value: n, text: `${n} a frame` })),
    );
    this.scrub = element("input", {
      type: "range",
      min: 0,
      max: FIRST_SCRUB,
      value: 0,
      step: 1,
      "aria-label": "step",
      class: "gs-slider",
    });
    this.scrub.addEventListener("input", () => this.goTo(Number(this.scrub.value)));
    this.label = element("output", { "aria-live": "off" });
    this.stopped = element("span", { role: "status" });
    this.node = element(
      "div",
      { class: "gs-transport", role: "group", "aria-label": "Steps" },
      this.play,
      button("Back", () => this.move(-1)),
      button("Step", () => this.move(1)),
      button("To the start", () => this.goTo(0)),
      this.speed,
      this.scrub,
      element("span", { class: "gs-step" }, this.label, this.stopped),
    );
    this.draw();
  }

  goTo(step) {
    this.playing = false;
    this.state.goTo(step);
  }

  move(by) {
    this.goTo(Math.max(0, this.state.step + by));
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing) requestAnimationFrame(() => this.frame());
    this.draw();
  }

  frame() {
    if (!this.playing || !this.node.isConnected) return;
    const [{ state }, other, steps] = [this, this.beside(), Number(this.speed.value)];
    if (other && !other.overflow && !other.isStill()) state.goTo(state.step + steps);
    else state.play(steps);
    if (state.overflow || state.still || state.isLast) this.playing = false;
    this.draw();
    requestAnimationFrame(() => this.frame());
  }

  draw() {
    const { step, overflow, still, isLast } = this.state;
    setText(this.play, this.playing ? "Pause" : "Play");
    if (step > Number(this.scrub.max)) this.scrub.max = String(2 * step);
    this.scrub.value = String(step);
    setText(this.label, `step ${step}`);
    let because = isLast ? "a run has no more steps" : "";
    if (still) because = "another step would change nothing";
    if (overflow) because = `${overflow} would no longer be a finite number; ${SMALLER}`;
    setText(this.stopped, because && `: stopped here, because ${because}`);
  }
}
