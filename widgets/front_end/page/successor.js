// A page of other sizes in the place of the one before it: what was set, chosen and unfolded there
// stays, as far as it fits.

import { focused } from "../elements/elements.js";

const nameOf = (node) => `${node.className} ${node.getAttribute("aria-label") || node.textContent}`;

/**
 * What has the focus has it again once another page stands in `root`, and at the same height of the
 * screen.
 * @returns {() => void}
 */
export function keepsFocus(root) {
  const held = focused(root);
  if (!root.contains(held)) return () => {};
  const [name, { top }] = [nameOf(held), held.getBoundingClientRect()];
  return () => {
    const again = [...root.querySelectorAll("button, input, select, summary")].find(
      (node) => nameOf(node) === name,
    );
    if (!again) return;
    again.focus({ preventScroll: true });
    for (const scroller of [root.firstChild, window])
      scroller.scrollBy(0, again.getBoundingClientRect().top - top);
  };
}

/**
 * Inputs with the numbers they had; rows of data stay together or not at all.
 * @param {import("../engine/state.js").State} state
 * @param {import("../engine/state.js").State} before
 */
function fitting(state, before) {
  const fits = (name) =>
    name in before.start && `${before.blocks[name].shape}` === `${state.blocks[name].shape}`;
  const dataFit = state.inputs.every((name) => !state.isData(name) || fits(name));
  const kept = state.inputs.filter(
    (name) => fits(name) && !state.blocks[name].isSize && (dataFit || !state.isData(name)),
  );
  return Object.fromEntries(kept.map((name) => [name, before.start[name]]));
}

/**
 * @param {import("../classroom/compare.js").Compare} compare
 * @param {import("../classroom/compare.js").Compare} before
 */
function goOnComparing(compare, before) {
  compare.list.value = before.list.value;
  compare.offer();
  compare.field.value = before.field.value;
  compare.choices.value = before.choices.value;
  if (!before.other) return;
  const {
    block: { name },
    row,
    column,
    value,
  } = before.difference;
  const block = compare.state.blocks[name];
  if (block && row < compare.state.rowCount(name) && column < block.shape[1])
    compare.begin({ block, row, column, value });
}

const foldedParts = (page) =>
  [...page.node.querySelectorAll("details")].map((part) => [
    part.querySelector("summary").textContent,
    part,
  ]);

/** Parts below the stage are shown as they were. */
function showPanels(page, before) {
  const openers = (each) => [...each.node.querySelectorAll(".gs-openers button")];
  const shown = new Map(
    openers(before).map((opener) => [opener.textContent, opener.getAttribute("aria-expanded")]),
  );
  for (const opener of openers(page))
    if (shown.get(opener.textContent) !== opener.getAttribute("aria-expanded")) opener.click();
}

/** @param {import("./page.js").Page} page @param {import("./page.js").Page} before */
export function takeOver(page, before) {
  page.state.setInputs(fitting(page.state, before.state));
  page.story.follow(before.story);
  if (page.transport && before.transport) page.transport.take(before.transport);
  page.share.open(before.share);
  goOnComparing(page.compare, before.compare);
  showPanels(page, before);
  const open = new Set(
    foldedParts(before)
      .filter(([, part]) => part.open)
      .map(([title]) => title),
  );
  for (const [title, part] of foldedParts(page)) {
    part.open = open.has(title);
    part.dispatchEvent(new Event("toggle")); // the browser's own comes later
  }
}
