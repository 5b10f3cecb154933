// The fine-tuning panel as an anywidget. Python holds the state, in traits; the page draws it and
// asks.

import { element, focused, setText } from "../../front_end/elements/elements.js";
import { asker } from "../../front_end/host/asking.js";
import { fromAddress, fromSource, oncePerPage } from "../../front_end/host/plotly.js";
import { Choose } from "./choose.js";
import { facts } from "./facts.js";
import { duration, lossText, table } from "./fields.js";
import { Job } from "./job.js";
import { accuracyChart, Chart, cycleChart, fewChart, lossChart, rateChart } from "./lines.js";
import { LookFirst } from "./look.js";
import { Recorded } from "./recorded.js";
import { Results } from "./results.js";
import { Steps } from "./steps.js";

const NAMES = [
  "job",
  "about",
  "runs",
  "curve",
  "saved",
  "results",
  "stale",
  "seen",
  "few",
  "heated",
  "near",
  "corrections",
  "notices",
  "resumable",
  "recorded",
  "playing",
  "allowed",
  "bodies",
  "choice",
  "refused",
  "photographs",
  "glance",
  "handed_in",
];
const STAGES = { predictions: "linear model", frozen: "head", unfrozen: "all layers" };
let made = 0; // panels on this page so far

/**
 * The name under which this panel finds what it left behind when the page is loaded again: one for
 * each tab and panel.
 */
function sessionOf(number) {
  const key = `gradsheet.fine-tuning ${location.pathname} ${number}`;
  try {
    if (!sessionStorage.getItem(key))
      sessionStorage.setItem(
        key,
        Array.from(crypto.getRandomValues(new Uint8Array(16)), (x) =>
          x.toString(16).padStart(2, "0"),
        ).join(""),
      );
    return sessionStorage.getItem(key);
  } catch {
    return null; // a browser that remembers nothing: the panel works, and a reload begins anew
  }
}

class Panel {
  constructor(model, host) {
    this.model = model;
    this.host = host;
    host.watch = () => this.watch();
    this.job = new Job(host);
    this.rest = element("div", { class: "ft-rest" });
    const ours = { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "" };
    this.node = element(
      "article",
      { class: "gradsheet ft-panel", "aria-label": "Fine-tuning panel", ...ours },
      this.job.node,
      this.rest,
    );
    this.losses = new Chart(
      "Loss: thin, of each batch; thick, on the validation pictures",
      "The loss of each batch and the validation loss of each epoch.",
      host.plotly,
    );
    this.accuracies = new Chart(
      "Accuracy on the validation pictures; a star: the best epoch",
      "The share of validation pictures that are right, after each epoch.",
      host.plotly,
    );
    this.cycle = new Chart(
      "The head's rate and the momentum, over the batches",
      "The rate rises and falls once a stage, and the momentum does the opposite.",
      host.plotly,
    );
    this.rates = new Chart(
      "Loss by learning rate",
      "The smoothed loss at ever larger learning rates, with the suggestions.",
      host.plotly,
    );
    this.few = new Chart(
      "Accuracy by the number of pictures",
      "The share of validation pictures that are right, by the pictures of a class learnt from.",
      host.plotly,
    );
    this.epochs = element("div", {
      class: "gs-scroll ft-epochs",
      tabindex: "0",
      role: "group",
      "aria-label": "Epochs",
    });
    this.playing = element("p", { class: "ft-recording", role: "status" });
    this.waiting = element("p", {
      class: "gs-note",
      text: "Curves are drawn here while something learns.",
    });
    this.choose = new Choose(host, model.get("allowed"));
    this.recorded = new Recorded(host, model.get("largest"));
    this.look = new LookFirst(host);
    this.listeners = NAMES.map((name) => [`change:${name}`, () => this.draw([name])]);
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.draw(NAMES);
  }

  get(name) {
    return this.model.get(name);
  }

  /** Made when Python has said what there is, and anew when that has become something else. */
  build() {
    const about = this.get("about");
    if (!about.device) return;
    this.results?.end();
    this.steps = new Steps(this.host, about, this.rates.node, this.few.node);
    this.results = new Results(this.host, about);
    this.rows = undefined;
    this.live = element(
      "div",
      { class: "ft-live", "aria-label": "Curves", role: "region" },
      this.playing,
      this.waiting,
      this.losses.node,
      this.accuracies.node,
      this.cycle.node,
      this.epochs,
    );
    const chose = this.choose.node.contains(focused(this.node));
    const found = facts(about, this.choose.node);
    this.rest.replaceChildren(
      this.look.node,
      found,
      element("div", { class: "ft-columns" }, this.steps.node, this.live),
      this.results.node,
      this.recorded.node,
    );
    if (chose) this.choose.summary.focus({ preventScroll: true }); // which moving it takes from it
    this.draw(NAMES.filter((name) => name !== "about"));
  }

