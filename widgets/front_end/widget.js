// The page as an anywidget: JupyterLab, Voila, marimo, VS Code. Each input is a trait of the model.

import { mount } from "./page.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";

const PATIENCE = 8_000; // milliseconds until a kernel that does not answer is said to be gone

/** Ask the kernel; its answer carries the same number. */
function asker(model) {
  const waiting = new Map();
  let last = 0;
  model.on("msg:custom", (content, buffers) => {
    const settle = waiting.get(content.number);
    if (settle) settle(content, buffers);
  });
  return (kind, more = {}, buffers = []) =>
    new Promise((resolve, reject) => {
      const number = ++last;
      const timer = setTimeout(() => {
        waiting.delete(number);
        reject(new Error("Python does not answer; its kernel may have stopped. The page goes on without it."));
      }, PATIENCE);
      waiting.set(number, (content, found) => {
        waiting.delete(number);
        clearTimeout(timer);
        if (content.refusal) reject(new Error(content.refusal));
        else resolve({ content, buffers: found });
      });
      model.send({ kind, number, ...more }, undefined, buffers);
    });
}

const nested = (value) => (Array.isArray(value) ? value : [[value]]);

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  const ask = asker(model);
  const description = model.get("_description");
  const names = description.blocks.filter((block) => block.value !== undefined).map((block) => block.name);
  const announced = document.querySelector('meta[name="gradsheet-plotly"]');
  let own = false; // whether a change of a trait is our own

  const host = {
    settled(inputs, step) {
      own = true;
      for (const name of names) {
        const single = !Array.isArray(model.get(name));
        const value = single ? inputs[name][0][0] : inputs[name];
        if (JSON.stringify(value) !== JSON.stringify(model.get(name))) model.set(name, value);
      }
      if (model.get("step") !== step) model.set("step", step);
      own = false;
      model.save_changes();
    },
    async workbook(inputs, step) {
      const { buffers } = await ask("workbook", { inputs, step });
      return new Blob([buffers[0]], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
    },
    async open(bytes) {
      return (await ask("open", {}, [bytes])).content.inputs;
    },
    plotly: () =>
      oncePerPage(async () => {
        if (announced) return fromAddress(announced.content);
        return fromSource((await ask("plotly")).buffers[0]);
      }),
  };

  const root = document.createElement("div");
  el.append(root);
  const page = mount(root, description, host);

  const follow = () => {
    if (own) return;
    const inputs = Object.fromEntries(names.map((name) => [name, nested(model.get(name)).flat()]));
    page.state.setInputs(inputs, model.get("step"));
  };
  const followed = [...names, "step"].map((name) => `change:${name}`);
  let waiting = false;
  const soon = () => {
    if (own || waiting) return;
    waiting = true; // several traits of one message are one change
    queueMicrotask(() => {
      waiting = false;
      follow();
    });
  };
  for (const event of followed) model.on(event, soon);
  follow();
  return () => followed.forEach((event) => model.off(event, soon));
}

export default { render };
