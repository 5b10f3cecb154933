// Predict, then reveal: the reader's answer is locked before the page gives its own, and both stand
// side by side.

import { button, element, numberField, panel, setText } from "../elements/elements.js";
import { roundedTo, shown, typedNumber } from "../engine/numbers.js";

const SAMPLES = 50; // places where a drawn curve is compared

class Prediction {
  constructor(page, told, number) {
    this.page = page;
    this.told = told;
    this.chart = told.chart >= 0 ? page.charts[told.chart] : null;
    /** @type {(() => void)|null} called when it is asked anew */
    this.asked = null;
    this.field = numberField(`Your answer to question ${number}`, {
      onkeydown: (event) => event.key === "Enter" && this.lock(),
    });
    this.button = button("", () => this.next());
    this.again = button("Again", () => this.open());
    this.giveUp = button("Give up", () => this.tell());
    this.result = element("p", { class: "gs-answer", role: "status" });
    const parts = this.chart ? [this.button] : [this.field, this.button];
    this.node = element(
      "li",
      { class: "gs-prediction", "data-question": number, "data-opening": this.isOfTheOpening },
      element("p", { text: told.question }),
      element("div", { class: "gs-answering" }, ...parts, this.giveUp, this.again),
      this.result,
    );
    this.open();
  }

  /**
   * The page of other sizes that takes this one's place: what is locked stays so, what is being
   * drawn is begun again.
   */
  moveTo(page, told) {
    Object.assign(this, { page, told, chart: this.chart && page.charts[told.chart] });
    if (this.stage === "drawing") this.open();
    else if (this.chart && this.answer) this.chart.sketched = this.answer;
    return this;
  }

  /** Ready for an answer. */
  open() {
    this.stage = "open";
    this.answer = null;
    this.field.disabled = this.field.hidden = false;
    this.again.hidden = true;
    this.node.removeAttribute("data-revealed");
    this.button.hidden = this.giveUp.hidden = false;
    if (this.chart) this.chart.sketch(null);
    setText(this.button, this.chart ? "Draw it" : "Lock my answer");
    setText(this.result, "");
    this.asked?.();
  }

  /** Whether it asks for what stands on the page from the first. */
  get isOfTheOpening() {
    return this.told.preset === null && !this.told.steps;
  }

  next() {
    if (this.stage === "locked") return this.reveal();
    if (this.chart && this.stage === "open") return this.draw();
    return this.lock();
  }

  draw() {
    this.stage = "drawing";
    this.chart.sketch(() => setText(this.button, "Lock my drawing"), this.told.series);
    this.page.stage.bring(this.chart);
    this.chart.node.scrollIntoView({ block: "nearest" });
    setText(this.button, "Lock my drawing");
    const title = this.chart.chart.title;
    const [hand, handles] =
      this.chart.straight === null
        ? ["Draw with the pointer", "the handles on it"]
        : ["Drag the line's two handles", "them"];
    setText(
      this.result,
      `${hand} on the chart "${title}", or go to ${handles} with Tab and press the arrow keys.`,
    );
  }

  lock() {
    if (this.stage === "locked" || this.stage === "revealed") return;
    this.answer = this.chart ? this.chart.sketched : typedNumber(this.field.value);
    if (this.chart ? !this.answer.x.length : this.answer === null) {
      setText(
        this.result,
        this.chart ? "Nothing is drawn yet." : "Type a number, or the word infinite.",
      );
      return;
    }
    this.stage = "locked";
    if (this.chart) this.chart.holdSketch();
    this.field.disabled = true;
    setText(this.button, "Reveal");
    setText(this.result, "Locked. Say why, then reveal.");
  }

  reveal() {
    this.go();
    const [gap, said] = this.chart ? this.curve() : this.number();
    const right = gap <= this.told.tolerance;
    this.say(`${right ? "Right" : "Not quite"}: ${said}`);
    this.result.classList.toggle("gs-right", right);
  }

  /** The answer for who has none. */
  tell() {
    this.go();
    this.field.hidden = true;
    const { block } = this.told;
    const { state } = this.page;
    const truth = () => shown(state.value(block, 0, 0), state.blocks[block].format);
    this.say(this.chart ? "" : `It is ${truth()}.`);
  }

  /** To where the answer is seen. */
  go() {
    const { page, told } = this;
    this.stage = "revealed";
    page.predictions.last = this;
    if (told.preset !== null) page.story.choose(told.preset);
    if (told.steps) page.state.goTo(page.state.step + told.steps, Infinity);
    page.predictions.arrange();
  }

  say(said) {
    setText(this.result, `${said} ${this.page.state.written(this.told.reason)}`.trim());
    this.result.classList.remove("gs-right");
    this.button.hidden = this.giveUp.hidden = true;
    this.again.hidden = false;
    this.node.setAttribute("data-revealed", "");
  }

