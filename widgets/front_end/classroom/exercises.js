// Exercises: a task that begins at a step of the story, and is checked here. Either a number is
// typed, or the page is brought to a state; neither answer is given away before it is asked for.

import { button, element, numberField, panel, setText } from "../elements/elements.js";
import { startOf } from "../engine/address.js";
import { shown, typedNumber } from "../engine/numbers.js";
import { State } from "../engine/state.js";

const STEP = "step"; // in a condition, the step of the run
const RELATIONS = {
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "=": (a, b) => a === b,
};

class Exercise {
  /**
   * @param {import("../page/page.js").Page} page
   * @param {import("../engine/description.js").Exercise} told
   * @param {number} number from 1
   */
  constructor(page, told, number) {
    this.page = page;
    this.told = told;
    this.begun = false;
    this.field = numberField(`Your answer to exercise ${number}`, {
      onkeydown: (event) => event.key === "Enter" && this.check(),
    });
    const more = (does) => ({ "aria-label": `${does}: exercise ${number}` });
    this.result = element("p", { class: "gs-answer", role: "status" });
    const check = button("Check", () => this.check(), more("Check"));
    this.node = element(
      "li",
      { class: "gs-exercise", "data-exercise": number },
      element("p", { text: told.task }),
      element(
        "div",
        { class: "gs-answering" },
        button("Begin", () => this.begin(), more("Begin")),
        ...(told.answer ? [this.field, check] : []),
        button("Show a way", () => this.show(), more("Show a way")),
      ),
      this.result,
    );
  }

  /** To where it begins. */
  begin() {
    this.page.story.choose(this.told.preset ?? -1);
    this.begun = true;
    this.say(this.told.answer ? "Type your answer, then check it." : "Not there yet.", false);
  }

  /** A state of its own, where the exercise is done. */
  done() {
    const { told, page } = this;
    const state = new State(page.description);
    state.setInputs({ ...startOf(page.description, told.preset), ...told.way }, 0);
    state.goTo(told.steps);
    return state;
  }

  check() {
    const typed = typedNumber(this.field.value);
    if (typed === null) return this.say("Type a number.", false);
    const { answer, tolerance, solved } = this.told;
    const done = this.done();
    const truth = done.value(answer, 0, 0);
    const right = Math.abs(typed - truth) <= tolerance * (Math.abs(truth) || 1);
    const said = shown(typed, done.blocks[answer].format);
    this.say(right ? `Right. ${done.written(solved)}` : `Not yet: it is not ${said}.`, right);
  }

  /** Whether the page has come to the state that is asked for. */
  get isReached() {
    const { state } = this.page;
    const number = (name) => {
      if (typeof name === "number") return name;
      return name === STEP ? state.step : state.value(name, 0, 0);
    };
    const { reached } = this.told;
    return reached.every(([left, is, right]) => RELATIONS[is](number(left), number(right)));
  }

  /** Once the state was reached it stays told, whatever is moved afterwards. */
  draw() {
    if (!this.begun || this.told.answer || !this.isReached) return;
    this.begun = false;
    this.say(`Reached. ${this.page.state.written(this.told.solved)}`, true);
  }

  /** One way that does it. */
  show() {
    const { page, told } = this;
    this.begun = false;
    page.story.choose(told.preset ?? -1);
    page.state.setInputs({ ...startOf(page.description, told.preset), ...told.way }, 0);
    page.state.goTo(told.steps);
    this.say(`One way. ${page.state.written(told.solved)}`, false);
  }

  /** @param {string} text @param {boolean} right */
  say(text, right) {
    setText(this.result, text);
    this.result.classList.toggle("gs-right", right);
  }
}

export class Exercises {
  /** @param {import("../page/page.js").Page} page */
  constructor(page) {
    this.list = page.description.exercises.map((told, k) => new Exercise(page, told, k + 1));
    const cards = element(
      "ol",
      { class: "gs-predictions" },
      ...this.list.map((exercise) => exercise.node),
    );
    this.node = this.list.length ? panel("exercises", "Exercises", cards) : "";
  }

  draw() {
    for (const exercise of this.list) exercise.draw();
  }
}
