// The lectures' steps, in their order, each with its numbers and its button.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, field, lossText, numberIn, refusal, short, table } from "./fields.js";

export class Steps {
  /**
   * @param {Object} host
   * @param {Object} about
   * @param {HTMLElement} rates where the finder's curve is drawn
   * @param {HTMLElement} few where accuracy by the number of pictures is drawn
   */
  constructor(host, about, rates, few) {
    this.host = host;
    this.rates = rates;
    this.few = few;
    this.fewNumbers = element("div");
    this.buttons = [];
    /** @type {Map<HTMLElement, HTMLElement>} of what a step shows, where its refusals are said */
    this.refusals = new Map();
    this.fields = {
      predictions: {
        epochs: field("Epochs of the linear model", about.frozenEpochs),
        lr: field("Rate of the linear model", short(about.frozenLr)),
      },
      frozen: {
        epochs: field("Epochs of the head", about.frozenEpochs),
        lr: field("Rate of the head", short(about.frozenLr)),
      },
      unfrozen: {
        epochs: field("Epochs of all layers", about.epochs),
        first: field("Rate of the first layer", short(about.firstRate)),
        lr: field("Rate of the last layer", short(about.lastRate)),
      },
      scratch: {
        epochs: field("Epochs from scratch", about.epochs + about.frozenEpochs),
        lr: field("Rate from scratch", short(about.lr / 4)),
      },
    };
    this.name = field("Name of the save", "stage-1");
    this.which = element(
      "select",
      { "aria-label": "What learns in the finder" },
      element("option", { value: "frozen", text: "the head alone" }),
      element("option", { value: "unfrozen", text: "all layers" }),
    );
    this.depth = element(
      "select",
      { "aria-label": "How deep" },
      element("option", { value: "", text: "all layers" }),
      element("option", { value: "1", text: "the last block" }),
      element("option", { value: "2", text: "the last two blocks" }),
      element("option", { value: "4", text: "the last four blocks" }),
    );
    this.suggestions = element("div", {
      class: "gs-buttons",
      role: "group",
      "aria-label": "Suggested rates",
    });
    this.layers = element("div", {
      class: "gs-scroll ft-layers",
      tabindex: "0",
      role: "group",
      "aria-label": "Layers",
    });
    this.saved = element("div", {
      class: "gs-buttons",
      role: "group",
      "aria-label": "Saved weights",
    });
    this.drawLayers(about.layers);
    for (const input of [
      this.fields.unfrozen.first.input,
      this.fields.unfrozen.lr.input,
      this.depth,
    ])
      input.addEventListener("change", () => this.askLayers());
    this.node = element(
      "div",
      { class: "ft-steps" },
      element("h2", { text: "The steps of the lectures" }),
      ...this.parts(about),
    );
  }

  parts(about) {
    const fit = (step, text) => ({
      controls: Object.values(this.fields[step]).map((one) => one.node),
      text,
      act: () => this.host.start(step, this.numbers(step)),
    });
    const oneCall = {
      text: "Do it all: fine_tune",
      act: () =>
        this.host.start("fine_tune", {
          epochs: about.epochs,
          frozen_epochs: about.frozenEpochs,
          lr: about.lr,
          frozen_lr: about.frozenLr,
        }),
    };
    return [
      this.step(
        "",
        "All in one call",
        `Gradsheet's recipe for these pictures: ${about.frozenEpochs} epochs of the head at a` +
          ` rate of ${short(about.frozenLr)}, then ${about.epochs} of all layers at up to` +
          ` ${short(about.lastRate)}. Or take the steps one by one.`,
        oneCall,
      ),
      this.step(
        "1",
        "The body's own predictions",
        about.hasHead
          ? "Whatever the body says, though it has never heard of these classes, is the input of" +
              " a linear model."
          : "This body comes without a head of its own, so it predicts nothing yet: begin with" +
              " step 2.",
        about.hasHead ? fit("predictions", "Train the linear model") : null,
      ),
      this.step(
        "2",
        "A new head, the body frozen",
        "Pop the last layer, put a new one there, and let the body look at every picture once.",
        { text: "Compute the features", act: () => this.host.start("features", {}) },
      ),
      this.step(
        "3",
        "Find a learning rate",
        "Try ever larger rates for a batch each, and see where the loss falls.",
        {
          controls: [
            element(
              "label",
              { class: "ft-field" },
              element("span", { text: "What learns" }),
              this.which,
            ),
          ],
          text: "Find",
          act: () => this.host.start("find", { stage: this.which.value }),
        },
        this.rates,
        this.suggestions,
      ),
      this.step(
        "4",
        "Fit one cycle",
        "The rate rises and falls; only the head learns.",
        fit("frozen", "Train the head"),
      ),
      this.step("5", "Save", "So that there is a way back.", {
        controls: [this.name.node],
        text: "Save",
        act: () => this.host.start("save", { name: this.name.input.value }),
      }),
      this.step(
        "6",
        "Unfreeze",
        "The body learns too, the first layers, which see edges, more slowly than the last; or" +
          " only its last blocks, and all before them stay as they are.",
        this.unfreeze(),
        this.layers,
      ),
      this.step(
        "7",
        "Load an earlier save back",
        "Where the last stage made it worse.",
        null,
        this.saved,
      ),
      this.step(
        "",
        "The same from scratch",
        "The same architecture with random weights learns from the same pictures." +
          " Predict its curve before you look.",
        fit("scratch", "Train from scratch"),
      ),
      this.step(
        "",
        "How few pictures are enough?",
        "A new head learns from one picture of each class, from two, five and so on, three times" +
          " each with other ones, on the features of the body as it came. Predict where the curve" +
          " begins, and where more pictures stop to help.",
        { text: "Learn from fewer pictures", act: () => this.host.start("few", {}) },
        this.few,
        this.fewNumbers,
      ),
    ];
  }

