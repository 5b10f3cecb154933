// The workbook, there and back: download, open, drop.

import { button, element, setText } from "../elements/elements.js";

const LARGEST = 20e6; // bytes of a file: LARGEST_FILE of sheets/targets/excel/reading.py

export class Exchange {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    const { host } = page;
    this.page = page;
    this.note = element("p", { class: "gs-note", role: "status" });
    this.download =
      host.workbook && button("Workbook", () => this.save(), { "aria-label": "Download workbook" });
    /** @type {HTMLElement[]} for a workbook that comes back */
    this.reading = [];
    if (host.open) {
      this.file = element("input", {
        type: "file",
        accept: ".xlsx",
        class: "gs-file",
        "aria-label": "Open edited workbook",
        tabindex: "-1",
      });
      this.file.addEventListener(
        "change",
        () => this.file.files[0] && this.open(this.file.files[0]),
      );
      this.reading.push(
        button("Open edited workbook", () => this.file.click()),
        this.file,
      );
    }
  }

  async save() {
    const { state, host } = this.page;
    const { name } = state.description;
    setText(this.note, "Making the workbook…");
    try {
      const blob = await host.workbook(state.asRows(), state.step);
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
      if (file.size > LARGEST)
        throw new Error(
          `${file.name} has ${Math.ceil(file.size / 1e6)} MB, and at most ${LARGEST / 1e6} are` +
            " read.",
        );
      const inputs = await this.page.host.open(await file.arrayBuffer());
      this.page.restarting();
      const page = await this.take(inputs);
      const locked = [...page.state.locked].filter((name) => name in inputs);
      const but = locked.length ? ` Locked in this link, and left: ${locked.join(", ")}.` : "";
      setText(page.exchange.note, `The inputs of ${file.name} are on the page.${but}`);
    } catch (error) {
      setText(this.note, `Nothing was changed: ${error.message}`);
    }
    this.file.value = "";
  }

  /**
   * The inputs of a workbook: lists of rows, or null. Of other sizes than the page's, they are for
   * the page that takes its place.
   */
  async take(inputs) {
    const given = Object.entries(inputs).filter(([, rows]) => rows);
    const page = await this.page.sized(
      Object.fromEntries(given.map(([name, [[first]]]) => [name, first])),
    );
    page.state.setInputs(
      Object.fromEntries(
        Object.entries(inputs).map(([name, rows]) => [name, rows === null ? null : rows.flat()]),
      ),
      0,
    );
    return page;
  }

  /** A workbook dropped on `node` is opened. @param {HTMLElement} node */
  listen(node) {
    if (!this.page.host.open) return;
    node.addEventListener("dragover", (event) => event.preventDefault());
    node.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
  }
}
