// The page as a file: no kernel, no network. plotly.js lies in the file, or beside it, and the
// workbook's parts and other sizes in the file.

import { unpacked } from "../engine/packing.js";
import { archive, filled } from "../engine/workbook.js";
import { mount } from "../page/page.js";
import { inWords, OtherSizes } from "./other_sizes.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";

/** plotly.js stands last in the file, so that the sheet need not wait for it. */
async function plotly() {
  if (document.readyState === "loading")
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const held = /** @type {HTMLScriptElement} */ (document.getElementById("gradsheet-plotly"));
  return held.src ? fromAddress(held.src) : fromSource(held.textContent);
}

function start(place) {
  const held = (part) => document.getElementById(`${place.dataset.gradsheet}-${part}`);
  const others = new OtherSizes(JSON.parse(held("description").textContent), held("sizes"));
  const host = {
    settled() {},
    async workbook() {
      if (page.otherSizes(page.share.born).length)
        throw new Error(
          `This page's workbook is the one of ${inWords(page.share.born)}: set that again, or` +
            " download from the lesson in Voila or JupyterLab.",
        );
      return archive(filled(await unpacked(held("workbook").textContent), page.state));
    },
    open: null,
    async resize(changed, near) {
      await others.unpack();
      const { k, note } = others.find(page.state.sizes, changed, near);
      page.end();
      page = mount(place, others.description(k), host, page);
      for (const { block, refusal } of page.controls)
        if (block.name in changed) refusal.textContent = note;
      return page;
    },
    address: true,
    plotly: () => oncePerPage(plotly),
  };
  let page = mount(place, others.description(0), host);
  page.share.open();
}

document.querySelectorAll("[data-gradsheet]").forEach(start);