  unfreeze() {
    const fields = Object.values(this.fields.unfrozen).map((one) => one.node);
    const how = element(
      "label",
      { class: "ft-field" },
      element("span", { text: "How deep" }),
      this.depth,
    );
    return {
      controls: [...fields, how],
      text: "Train all layers",
      act: () => this.host.start("unfrozen", this.deep()),
    };
  }

  /**
   * What step 6 says, with how deep.
   * @returns {any} a number a field, and depth: a number, or null for all of the body
   */
  deep() {
    return {
      ...this.numbers("unfrozen"),
      depth: this.depth.value ? Number(this.depth.value) : null,
    };
  }

  step(number, title, text, button, ...more) {
    const says = refusal();
    const controls = button
      ? [...(button.controls || []), this.actor(button.text, button.act, says)]
      : [];
    const heading = element(
      "h3",
      {},
      ...(number ? [element("span", { class: "ft-number", text: number }), " "] : []),
      title,
    );
    const section = element(
      "section",
      { class: "ft-step" },
      heading,
      element("p", { class: "gs-note", text }),
      element("div", { class: "ft-controls" }, ...controls),
      ...more,
      says,
    );
    for (const place of more) this.refusals.set(place, says);
    return section;
  }

  actor(text, act, says) {
    const made = actor(text, act, says);
    this.buttons.push(made);
    return made;
  }

  numbers(step) {
    return Object.fromEntries(
      Object.entries(this.fields[step]).map(([name, one]) => [name, numberIn(one.input)]),
    );
  }

  async askLayers() {
    try {
      const { first, lr, depth } = this.deep();
      const { content } = await this.host.ask("layers", { first, lr, depth });
      setText(this.refusals.get(this.layers), "");
      this.drawLayers(content.layers);
    } catch (error) {
      setText(this.refusals.get(this.layers), error.message);
    }
  }

  drawLayers(layers) {
    // A long name may go on in another line, after a dot.
    const rows = layers.map(([name, count, rate]) => [
      name.replaceAll(".", ".\u200b"),
      count.toLocaleString("en"),
      rate ? short(rate) : "stays as it is",
    ]);
    this.layers.replaceChildren(
      table(["layer", "parameters", "rate"], rows, "The parameter groups and their rates"),
    );
  }

  /** Take a suggested rate for the stage it was found for. */
  choose(curve, name) {
    const rate = curve.suggestions[name];
    const { frozen, unfrozen } = this.fields;
    if (curve.stage === "frozen") frozen.lr.input.value = short(rate);
    else {
      unfrozen.lr.input.value = short(rate);
      unfrozen.first.input.value = short(rate / 100);
      this.askLayers();
    }
    for (const button of /** @type {HTMLCollectionOf<HTMLElement>} */ (this.suggestions.children))
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
  }

  drawCurve(curve) {
    const made = Object.entries(curve.suggestions || {}).map(([name, rate]) =>
      element("button", {
        type: "button",
        text: `${name}: ${short(rate)}`,
        "data-name": name,
        "aria-pressed": "false",
        onclick: () => this.choose(curve, name),
      }),
    );
    this.suggestions.replaceChildren(...made);
  }

  /** @param {any} few */
  drawFew({ each = [], means, accuracies }) {
    const percent = (share) => `${(100 * share).toFixed(1)}%`;
    const rows = each.map((count, k) => [
      count,
      percent(means[k]),
      percent(Math.min(...accuracies[k])),
      percent(Math.max(...accuracies[k])),
    ]);
    this.fewNumbers.replaceChildren(
      ...(rows.length
        ? [table(["pictures of a class", "mean", "least", "most"], rows, "Accuracy by pictures")]
        : []),
    );
  }

  drawSaved(saved) {
    this.buttons = this.buttons.filter((button) => !this.saved.contains(button));
    const made = saved.map(({ name, epoch }) => {
      const was = epoch
        ? `accuracy ${(100 * epoch.accuracy).toFixed(1)}%, loss ${lossText(epoch.valid_loss)}`
        : "before any training";
      return this.actor(
        `Load ${name} (${was})`,
        () => this.host.start("load", { name }),
        this.refusals.get(this.saved),
      );
    });
    this.saved.replaceChildren(
      ...(made.length
        ? made
        : [element("span", { class: "gs-note", text: "Nothing is saved yet." })]),
    );
  }

  /**
   * While a job runs, no second one: the buttons stay where they are, so that the keyboard does
   * too.
   */
  drawRunning(running) {
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(running));
  }
}