  /** [gap as a part of the answer, both in words] */
  number() {
    const { state } = this.page;
    const { format } = state.blocks[this.told.block];
    const truth = state.value(this.told.block, 0, 0);
    const [said, is] = [this.answer, truth].map((number) => shown(number, format));
    const both = `you said ${said}, it is ${is}`;
    const gap = Math.abs(truth - this.answer);
    if (said === is) return [0, `${both}.`];
    return Number.isFinite(gap)
      ? [gap / (Math.abs(truth) || 1), `${both}: a gap of ${shown(gap, format)}.`]
      : [Infinity, `${both}.`];
  }

  /** [mean gap as a part of the axis, in words] */
  curve() {
    const { y } = this.chart.chart;
    const truth = this.chart.pointsOfSeries(this.told.series);
    const up = (number) =>
      y.scale === "log"
        ? Math.log(number / y.low) / Math.log(y.high / y.low)
        : (number - y.low) / (y.high - y.low);
    const [first, last] = [this.answer.x[0], this.answer.x.at(-1)];
    const gaps = Array.from({ length: SAMPLES }, (_, k) => {
      const x = first + ((last - first) * k) / (SAMPLES - 1);
      return Math.abs(up(interpolated(this.answer, x)) - up(interpolated(truth, x)));
    }).filter(Number.isFinite);
    if (!gaps.length) return [Infinity, "your drawing does not reach where the curve is."];
    const gap = gaps.reduce((total, each) => total + each, 0) / gaps.length;
    return [
      gap,
      `your drawing is ${roundedTo(100 * gap, 2)}% of the chart's height away on average.`,
    ];
  }
}

/**
 * The curve's height at x, NaN outside it.
 * @param {{x: number[], y: number[]}} curve with x growing
 */
function interpolated({ x, y }, at) {
  const k = x.findIndex((each) => each >= at);
  if (k < 0 || (k === 0 && x[0] > at)) return NaN;
  if (x[k] === at) return y[k];
  return y[k - 1] + ((y[k] - y[k - 1]) * (at - x[k - 1])) / (x[k] - x[k - 1]);
}

export class Predictions {
  /**
   * @param {import("../page/page.js").Page} page
   * @param {Predictions} [before] of the page whose place this one takes
   */
  constructor(page, before) {
    this.page = page;
    /** @type {Prediction|null} the one that was answered last */
    this.last = null;
    this.list = page.description.predictions.map(
      (told, k) => before?.list[k]?.moveTo(page, told) || new Prediction(page, told, k + 1),
    );
    for (const each of this.list) each.asked = () => this.arrange();
    this.cards = element(
      "ol",
      { class: "gs-predictions" },
      ...this.list.map((prediction) => prediction.node),
    );
    this.node = this.list.length ? panel("predictions", "Predict, then reveal", this.cards) : "";
  }

  /** The question that stands with a step of the story: to be answered, or just answered. */
  due() {
    const { at, moved, preset } = this.page.story;
    const own = this.list.filter((each) =>
      preset ? each.told.preset === at - 1 : each.isOfTheOpening,
    );
    const open = own.find(({ stage }) => stage !== "revealed");
    if (this.last && own.includes(this.last) && this.last.stage === "revealed") return this.last;
    return !preset || !moved || open?.stage === "locked" ? open : undefined;
  }

  /** Each question at its place: one on the step's card, the others in their panel. */
  arrange() {
    const { story, state, charts, grid } = this.page;
    const due = this.due();
    const others = this.list.filter((each) => each !== due).map(({ node }) => node);
    place(this.cards, others);
    place(story.predicted, due ? [due.node] : []);
    story.question.hidden = Boolean(due && story.preset && !story.moved);
    const held = due?.isOfTheOpening && due.stage !== "revealed" ? due.told : null;
    const own = story.holds && due?.told.block && !due.told.steps ? [due.told.block] : [];
    state.asked = new Set(held?.block ? [held.block] : [...story.heldBack, ...own]);
    for (const [k, chart] of charts.entries()) {
      const drawn = held?.chart === k ? [held.series] : [];
      chart.holdBack(new Set([...drawn, ...chart.seriesOf(state.asked)]));
    }
    grid.forget();
    this.page.redraw();
  }

  /** Reveal the answer that is locked, if one is. */
  reveal() {
    this.list.find((prediction) => prediction.stage === "locked")?.reveal();
  }
}

/** Exactly these nodes; those that stand there already, in this order, are not touched. */
function place(node, wanted) {
  const same = wanted.length === node.children.length;
  if (!same || wanted.some((each, k) => node.children[k] !== each)) node.replaceChildren(...wanted);
}
