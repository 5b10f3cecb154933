// The page as an anywidget: JupyterLab, Voila, marimo, VS Code. Each input is a trait of the model.

import { asker } from "./asking.js";
import { mount } from "./page.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";

const isSingle = (block) => block.shape.every((length) => length === 1);
const flat = (value) => (Array.isArray(value) ? value.flat() : value === null ? null : [value]);

/**
 * One description's page, until another description takes its place.
 * @param {() => Page} shown the page as it now is @param {Page} [before] the one whose place it takes
 * @returns {{page: Page, end: () => void}} and what takes it away
 */
function show(model, root, ask, shown, before) {
  const description = model.get("_description");
  const inputs = description.blocks.filter((block) => block.value !== undefined);
  const names = inputs.map((block) => block.name);
  const announced = document.querySelector('meta[name="gradsheet-plotly"]');
  let own = false; // whether a change of a trait is our own

  const tell = (told, step) => {
    own = true;
    for (const block of inputs) {
      const rows = told[block.name];
      const value = rows && isSingle(block) ? rows[0][0] : rows;
      if (JSON.stringify(value) !== JSON.stringify(model.get(block.name))) model.set(block.name, value);
    }
    if (model.get("step") !== step) model.set("step", step);
    own = false;
    model.save_changes();
  };

  const host = {
    settled: tell,
    async workbook(told, step) {
      const { buffers } = await ask("workbook", { inputs: told, step });
      return new Blob([buffers[0]], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
    },
    async open(bytes) {
      return (await ask("open", {}, [bytes])).content.inputs;
    },
    async resize(sizes) {
      tell(page.state.asRows(), page.state.step);
      for (const [name, size] of Object.entries(sizes)) {
        if (name in shown().state.sizes) await ask("resize", { inputs: { [name]: [[size]] } }); // fewer layers have fewer widths
      }
      return shown();
    },
    address: Boolean(announced), // a lesson of its own page; a notebook's address is the notebook's
    plotly: () =>
      oncePerPage(async () => {
        if (announced) return fromAddress(announced.content);
        return fromSource((await ask("plotly")).buffers[0]);
      }),
  };

  const page = mount(root, description, host, before);
  const changed = new Set();
  const follow = () => {
    if (!changed.size) return; // another page has taken this one's place since
    const told = Object.fromEntries(names.filter((name) => changed.has(name)).map((name) => [name, flat(model.get(name))]));
    page.state.setInputs(told, changed.has("step") ? model.get("step") : page.state.step);
    changed.clear();
  };
  // Only what Python changed: the reader may have moved something else since. Several traits of one message are one change.
  const listeners = [...names, "step"].map((name) => [
    `change:${name}`,
    () => {
      if (own) return;
      if (changed.size === 0) queueMicrotask(follow);
      changed.add(name);
    },
  ]);
  for (const [event, listener] of listeners) model.on(event, listener);
  for (const name of [...names, "step"]) changed.add(name);
  follow();
  const end = () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    changed.clear();
    page.end();
  };
  return { page, end };
}

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  const ask = asker(model);
  const root = document.createElement("div");
  el.append(root);
  const page = () => shown.page;
  let shown = show(model, root, ask, page);
  shown.page.share.open();
  const again = () => {
    shown.end();
    shown = show(model, root, ask, page, shown.page);
  };
  model.on("change:_description", again);
  return () => {
    model.off("change:_description", again);
    ask.end();
    shown.end();
  };
}

export default { render };
