// The page without a kernel: a file, or what a server holds in memory. plotly.js lies in the file,
// or beside it; the workbook's parts and other sizes in the file, or with the server.

import { element } from "../elements/elements.js";
import { idle } from "../elements/pause.js";
import { unpacked } from "../engine/packing.js";
import { archive, filled } from "../engine/workbook.js";
import { mount } from "../page/page.js";
import { textOf } from "./held.js";
import { inWords, OtherSizes } from "./other_sizes.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";
import { asked } from "./served.js";

const AHEAD = 2_000; // milliseconds after the page stands

/**
 * A place for plotly's own rules, which it would else write into a style element: a host may forbid
 * that, and its layers would no longer lie on each other.
 */
function rulesForPlotly() {
  const place = element("template", { id: "plotly.js-style-global" });
  const sheet = new CSSStyleSheet();
  Object.defineProperty(place, "sheet", { value: sheet });
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  document.head.append(place);
}

/** plotly.js stands last in the file, so that the sheet need not wait for it. */
async function plotly() {
  if (document.readyState === "loading")
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  rulesForPlotly();
  const held = /** @type {HTMLScriptElement} */ (scriptOfPlotly());
  return held.src ? fromAddress(held.src) : fromSource(held.textContent);
}

/**
 * Where plotly.js and the workbook lie beside the page they are fetched once the page stands, to be
 * run later, also when its host is gone.
 */
async function fetchAhead() {
  await idle();
  const { src } = /** @type {HTMLScriptElement} */ (scriptOfPlotly());
  const books = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-file][id$='-workbook']")
  );
  const files = [src, ...[...books].map(({ dataset }) => dataset.file)];
  for (const href of files)
    if (href) document.head.append(element("link", { rel: "prefetch", as: "script", href }));
}

const scriptOfPlotly = () => document.getElementById("gradsheet-plotly");

function start(place) {
  const held = (part) => document.getElementById(`${place.dataset.gradsheet}-${part}`);
  const description = JSON.parse(held("description").textContent);
  const rest = {
    settled() {},
    address: true,
    plotly: () => oncePerPage(plotly),
  };
  const make = place.dataset.asks ? served : alone;
  let page = mount(place, description, { ...rest, ...make() });
  page.share.open();

  /** Put a sheet of other sizes in the page's place. */
  function replace(next, host) {
    page.end();
    page = mount(place, next, { ...rest, ...host }, page);
    return page;
  }

  /** All that a file can do. */
  function alone() {
    const others = new OtherSizes(description, held("sizes"));
    others.description(0);
    const host = {
      async workbook() {
        if (page.otherSizes(page.share.born).length)
          throw new Error(
            `This page's workbook is the one of ${inWords(page.share.born)}: set that again, or` +
              " download from the lesson in Voila or JupyterLab.",
          );
        return archive(filled(await unpacked(await textOf(held("workbook"))), page.state));
      },
      open: null,
      async resize(changed, near) {
        await others.unpack();
        const { k, note } = others.find(page.state.sizes, changed, near);
        replace(others.description(k), host);
        for (const { block, refusal } of page.controls)
          if (block.name in changed) refusal.textContent = note;
        return page;
      },
    };
    return host;
  }

  /** With a server's Python, for the sheet of these sizes. Its workbook is fetched before it is
   *  wanted, so that a server that ends takes it from nobody. */
  function served(sizes = sizesOf(description)) {
    const ask = (question, more) => asked(place.dataset.asks, question, sizes, more);
    const parts = once(async () => (await ask("workbook")).workbook);
    setTimeout(() => parts().catch(() => {}), AHEAD);
    return {
      workbook: async () => archive(filled(await unpacked(await parts()), page.state)),
      open: async (bytes) => (await ask("inputs", bytes)).inputs,
      async resize(changed) {
        const wanted = { ...changed, ...sizes, ...changed }; // the changed ones come first
        const { sheet } = await asked(place.dataset.asks, "sheet", wanted);
        return replace(sheet, served(sizesOf(sheet)));
      },
    };
  }
}

const sizesOf = ({ blocks }) =>
  Object.fromEntries(
    blocks.filter(({ isSize }) => isSize).map(({ name, value }) => [name, value[0]]),
  );

/** What `load` gave, or another try after it failed. */
function once(load) {
  let kept = null;
  return () => {
    kept ??= load().catch((error) => {
      kept = null;
      throw error;
    });
    return kept;
  };
}

document.querySelectorAll("[data-gradsheet]").forEach(start);
window.addEventListener("load", fetchAhead);