  /**
   * Bring the curves into view, for whoever pressed a button far from them; beside the steps they
   * stay in it by themselves.
   */
  watch() {
    const beside = getComputedStyle(this.live).position === "sticky";
    (beside ? this.live.parentElement : this.live).scrollIntoView();
  }

  draw(changed) {
    /** @type {any} */
    const state = Object.fromEntries(NAMES.map((name) => [name, this.get(name)]));
    const one = (...names) => names.some((name) => changed.includes(name));
    if (one("job", "resumable", "notices")) this.job.draw(state);
    if (one("refused")) this.choose.drawRefused(state.refused);
    if (one("bodies")) this.choose.drawBodies(state.bodies);
    if (one("choice")) this.choose.drawChoice(state.choice);
    if (one("recorded")) this.recorded.draw(state.recorded);
    // what was given cannot be opened; something else may
    const alone = state.job.state === "failed" && !this.steps;
    if (alone && this.choose.node.parentNode !== this.rest)
      this.rest.replaceChildren(this.choose.node); // once, or it would lose the focus
    if (one("about") || !this.steps) return this.build();
    const running = state.job.state === "running";
    // it is true no more
    if (!running) for (const says of this.node.querySelectorAll("[data-busy]")) setText(says, "");
    if (one("photographs")) this.look.drawPhotographs(state.photographs);
    if (one("glance")) this.look.draw(state.glance);
    if (one("job", "recorded"))
      for (const part of [this.steps, this.results, this.choose, this.recorded])
        part.drawRunning(running);
    if (one("runs", "playing")) this.drawRuns(state);
    if (one("curve")) {
      this.steps.drawCurve(state.curve);
      rateChart(this.rates, state.curve, (name) => this.steps.choose(state.curve, name));
    }
    if (one("saved")) {
      this.steps.drawSaved(state.saved);
      this.steps.drawRunning(running);
    }
    if (one("results", "stale")) this.results.draw(state.results, state.stale);
    if (one("handed_in")) this.results.handIn.draw(state.handed_in);
    if (one("few")) {
      this.steps.drawFew(state.few);
      fewChart(this.few, state.few);
    }
    if (one("heated")) this.results.drawCloser(state.heated);
    if (one("corrections")) this.results.drawCorrections(state.corrections);
    if (one("near")) this.results.drawNear(state.near);
    if (one("seen")) this.results.drawSeen(state.seen);
  }

  drawRuns({ runs, playing }) {
    const recorded = runs.some((run) => run.source === "recording");
    setText(this.playing, recorded ? `The curves named recording: ${playing}` : "");
    this.playing.hidden = !recorded;
    this.waiting.hidden = runs.length > 0;
    lossChart(this.losses, runs);
    accuracyChart(this.accuracies, runs);
    cycleChart(this.cycle, runs);
    const rows = runs.flatMap((run) =>
      run.epochs.map((one) => [
        `${run.source}, ${STAGES[run.stage]}`,
        `${one.epoch}/${one.epochs}`,
        lossText(one.train_loss),
        lossText(one.valid_loss),
        `${(100 * one.accuracy).toFixed(1)}%`,
        duration(one.seconds),
      ]),
    );
    this.epochs.hidden = rows.length === 0;
    if (rows.length === this.rows) return;
    this.rows = rows.length;
    this.epochs.replaceChildren(
      table(
        ["what learns", "epoch", "training loss", "validation loss", "accuracy", "time"],
        rows,
        "Epochs",
      ),
    );
    this.epochs.scrollTop = this.epochs.scrollHeight;
  }

  end() {
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    for (const chart of [this.losses, this.accuracies, this.cycle, this.rates, this.few])
      chart.end();
    this.results?.end();
    this.look.end();
  }
}

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  /** @type {HTMLMetaElement|null} */
  const announced = document.querySelector('meta[name="gradsheet-plotly"]');
  const ask = asker(model);
  const host = {
    ask,
    record: () => false,
    start: (step, options) =>
      ask("start", { step, options: { ...options, record: host.record() } }),
    lessons: Boolean(announced), // a lesson of its own page has the other lessons beside it
    plotly: () =>
      oncePerPage(async () => {
        if (announced) return fromAddress(announced.content);
        return fromSource((await ask("plotly")).buffers[0]);
      }),
  };
  const panel = new Panel(model, host);
  el.append(panel.node);
  // Python may be busy with loading PyTorch and answer late; what it does is seen by its progress.
  ask("open", { session: sessionOf(++made) }).catch(() => {});
  return () => {
    panel.end();
    ask.end();
  };
}

export default { render };
