// What stands below the stage: a button a part, which shows it or folds it away.

import { button, element } from "../elements/elements.js";

export class Panels {
  /**
   * @param {HTMLElement[]} panels each with its title in data-title; the first is open
   * @param {string} sheet its title, since a page may have several
   */
  constructor(panels, sheet) {
    for (const panel of panels)
      panel.setAttribute("aria-label", `${panel.dataset.title}: ${sheet}`);
    const buttons = panels.map((panel, k) => opener(panel, k === 0));
    const list = element("div", { class: "gs-openers" }, ...buttons);
    const [cells, ...others] = panels; // every cell stands last: it is long
    this.node = element("div", { class: "gs-below" }, list, ...others, cells);
  }
}

/** @param {HTMLElement} panel @param {boolean} open */
function opener(panel, open) {
  const { title, part } = panel.dataset;
  const show = (shown) => {
    panel.hidden = !shown;
    made.setAttribute("aria-expanded", String(shown));
    if (shown) panel.dispatchEvent(new Event("gs-shown"));
  };
  const made = button(title, () => show(panel.hidden), { "data-part": part });
  show(open);
  return made;
}
