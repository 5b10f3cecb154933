// What there is to work with: the device, the body, the classes, what was skipped, and what the
// network sees.

import { element } from "../../front_end/elements/elements.js";
import { picture, table } from "./fields.js";

/** "1 file was", "2 files were". @param {number} count */
const files = (count) => (count === 1 ? "1 file was" : `${count} files were`);

/** @param {Object} about @param {HTMLElement} choose where others can be chosen */
export function facts(about, choose) {
  const { pictures } = about;
  const counted = element(
    "div",
    { class: "gs-scroll ft-classes", tabindex: "0", role: "group", "aria-label": "Classes" },
    table(
      ["class", "to learn from", "to check with"],
      pictures.counts,
      "Classes and their pictures",
    ),
  );
  const skipped = pictures.skippedCount
    ? [
        element(
          "details",
          { class: "ft-skipped" },
          element("summary", {
            text: `${files(pictures.skippedCount)} skipped`,
          }),
          element(
            "ul",
            { class: "gs-scroll" },
            ...pictures.skipped.map(([name, why]) => element("li", { text: `${name}: ${why}` })),
          ),
          ...(pictures.skippedCount > pictures.skipped.length
            ? [
                element("p", {
                  class: "gs-note",
                  text: `The first ${pictures.skipped.length} are listed.`,
                }),
              ]
            : []),
        ),
      ]
    : [element("p", { class: "gs-note", text: "No file was skipped." })];
  const words = element(
    "div",
    { class: "ft-words" },
    ...[about.device, about.body, ...about.bodySays, ...(pictures.unchecked ?? [])].map((text) =>
      element("p", { text }),
    ),
    ...skipped,
  );
  const batch = element(
    "div",
    { class: "ft-batch" },
    element("h2", { text: "What the network sees" }),
    element("div", { class: "ft-pictures" }, ...about.batch.map((told) => picture(told))),
    element("p", {
      class: "gs-note",
      text:
        `The first of a batch of ${about.batchSize}, as they are while it learns.` +
        ` ${about.augmented}`,
    }),
  );
  return element(
    "section",
    { class: "ft-facts", "aria-label": "Device, body and pictures" },
    words,
    counted,
    batch,
    choose,
  );
}
