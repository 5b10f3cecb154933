// Training as steps: play, step, back, scrub, speed, and reset to the same start.

import { element, setText } from "./elements.js";

const SPEEDS = [1, 10, 100]; // steps a frame
const FIRST_SCRUB = 100; // right end of the scrub bar until the run goes further

export class Transport {
  /** @param {import("./state.js").State} state @param {() => import("./state.js").State|null} beside B's state, while two are compared */
  constructor(state, beside) {
    this.state = state;
    this.beside = beside;
    this.playing = false;
    const button = (text, action) => element("button", { type: "button", text, onclick: action });
    this.play = button("Play", () => this.toggle());
    this.speed = element("select", { "aria-label": "speed" }, ...SPEEDS.map((n) => element("option", { value: n, text: `${n} a frame` })));
    this.scrub = element("input", { type: "range", min: 0, max: FIRST_SCRUB, value: 0, step: 1, "aria-label": "step", class: "gs-slider" });
    this.scrub.addEventListener("input", () => this.goTo(Number(this.scrub.value)));
    this.label = element("output", { "aria-live": "off" });
    this.stopped = element("span", { role: "status" });
    this.node = element(
      "div",
      { class: "gs-transport", role: "group", "aria-label": "Steps" },
      this.play,
      button("Back", () => this.goTo(Math.max(0, state.step - 1))),
      button("Step", () => this.goTo(state.step + 1)),
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
    if (state.overflow || state.still) this.playing = false;
    this.draw();
    requestAnimationFrame(() => this.frame());
  }

  draw() {
    const { step, overflow, still } = this.state;
    setText(this.play, this.playing ? "Pause" : "Play");
    if (step > Number(this.scrub.max)) this.scrub.max = String(2 * step);
    this.scrub.value = String(step);
    setText(this.label, `step ${step}`);
    const because = overflow ? `${overflow} would no longer be a finite number; take smaller steps or start elsewhere` : "another step would change nothing";
    setText(this.stopped, overflow || still ? `: stopped here, because ${because}` : "");
  }
}
