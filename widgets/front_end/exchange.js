// The workbook, there and back: download, open, drop. And another size of the sheet, which Python makes.

import { element, setText } from "./elements.js";

export class Exchange {
  /** @param {import("./state.js").State} state @param {import("./page.js").Host} host @param {() => void} before called before inputs are replaced */
  constructor(state, host, before) {
    this.state = state;
    this.host = host;
    this.before = before;
    this.note = element("p", { class: "gs-note", role: "status" });
    this.buttons = [];
    if (host.workbook) this.buttons.push(element("button", { type: "button", text: "Download workbook", onclick: () => this.download() }));
    if (host.open) {
      this.file = element("input", { type: "file", accept: ".xlsx", class: "gs-file", "aria-label": "Open edited workbook", tabindex: "-1" });
      this.file.addEventListener("change", () => this.file.files[0] && this.open(this.file.files[0]));
      this.buttons.push(element("button", { type: "button", text: "Open edited workbook", onclick: () => this.file.click() }), this.file);
    }
  }

  async download() {
    const { name } = this.state.description;
    setText(this.note, "Making the workbook…");
    try {
      const blob = await this.host.workbook(this.state.asRows(), this.state.step);
      const address = URL.createObjectURL(blob);
      const link = element("a", { href: address, download: `${name}.xlsx` });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      setText(this.note, `${name}.xlsx was downloaded.`);
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  async open(file) {
    setText(this.note, `Reading ${file.name}…`);
    try {
      const inputs = await this.host.open(await file.arrayBuffer());
      this.before();
      await this.take(inputs);
      setText(this.note, `The inputs of ${file.name} are on the page.`);
    } catch (error) {
      setText(this.note, `Nothing was changed: ${error.message}`);
    }
    this.file.value = "";
  }

  /** The inputs of a workbook: lists of rows, or null. Other sizes than the page's are asked for first. */
  async take(inputs) {
    const { state } = this;
    const sizes = state.inputs.filter((name) => state.blocks[name].isSize && inputs[name][0][0] !== state.value(name, 0, 0));
    if (sizes.length) return this.host.resize(inputs);
    state.setInputs(Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, rows && rows.flat()])), 0);
  }

  /** Ask for the sheet of another size. @param {string} name @param {number} value @returns {string} why that cannot be, or "" */
  resize(name, value) {
    if (!this.host.resize) {
      const now = this.state.value(name, 0, 0);
      return `This page was made with ${name} ${now}. Another one needs Python: open the lesson in Voila or JupyterLab, or make a page with --set ${name}=${value}.`;
    }
    this.host.settled(this.state.asRows(), this.state.step);
    this.host.resize({ [name]: [[value]] }).catch((error) => setText(this.note, error.message));
    return "";
  }

  /** A workbook dropped on `node` is opened. @param {HTMLElement} node */
  listen(node) {
    if (!this.host.open) return;
    node.addEventListener("dragover", (event) => event.preventDefault());
    node.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
  }
}
