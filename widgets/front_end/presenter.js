// Presenting to a class: full screen, type for the back row, and a key for each move.

import { element } from "./elements.js";

const KEYS = [
  ["n", "next preset", (page) => page.presets.choose(page.presets.next)],
  ["p", "previous preset", (page) => page.presets.choose((page.presets.last ?? 1) - 1)],
  [" ", "play or pause", (page) => page.transport?.toggle()],
  [".", "one step on", (page) => page.transport?.goTo(page.state.step + 1)],
  [",", "one step back", (page) => page.transport?.goTo(Math.max(0, page.state.step - 1))],
  ["a", "reveal the locked answer", (page) => page.predictions.reveal()],
  ["r", "reset", (page) => page.reset()],
  ["z", "enlarge the selected block, and back", (page) => page.presenter.zoom()],
  ["?", "these keys", (page) => page.presenter.help()],
  ["Escape", "end the presentation", (page) => page.presenter.stop()],
];
const NAMES = { " ": "Space", Escape: "Esc" };
const TYPING = "input:not([type=range]):not([type=checkbox]), select, textarea"; // where a key is a letter

export class Presenter {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    const rows = KEYS.map(([key, what]) => element("tr", {}, element("th", { scope: "row" }, element("kbd", { text: NAMES[key] || key })), element("td", { text: what })));
    const close = element("button", { type: "button", text: "Close", onclick: () => this.sheet.close() });
    this.sheet = element("dialog", { class: "gs-keys", "aria-label": "Keys" }, element("table", {}, ...rows), close);
    page.node.append(this.sheet);
    this.pressed = (event) => this.press(event);
    document.addEventListener("keydown", this.pressed, true);
    this.left = () => document.fullscreenElement === null && this.entered && this.stop();
    document.addEventListener("fullscreenchange", this.left);
  }

  get on() {
    return this.page.node.hasAttribute("data-projector");
  }

  /** Presenting, with the whole screen where the browser gives it. */
  start() {
    if (this.on) return this.stop();
    this.show(true);
    this.page.node.requestFullscreen?.().then(() => (this.entered = true), () => {}); // refused inside some frames: large type is enough
  }

  stop() {
    this.zoom(null);
    this.show(false);
    this.entered = false;
    if (document.fullscreenElement) document.exitFullscreen();
  }

  show(on) {
    const { share } = this.page;
    share.apply({ ...share.looks, mode: on ? ["projector"] : [] });
    share.settled();
    window.dispatchEvent(new Event("resize"));
  }

  help() {
    if (this.sheet.open) this.sheet.close();
    else this.sheet.showModal();
  }

  /** The group of the selected block fills the page; null: none does. */
  zoom(node = document.activeElement?.closest(".gs-group, .gs-chart") || this.selectedGroup()) {
    const zoomed = this.page.node.querySelector(".gs-zoomed");
    if (zoomed) zoomed.classList.remove("gs-zoomed");
    else if (node) node.classList.add("gs-zoomed");
    window.dispatchEvent(new Event("resize"));
  }

  selectedGroup() {
    const { grid } = this.page;
    const { name, row, column } = grid.selected || {};
    return name && grid.find(name, row, column)?.closest(".gs-group");
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || (!this.on && event.key !== "?")) return;
    if (!this.page.node.contains(document.activeElement) && document.activeElement !== document.body) return;
    if (event.target.closest?.(TYPING) || (this.sheet.open && event.key !== "?")) return;
    if (event.key === " " && event.target.closest?.("button, summary")) return; // the button's own press
    const found = KEYS.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    found[2](this.page);
  }

  end() {
    document.removeEventListener("keydown", this.pressed, true);
    document.removeEventListener("fullscreenchange", this.left);
  }
}
