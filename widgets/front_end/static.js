// The page as a file: no kernel, no network. plotly.js lies in the file, or beside it, and the workbook's parts in the file.

import { mount } from "./page.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";
import { archive, filled, unpacked } from "./workbook.js";

/** plotly.js stands last in the file, so that the sheet need not wait for it. */
async function plotly() {
  if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const held = document.getElementById("gradsheet-plotly");
  return held.src ? fromAddress(held.src) : fromSource(held.textContent);
}

for (const place of document.querySelectorAll("[data-gradsheet]")) {
  const description = JSON.parse(document.getElementById(`${place.dataset.gradsheet}-description`).textContent);
  const exported = document.getElementById(`${place.dataset.gradsheet}-workbook`);
  const page = mount(place, description, {
    settled() {},
    workbook: async () => {
      if (exported.dataset.refusal) throw new Error(exported.dataset.refusal);
      return archive(filled(await unpacked(exported.textContent), page.state));
    },
    open: null,
    resize: null,
    address: true,
    plotly: () => oncePerPage(plotly),
  });
  page.share.open();
}
