// What a page holds and opens only when somebody asks for it: in itself, or in a script file beside
// it (widgets/programs.py).

import { element } from "../elements/elements.js";

/** Runs a script file that lies beside the page. @param {string} src */
function brought(src) {
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new Error(`${src}, which lies beside this page, did not load.`));
    document.head.append(element("script", { src, onload: resolve, onerror }));
  });
}

/** The packed text of this element. @param {HTMLElement} held @returns {Promise<string>} */
export async function textOf(held) {
  /** @type {any} */
  const scope = globalThis;
  const { file } = held.dataset;
  if (!file) return held.textContent;
  if (!scope.gradsheetTexts?.[held.id]) await brought(file);
  return scope.gradsheetTexts[held.id];
}
