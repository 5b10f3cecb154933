// The page as a file: no kernel, no network. plotly.js lies in the file, or beside it.

import { mount } from "./page.js";
import { fromAddress, fromSource, oncePerPage } from "./plotly.js";

/** The workbook that lies in the page, as exported. @param {HTMLElement} element */
function embedded(element) {
  return async () => {
    const bytes = Uint8Array.from(atob(element.textContent.trim()), (character) => character.charCodeAt(0));
    return new Blob([bytes], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
  };
}

for (const place of document.querySelectorAll("[data-gradsheet]")) {
  const description = JSON.parse(document.getElementById(`${place.dataset.gradsheet}-description`).textContent);
  const workbook = document.getElementById(`${place.dataset.gradsheet}-workbook`);
  const plotly = document.getElementById("gradsheet-plotly");
  mount(place, description, {
    settled() {},
    workbook: workbook && embedded(workbook),
    workbookHolds: ", with the values that this page started from",
    open: null,
    plotly: () => oncePerPage(() => (plotly.src ? fromAddress(plotly.src) : fromSource(plotly.textContent))),
  });
}
