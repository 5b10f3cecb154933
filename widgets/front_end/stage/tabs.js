// What stands below the stage: a tab a part, one of them open.

import { button, element } from "../elements/elements.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
  /** @param {HTMLElement[]} panels each with its title in data-title; the first is open */
  constructor(panels) {
    this.panels = panels;
    this.tabs = panels.map((panel, k) => this.makeTab(panel, k));
    const list = element(
      "div",
      { class: "gs-tabs", role: "tablist", "aria-label": "More of this sheet" },
      ...this.tabs,
    );
    list.addEventListener("keydown", (event) => this.pressed(event));
    this.node = element("div", { class: "gs-below" }, list, ...panels);
    this.show(0);
  }

  makeTab(panel, k) {
    const { title, part } = panel.dataset;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-label", title);
    return button(title, () => this.show(k), { role: "tab", "data-part": part });
  }

  /** @param {number} k */
  show(k) {
    this.open = k;
    for (const [place, tab] of this.tabs.entries()) {
      const chosen = place === k;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      this.panels[place].hidden = !chosen;
    }
    this.panels[k].dispatchEvent(new Event("gs-shown"));
  }

  pressed(event) {
    const by = STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    const k = (this.open + by + this.tabs.length) % this.tabs.length;
    this.show(k);
    this.tabs[k].focus();
  }
}
