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

/**
 * Where a number stands between black and white, or between blue, white and orange: 0 to 1; NaN for
 * what is no number. Of a picture that is the same all over, 0 is black.
 */
export function shareOf(block, x, [low, high]) {
  if (!Number.isFinite(x)) return NaN;
  const even = block.shown === "heat" ? 0.5 : Number(x > 0);
  return high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : even;
}

/** The cell's shade. What is no number stays bare. @param {HTMLElement} td */
export function shade(td, share) {
  const isHeat = td.dataset.shown === "heat";
  const heat = () =>
    share < 0.5 ? mixed(BLUE, WHITE, 2 * share) : mixed(WHITE, ORANGE, 2 * share - 1);
  const grey = () => mixed([0, 0, 0], WHITE, share);
  td.style.backgroundColor = Number.isNaN(share) ? "transparent" : isHeat ? heat() : grey();
  td.classList.toggle("gs-dark", isHeat ? Math.abs(share - 0.5) > 0.3 : share < 0.5);
}
