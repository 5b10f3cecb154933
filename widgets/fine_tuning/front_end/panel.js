// The fine-tuning panel as an anywidget. Python holds the state, in traits; the page draws it and asks.

import { asker } from "../../front_end/asking.js";
import { element, setText } from "../../front_end/elements.js";
import { fromAddress, fromSource, oncePerPage } from "../../front_end/plotly.js";
import { facts } from "./facts.js";
import { actor, refusal, table } from "./fields.js";
import { Job } from "./job.js";
import { accuracyChart, Chart, lossChart, rateChart } from "./lines.js";
import { Results } from "./results.js";
import { Steps } from "./steps.js";

const NAMES = ["job", "about", "runs", "curve", "saved", "results", "stale", "seen", "notices", "resumable", "recorded", "playing"];
const STAGES = { predictions: "linear model", frozen: "head", unfrozen: "all layers" };
const SPEEDS = { "as fast as it was": 1, "a tenth as fast": 0.1, "ten times as fast": 10 };
let made = 0; // panels on this page so far

/** The name under which this panel finds what it left behind when the page is loaded again: one for each tab and panel. */
function sessionOf(number) {
  const key = `gradsheet.fine-tuning ${location.pathname} ${number}`;
  try {
    if (!sessionStorage.getItem(key)) sessionStorage.setItem(key, Array.from(crypto.getRandomValues(new Uint8Array(16)), (x) => x.toString(16).padStart(2, "0")).join(""));
    return sessionStorage.getItem(key);
  } catch {
    return null; // a browser that remembers nothing: the panel works, and a reload begins anew
  }
}

class Panel {
  constructor(model, host) {
    this.model = model;
    this.host = host;
    this.job = new Job(host);
    this.rest = element("div", { class: "ft-rest" });
    const ours = { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "" };
    this.node = element("article", { class: "gradsheet ft-panel", "aria-label": "Fine-tuning panel", ...ours }, this.job.node, this.rest);
    this.losses = new Chart("Loss: thin, of each batch; thick, on the validation pictures", "The loss of each batch and the validation loss of each epoch.", host.plotly);
    this.accuracies = new Chart("Accuracy on the validation pictures", "The share of validation pictures that are right, after each epoch.", host.plotly);
    this.rates = new Chart("Loss by learning rate", "The smoothed loss at ever larger learning rates, with the suggestions.", host.plotly);
    this.epochs = element("div", { class: "gs-scroll ft-epochs", tabindex: "0", role: "group", "aria-label": "Epochs" });
    this.playing = element("p", { class: "ft-recording", role: "status" });
    this.waiting = element("p", { class: "gs-note", text: "Curves are drawn here while something learns." });
    this.listeners = NAMES.map((name) => [`change:${name}`, () => this.draw([name])]);
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.draw(NAMES);
  }

  get(name) {
    return this.model.get(name);
  }

  /** Made once Python has said what there is. */
  build() {
    const about = this.get("about");
    if (!about.device || this.steps) return;
    this.steps = new Steps(this.host, about, this.rates.node);
    this.results = new Results(this.host, about);
    const live = element("div", { class: "ft-live", "aria-label": "Curves", role: "region" }, this.playing, this.waiting, this.losses.node, this.accuracies.node, this.epochs);
    this.rest.append(facts(about), element("div", { class: "ft-columns" }, this.steps.node, live), this.results.node, this.recordings());
    this.draw(NAMES);
  }

  recordings() {
    const says = refusal();
    const speed = element("select", { "aria-label": "Speed of the recording" }, ...Object.entries(SPEEDS).map(([text, x]) => element("option", { value: String(x), text })));
    this.players = this.get("recorded").map((text, k) => [text, actor("Play", () => this.host.start("play", { recording: k, speed: Number(speed.value) }), says, { "aria-label": `Play recording ${k + 1}` })]);
    const items = this.players.map(([text, button]) => element("li", {}, text, " ", button));
    const node = element("section", { class: "ft-part", "aria-label": "Recorded runs" }, element("h2", { text: "Recorded runs" }), element("p", { class: "gs-note", text: "Played as they happened, on the machine that is named; nothing is computed here." }), speed, element("ul", {}, ...items), says);
    node.hidden = items.length === 0;
    return node;
  }

  draw(changed) {
    const state = Object.fromEntries(NAMES.map((name) => [name, this.get(name)]));
    const one = (...names) => names.some((name) => changed.includes(name));
    if (one("job", "resumable", "notices")) this.job.draw(state);
    if (!this.steps) return this.build();
    const running = state.job.state === "running";
    if (one("job")) {
      this.steps.drawRunning(running);
      this.results.drawRunning(running);
      for (const [, button] of this.players) button.setAttribute("aria-disabled", String(running));
    }
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
    if (one("seen")) this.results.drawSeen(state.seen);
  }

  drawRuns({ runs, playing }) {
    const recorded = runs.some((run) => run.source === "recording");
    setText(this.playing, recorded ? `The curves named recording: ${playing}` : "");
    this.playing.hidden = !recorded;
    this.waiting.hidden = runs.length > 0;
    lossChart(this.losses, runs);
    accuracyChart(this.accuracies, runs);
    const rows = runs.flatMap((run) =>
      run.epochs.map((one) => [`${run.source}, ${STAGES[run.stage]}`, `${one.epoch}/${one.epochs}`, one.train_loss.toFixed(4), one.valid_loss.toFixed(4), `${(100 * one.accuracy).toFixed(1)}%`, `${one.seconds.toFixed(2)} s`]),
    );
    this.epochs.hidden = rows.length === 0;
    if (rows.length === this.rows) return;
    this.rows = rows.length;
    this.epochs.replaceChildren(table(["what learns", "epoch", "training loss", "validation loss", "accuracy", "time"], rows, "Epochs"));
    this.epochs.scrollTop = this.epochs.scrollHeight;
  }

  end() {
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    for (const chart of [this.losses, this.accuracies, this.rates]) chart.end();
    this.results?.end();
  }
}

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  const announced = document.querySelector('meta[name="gradsheet-plotly"]');
  const ask = asker(model);
  const host = {
    ask,
    start: (step, options) => ask("start", { step, options }),
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
