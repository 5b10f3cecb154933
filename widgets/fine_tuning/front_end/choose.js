// Which pictures, whose labels are where, and which body: read when the button is pressed, and not
// before.

import { element, focused, setText } from "../../front_end/elements/elements.js";
import { typedNumber } from "../../front_end/engine/numbers.js";
import { actor, field, refusal } from "./fields.js";

const DATA = {
  digits: "the 3s and 7s that come along",
  "digits:all": "all ten digits that come along",
  folder: "a folder of pictures",
};
const LABELS = { folder: "the folder it is in", csv: "a CSV file", regex: "a part of its name" };
const SUITED = { "": "what suits the pictures" };
const OTHER = { other: "another of transformers'" };
const SUITS =
  "Small grey pictures get the digits' body, all others the one that was trained on photographs.";
const TEXTS = {
  folder: "Folder of pictures",
  csv: "CSV of names and labels",
  expression: "Regular expression",
  name: "Folder or hub name of the body",
};
const NUMBERS = {
  sample: "About how many pictures (empty: all)",
  batch_size: "Pictures in a batch (empty: as suits)",
  seed: "Seed",
  zoom: "Zoom by up to (empty: 1.2; 1: never)",
};
const FLIPS = {
  "": "what suits the pictures",
  yes: "is still one of its class",
  no: "is none, as a letter b",
};

/** @param {Object<string, string>} texts by value */
const options = (texts) =>
  Object.entries(texts).map(([value, text]) => element("option", { value, text }));

/** A choice of several, with its label. */
function select(label, texts) {
  const input = element("select", { "aria-label": label }, ...options(texts));
  return {
    input,
    node: element("label", { class: "ft-field" }, element("span", { text: label }), input),
  };
}

export class Choose {
  /**
   * @param {Object} host
   * @param {string} allowed which folders may be used, in a sentence
   */
  constructor(host, allowed) {
    this.host = host;
    this.data = select("Pictures", DATA);
    this.labels = select("A picture's label is", LABELS);
    this.body = select("Body", { ...SUITED, ...OTHER });
    this.flip = select("A mirrored picture", FLIPS);
    this.about = element("p", { class: "gs-note" });
    this.bodies = {};
    this.fields = Object.fromEntries(
      Object.entries({ ...TEXTS, ...NUMBERS }).map(([name, label]) => [
        name,
        this.checked(name, label),
      ]),
    );
    for (const name of Object.keys(TEXTS)) this.fields[name].input.classList.add("ft-path");
    for (const one of [this.data, this.labels, this.body])
      one.input.addEventListener("change", () => this.show());
    const says = refusal();
    this.button = actor("Read them, and begin anew", () => this.read(), says);
    const row = (...nodes) => element("div", { class: "ft-controls" }, ...nodes);
    const { folder, csv, expression, name, sample, batch_size: batch, seed, zoom } = this.fields;
    this.summary = element("summary", { text: "Take other pictures, or another body" });
    this.node = element(
      "details",
      { class: "ft-choose" },
      this.summary,
      element("p", {
        class: "gs-note",
        text: `${allowed} Nothing is read before you press the button.`,
      }),
      row(this.data.node, folder.node, this.labels.node, csv.node, expression.node),
      row(this.body.node, name.node),
      this.about,
      row(sample.node, batch.node, seed.node),
      row(this.flip.node, zoom.node),
      element("p", {
        class: "gs-note",
        text: "What was learnt so far is kept: choose the same again, and it is there.",
      }),
      row(this.button),
      says,
    );
    this.show();
  }

  /** A field with a place for what is wrong with it. */
  checked(name, label) {
    const made = field(label, name === "seed" ? 0 : "");
    const says = element("p", {
      class: "gs-refusal",
      role: "alert",
      id: `ft-refused-${name}-${Math.random().toString(36).slice(2)}`,
    });
    made.input.setAttribute("aria-describedby", says.id);
    return {
      input: made.input,
      says,
      node: element("div", { class: "ft-checked" }, made.node, says),
    };
  }

  /** Only the fields that the choices need. */
  show() {
    const own = this.data.input.value === "folder";
    const labels = this.labels.input.value;
    const needed = {
      folder: own,
      csv: own && labels === "csv",
      expression: own && labels === "regex",
      name: this.body.input.value === "other",
    };
    for (const [name, is] of Object.entries(needed)) this.fields[name].node.hidden = !is;
    this.labels.node.hidden = !own;
    const named = this.body.input.value;
    setText(this.about, named === "" ? SUITS : (this.bodies[named] ?? ""));
  }

  /** @param {[string, string][]} bodies what is offered by name, and what is to say of each */
  drawBodies(bodies) {
    this.bodies = Object.fromEntries(bodies);
    const chosen = this.body.input.value;
    const names = Object.fromEntries(bodies.map(([name]) => [name, name]));
    this.body.input.replaceChildren(...options({ ...SUITED, ...names, ...OTHER }));
    this.body.input.value = chosen;
    this.show();
  }

  async read() {
    this.drawRefused({});
    const told = {
      data: this.data.input.value,
      labels: this.labels.input.value,
      body: this.body.input.value,
      flip: this.flip.input.value,
    };
    for (const name of Object.keys(TEXTS)) told[name] = this.fields[name].input.value;
    for (const name of Object.keys(NUMBERS)) {
      const text = this.fields[name].input.value.trim();
      const number = typedNumber(text);
      told[name] = text === "" ? null : Number.isFinite(number) ? number : text;
    }
    this.pressed = true;
    await this.host.ask("choose", { options: told });
  }

  /** @param {Object<string, string>} refused the sentence for a field */
  drawRefused(refused) {
    for (const [name, { input, says }] of Object.entries(this.fields)) {
      setText(says, refused[name] || "");
      input.setAttribute("aria-invalid", String(Boolean(refused[name])));
      if (refused[name]) this.node.open = true;
    }
    const first = Object.keys(this.fields).find((name) => refused[name]);
    if (first && this.pressed) this.fields[first].input.focus({ preventScroll: false });
    // whoever has gone elsewhere since stays there when the page is drawn anew
    if (first) this.pressed = false;
  }

  /** What was chosen in this session, after the page was loaded again. */
  drawChoice(choice) {
    if (!choice.data) return;
    const [kind, ...rest] = choice.labels.split(":");
    this.data.input.value = choice.data in DATA ? choice.data : "folder";
    this.labels.input.value = kind;
    const offered = !choice.body || choice.body in this.bodies;
    this.body.input.value = offered ? (choice.body ?? "") : "other";
    const texts = {
      folder: this.data.input.value === "folder" && choice.data,
      [kind === "csv" ? "csv" : "expression"]: rest.join(":"),
      name: this.body.input.value === "other" && choice.body,
    };
    for (const [name, text] of Object.entries(texts))
      if (text) this.fields[name].input.value = text;
    for (const name of Object.keys(NUMBERS)) this.fields[name].input.value = choice[name] ?? "";
    this.flip.input.value = { true: "yes", false: "no" }[choice.flip] ?? "";
    this.show();
    if (!this.pressed) return;
    this.pressed = false; // what was asked for is there, and has the page's place
    if (this.node.contains(focused(this.node))) this.summary.focus();
    this.node.open = false;
  }

  drawRunning(running) {
    this.button.setAttribute("aria-disabled", String(running));
  }
}
