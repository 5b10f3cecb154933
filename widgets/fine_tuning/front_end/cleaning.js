// Labels that are wrong: another one, or none, chosen below a picture. The pictures are not
// touched; Python writes what is chosen to a file of corrections.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, refusal } from "./fields.js";

const OUT = ""; // the label of a picture that is left out

export class Cleaning {
  /** @param {Object} host */
  constructor(host) {
    this.host = host;
    this.marked = {};
    this.came = {}; // the labels that pictures came with, where these are or were others
    this.choices = new Map(); // by the picture's name: its choice, and the label it has now
    this.says = refusal();
    this.state = element("p", { class: "ft-said", role: "status" });
    this.list = element("ul", { class: "ft-marked" });
    this.take = actor("Go on with these labels", () => host.start("clean", {}), this.says);
    this.node = element(
      "div",
      { class: "ft-cleaning" },
      element("p", {
        class: "gs-note",
        text:
          "Is a label wrong? Choose the true class below the picture, or leave the picture out." +
          " The files stay as they are: what you choose is kept in corrections.csv, which" +
          " gradsheet finetune --corrections reads, too.",
      }),
      this.state,
      this.list,
      this.take,
      this.says,
    );
  }

  /**
   * The true class of a picture, to be chosen.
   * @param {{title: string, label: string}} told
   * @param {string[]} classes
   */
  choice({ title, label }, classes) {
    const select = element(
      "select",
      {
        class: "gs-field ft-true",
        "aria-label": `True class of ${title}`,
        onchange: () => this.choose(title, select.value),
      },
      ...classes.map((name) => element("option", { value: name, text: name })),
      element("option", { value: OUT, text: "leave it out" }),
    );
    this.choices.set(title, { select, label });
    select.value = this.labelOf(title, label);
    return select;
  }

  /** What a picture is to be, by what is chosen now. @param {string} name @param {string} label */
  labelOf(name, label) {
    return this.marked[name] ?? this.came[name] ?? label;
  }

  async choose(name, label) {
    setText(this.says, "");
    try {
      await this.host.ask("correct", { name, label });
    } catch (error) {
      setText(this.says, error.message);
    }
  }

  /** @param {any} corrections */
  draw({ marked = {}, came = {}, sentence = "", waiting = false }) {
    this.marked = marked;
    this.came = came;
    for (const [name, { select, label }] of this.choices) select.value = this.labelOf(name, label);
    this.list.replaceChildren(
      ...Object.entries(marked).map(([name, label]) =>
        element(
          "li",
          {},
          element("bdi", { text: name }),
          label === OUT ? ` (${came[name]}) is left out ` : `: ${label}, and not ${came[name]} `,
          element("button", {
            type: "button",
            text: "Take back",
            "aria-label": `Take back ${name}`,
            onclick: () => this.choose(name, null),
          }),
        ),
      ),
    );
    setText(this.state, sentence);
    this.take.hidden = !waiting;
  }
}
