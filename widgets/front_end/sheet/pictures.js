// A block shown as a picture: a shade for each number, grey or around 0.

const BLUE = [0, 104, 163];
const ORANGE = [178, 60, 0];
const WHITE = [255, 255, 255];

/** Between two colours, share 0 to 1. */
const mixed = (from, to, share) =>
  `rgb(${from.map((part, k) => Math.round(part + share * (to[k] - part))).join(",")})`;

/**
 * From which number to which one a block's picture goes: its own range is found once a drawing.
 * @param {import("../engine/state.js").State} state
 * @param {import("../engine/description.js").Block} block
 * @param {Map<string, [number, number]>} known
 * @returns {[number, number]}
 */
export function rangeOf(state, block, known) {
  if (block.shownRange) return block.shownRange;
  if (!known.has(block.name)) {
    let [low, high] = [Infinity, -Infinity];
    for (const x of state.program.blocks[block.name]) {
      if (x < low && Number.isFinite(x)) low = x;
      if (x > high && Number.isFinite(x)) high = x;
    }
    const far = Math.max(Math.abs(low), Math.abs(high));
    known.set(block.name, block.shown === "heat" ? [-far, far] : [low, high]);
  }
  return known.get(block.name);
}

/** The cell's shade: black to white, or blue over white to orange. What is no number stays bare. */
export function shade(td, x, [low, high]) {
  const share = high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : 0.5;
  const heat = share < 0.5 ? mixed(BLUE, WHITE, 2 * share) : mixed(WHITE, ORANGE, 2 * share - 1);
  const grey = mixed([0, 0, 0], WHITE, share);
  const colour = td.dataset.shown === "heat" ? heat : grey;
  td.style.background = Number.isFinite(x) ? colour : "transparent";
  const dark = td.dataset.shown === "heat" ? Math.abs(share - 0.5) > 0.3 : share < 0.5;
  td.style.setProperty("--on-shade", dark ? "#fff" : "#000");
}
