// The page as an anywidget: JupyterLab, Voila, marimo, VS Code. Each input is a trait of the model.

import { setText } from "../elements/elements.js";
import { isInput, isSingle } from "../engine/blocks.js";
import { unpacked } from "../engine/packing.js";
import { archive, filled } from "../engine/workbook.js";
import { mount } from "../page/page.js";
import { asker } from "./asking.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";

const MOST_SENT = 4_000_000; // bytes: servers take no message of more than 10 million
const AHEAD = 4_000; // milliseconds after the page stands

const flat = (value) => (Array.isArray(value) ? value.flat() : value === null ? null : [value]);

/** @typedef {import("../page/page.js").Page} Page */

/** One description's page, until another description takes its place. */
class Shown {
  /**
   * @param {any} model anywidget's
   * @param {HTMLElement} root
   * @param {import("./asking.js").Ask} ask
   * @param {() => Page} current the page as it now is
   * @param {Page} [before] the one whose place it takes
   */
  constructor(model, root, ask, current, before) {
    this.model = model;
    this.ask = ask;
    this.current = current;
    /** @type {import("../engine/description.js").Description} */
    const description = model.get("_description");
    this.inputs = description.blocks.filter(isInput);
    this.own = false; // whether a change of a trait is our own
    this.page = mount(root, description, this.host(), before);
    const names = [...this.inputs.map((block) => block.name), "step"];
    this.listeners = names.map((name) => [`change:${name}`, () => this.hear(name)]);
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.changed = new Set(names); // by Python since the page followed last
    this.follow();
    this.fetchParts();
    ask.told = (text) => setText(this.page.exchange.note, text);
  }

  /** @returns {import("../page/page.js").Host} */
  host() {
    /** @type {HTMLMetaElement|null} */
    const announced = document.querySelector('meta[name="gradsheet-plotly"]');
    return {
      settled: (told, step) => this.tell(told, step),
      workbook: (told, step) => this.workbook(told, step),
      open: (bytes) => this.open(bytes),
      resize: (sizes) => this.resize(sizes),
      // A lesson has a page of its own; a notebook's address is the notebook's.
      address: Boolean(announced),
      plotly: () =>
        oncePerPage(async () =>
          announced
            ? fromAddress(announced.content)
            : fromSource((await this.ask("plotly")).buffers[0]),
        ),
    };
  }

  tell(told, step) {
    const { model } = this;
    this.own = true;
    for (const block of this.inputs) {
      const rows = told[block.name];
      const value = rows && isSingle(block) ? rows[0][0] : rows;
      if (JSON.stringify(value) !== JSON.stringify(model.get(block.name)))
        model.set(block.name, value);
    }
    if (model.get("step") !== step) model.set("step", step);
    this.own = false;
    model.save_changes();
  }

  /** What the workbook is made of, fetched before it is wanted: a kernel that ends takes it from
   *  nobody. */
  fetchParts() {
    this.ahead = setTimeout(async () => {
      try {
        this.parts = (await this.ask("parts")).content.workbook;
      } catch {} // then the kernel is asked for the whole, and says why not
    }, AHEAD);
  }

  async workbook(told, step) {
    if (this.parts && this.ask.gone)
      return archive(filled(await unpacked(this.parts), this.page.state));
    const { buffers } = await this.ask("workbook", { inputs: told, step });
    return new Blob([buffers[0]], {
      type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    });
  }

  /** In parts, each of which fits into a message to a kernel. */
  async open(bytes) {
    const parts = Math.max(1, Math.ceil(bytes.byteLength / MOST_SENT));
    let answer;
    for (let part = 0; part < parts; part++) {
      const sent = bytes.slice(part * MOST_SENT, (part + 1) * MOST_SENT);
      answer = await this.ask("open", { part, parts }, [sent]);
    }
    return answer.content.inputs;
  }

  async resize(sizes) {
    this.tell(this.page.state.asRows(), this.page.state.step);
    for (const [name, size] of Object.entries(sizes)) {
      // Fewer layers have fewer widths.
      if (!(name in this.current().state.sizes)) continue;
      await this.ask("resize", { inputs: { [name]: [[size]] } });
    }
    return this.current();
  }

  /** Python changed a trait. Several of one message are one change. */
  hear(name) {
    if (this.own) return;
    if (!this.changed.size) queueMicrotask(() => this.follow());
    this.changed.add(name);
  }

  /** Only what Python changed: the reader may have moved something else since. */
  follow() {
    const { model, page, changed } = this;
    if (!changed.size) return; // another page has taken this one's place since
    const told = this.inputs
      .filter(({ name }) => changed.has(name))
      .map(({ name }) => [name, flat(model.get(name))]);
    page.state.setInputs(
      Object.fromEntries(told),
      changed.has("step") ? model.get("step") : page.state.wanted,
    );
    changed.clear();
  }

  end() {
    clearTimeout(this.ahead);
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    this.changed.clear();
    this.page.end();
  }
}

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  const ask = asker(model);
  const root = document.createElement("div");
  el.append(root);
  const page = () => shown.page;
  let shown = new Shown(model, root, ask, page);
  shown.page.share.open();
  const again = () => {
    shown.end();
    shown = new Shown(model, root, ask, page, shown.page);
  };
  model.on("change:_description", again);
  return () => {
    model.off("change:_description", again);
    ask.end();
    shown.end();
  };
}

export default { render };
