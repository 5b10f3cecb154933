// Training as steps: play, step, back, scrub, speed, and reset to the same start.

import { button, element, setText } from "../elements/elements.js";

const SMALLER = "take smaller steps or start elsewhere";
const SPEEDS = [2, 10, 60, 600]; // steps a second
const USUAL = 10; // where no step is known at which to stop
const WATCHED = 8; // seconds that a run to the step of the story takes at most
const FIRST_SCRUB = 100; // right end of the scrub bar until the run goes further
const LONGEST_FRAME = 250; // milliseconds that are made up for, after a page that slept

export class Transport {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {() => import("../engine/state.js").State|null} beside B's state, while two are compared
   */
  constructor(state, beside) {
    this.state = state;
    this.beside = beside;
    this.playing = false;
    this.stop = 0; // the step of the story at which playing stops; 0: none
    this.play = button("Play", () => this.toggle(), { class: "gs-play" });
    this.speed = element(
      "select",
      { "aria-label": "speed", onchange: () => (this.chosen = true) },
      ...SPEEDS.map((n) => element("option", { value: n, text: `${n} a second` })),
    );
    this.speed.value = String(USUAL);
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
      button("Back", () => this.move(-1), { title: "One step back" }),
      button("Step", () => this.move(1), { title: "One step on" }),
      button("To the start", () => this.goTo(0)),
      this.speed,
      this.scrub,
      element("span", { class: "gs-step" }, this.label, this.stopped),
    );
    this.draw();
  }

  /** Playing ends at this step of the story, at a pace to be followed. @param {number} step */
  stopAt(step) {
    this.stop = step;
    this.scrub.max = String(Math.max(step || FIRST_SCRUB, this.state.step));
    if (this.chosen) return; // the reader's own pace
    const pace = SPEEDS.find((speed) => speed * WATCHED >= step) || SPEEDS.at(-1);
    this.speed.value = String(step ? pace : USUAL);
  }

  /** The pace of the page of other sizes. @param {Transport} before */
  take(before) {
    this.chosen = before.chosen;
    this.speed.value = before.speed.value;
  }

  goTo(step) {
    this.playing = false;
    this.state.goTo(step);
  }

  move(by) {
    this.goTo(Math.max(0, this.state.step + by));
  }

  toggle() {
    if (this.state.goal !== null) return this.state.halt();
    this.playing = !this.playing;
    if (this.playing) this.begin();
    this.draw();
  }

  begin() {
    this.due = 1; // the first step is seen at once
    this.time = performance.now();
    this.end = this.state.step < this.stop ? this.stop : Infinity;
    requestAnimationFrame((now) => this.frame(now));
  }

  /** Steps by the clock, not by the frame, so that every screen plays at the same pace. */
  frame(now) {
    if (!this.playing || !this.node.isConnected) return;
    const passed = Math.min(LONGEST_FRAME, Math.max(0, now - this.time));
    this.time = now;
    this.due += (passed * Number(this.speed.value)) / 1000;
    const steps = Math.min(Math.floor(this.due), this.end - this.state.step);
    this.due -= steps;
    if (steps) this.advance(steps);
    requestAnimationFrame((next) => this.frame(next));
  }

  advance(steps) {
    const [{ state }, other] = [this, this.beside()];
    if (other && !other.isStopped && !other.isStill()) state.goTo(state.step + steps);
    else state.play(steps);
    if (state.isStopped || state.step >= this.end) this.playing = false;
    this.draw();
  }

  /** What says that a run ends, as a person reads it. */
  get nameOfEnd() {
    return this.state.blocks[this.state.description.ends].words;
  }

  draw() {
    const { step, overflow, still, isEnded, isLast, goal, wanted } = this.state;
    const pressed = goal === null ? "Play" : "Stop";
    setText(this.play, this.playing ? "Pause" : pressed);
    if (wanted > Number(this.scrub.max)) this.scrub.max = String(2 * wanted);
    this.scrub.value = String(step);
    setText(this.label, goal === null ? `step ${step}` : `step ${step} of ${goal}`);
    let because = isLast ? "a run has no more steps" : "";
    if (still) because = "another step would change nothing";
    if (isEnded) because = `the run ends where ${this.nameOfEnd} is not 0`;
    if (overflow) because = `${overflow} would no longer be a finite number; ${SMALLER}`;
    setText(this.stopped, because && `: stopped here, because ${because}`);
  }
}
