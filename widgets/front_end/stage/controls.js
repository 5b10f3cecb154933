// Settings: a slider, a typed value and two steppers for one number; a list for a choice.

import {
  button,
  element,
  focused,
  labelled,
  numberField,
  refusalLine,
  setText,
} from "../elements/elements.js";
import { exact, roundedTo, shown, typed } from "../engine/numbers.js";

const STOPS = 200; // of a slider without a step of its own

// Stops of a power of ten on a log scale: round numbers, closer together where the steps would be
// coarse.
const OF_TEN = [...range(1, 2, 0.1), ...range(2, 5, 0.25), ...range(5, 10, 0.5)];

function range(from, to, by) {
  return Array.from({ length: Math.round((to - from) / by) }, (_, k) => from + k * by);
}

/** Round numbers from low to high, both included; 0 first where the scale reaches it. */
function logStops({ low, high, smallest }) {
  const from = low === 0 ? smallest : low;
  const stops = low === 0 ? [0, from] : [from];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(high); power++) {
    for (const digits of OF_TEN) {
      const x = Number(`${roundedTo(digits, 3)}e${power}`);
      if (x > from && x < high) stops.push(x);
    }
  }
  return [...stops, high];
}

/** Where a value stands on its slider and back. */
export function scaleOf(block) {
  const { low, high, step, held } = block;
  if (held)
    return {
      stops: held.length - 1,
      toStop: (x) => held.indexOf(x),
      toValue: (stop) => held[stop],
    };
  if (block.scale === "log") {
    const values = logStops(block);
    const distance = (x, stop) =>
      x === 0 || stop === 0 ? (x === stop ? 0 : Infinity) : Math.abs(Math.log(x / stop));
    const nearest = (x) =>
      values.reduce(
        (best, stop, k) => (distance(x, stop) < distance(x, values[best]) ? k : best),
        values[0] === 0 ? 1 : 0,
      );
    return {
      stops: values.length - 1,
      toStop: (x) => (x === 0 ? 0 : nearest(x)),
      toValue: (stop) => values[stop],
    };
  }
  const stops = step || block.whole ? Math.round((high - low) / (step || 1)) : STOPS;
  return {
    stops,
    toStop: (x) => Math.round((stops * (x - low)) / (high - low)),
    toValue: (stop) =>
      Math.min(high, Math.max(low, roundedTo(low + ((high - low) * stop) / stops, 12))),
  };
}

export class Control {
  /**
   * @param {import("../engine/state.js").State} state
   * @param {Object} block a parameter
   * @param {() => void} onFocus so that the formula bar follows
   * @param {(value: number) => Promise<any>} resize of a size: asks for a page with another one in
   *   this one's place
   */
  constructor(state, block, onFocus, resize) {
    this.state = state;
    this.block = block;
    this.resize = resize;
    this.refusal = refusalLine();
    const label = labelled(state, block, "span", { class: "gs-name" });
    const parts = block.choices.length ? [this.makeChoice()] : this.makeNumber();
    const note = element("span", { class: "gs-note", text: block.note });
    this.node = element(
      "div",
      { class: "gs-control", "data-block": block.name, "data-row": 0, "data-col": 0 },
      label,
      ...parts,
      note,
      this.refusal,
    );
    this.node.addEventListener("focusin", onFocus);
    this.draw();
  }

  get value() {
    return this.state.value(this.block.name, 0, 0);
  }

  set(value) {
    setText(this.refusal, "");
    if (!this.block.isSize) {
      this.state.setCell(this.block.name, 0, 0, value);
    } else if (value !== this.value) {
      this.resize(value).catch((error) => {
        setText(this.refusal, error.message);
        this.drawn = undefined;
        this.draw();
      });
    }
  }

  makeChoice() {
    const options = this.block.choices.map((choice, k) =>
      element("option", { value: k, text: choice }),
    );
    this.list = element(
      "select",
      { "aria-label": this.block.name, onchange: () => this.set(Number(this.list.value)) },
      ...options,
    );
    return this.list;
  }

  makeNumber() {
    this.scale = scaleOf(this.block);
    this.field = numberField(this.block.name, {
      onchange: () => this.read(),
      onkeydown: (event) => this.pressed(event),
    });
    const pointed = () => this.scale.toValue(Number(this.slider.value));
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: this.scale.stops,
      step: 1,
      class: "gs-slider",
      "aria-label": this.block.name,
      oninput: () => {
        if (this.block.isSize) this.field.value = exact(pointed());
        else this.set(pointed());
      },
      // A size is set when the slider is let go: it gives way to the new page's.
      onchange: () => this.block.isSize && this.set(pointed()),
    });
    const stepper = (text, by, name) =>
      button(text, () => this.move(by), {
        class: "gs-stepper",
        "aria-label": `${this.block.name} ${name}`,
      });
    return [this.field, stepper("−", -1, "down"), this.slider, stepper("+", 1, "up")];
  }

  move(by) {
    const stop = Math.min(this.scale.stops, Math.max(0, this.scale.toStop(this.value) + by));
    this.set(this.scale.toValue(stop));
  }

  pressed(event) {
    if (event.key === "Enter") this.read();
    if (event.key === "Escape") {
      setText(this.refusal, "");
      this.field.value = exact(this.value);
    }
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      this.move(event.key === "ArrowUp" ? 1 : -1);
      this.field.value = exact(this.value);
    }
  }

  /** What was typed, or why it cannot be; the old value stays. */
  read() {
    const answer = typed(this.block, this.field.value);
    if (answer.refusal) setText(this.refusal, answer.refusal);
    else this.set(answer.value);
    this.field.value = exact(this.value);
  }

  drawLock() {
    const locked = this.state.locked.has(this.block.name);
    if (locked === Boolean(this.locked)) return;
    this.locked = locked;
    const parts = /** @type {NodeListOf<HTMLInputElement>} */ (
      this.node.querySelectorAll("input, select, button")
    );
    for (const part of parts) part.disabled = locked;
  }

  draw() {
    this.drawLock();
    // a list shows no choice then: each can be picked
    const value = this.list && this.state.isReplaced(this.block.name) ? -1 : this.value;
    if (Object.is(value, this.drawn)) return;
    this.drawn = value;
    if (this.list) {
      this.list.value = String(value);
      return;
    }
    const stop = String(this.scale.toStop(value));
    if (this.slider.value !== stop) this.slider.value = stop;
    this.slider.setAttribute("aria-valuetext", shown(value, this.block.format));
    if (focused(this.field) !== this.field) this.field.value = exact(value);
  }
}
