// An axis that goes where the numbers are, when they are beyond its own ends.

/** @typedef {import("../engine/description.js").Axis} Axis */

const MARGIN = 0.06; // of the numbers' span, at either end
const AHEAD = 0.5; // of it too, where a run goes on
const LEAST_POWER = -300; // of ten, on a logarithmic axis
const LARGE = 4; // times the numbers' span: a larger axis hides what happens

/**
 * The finite numbers that are drawn along an axis, from the least to the largest; null: none.
 * @param {import("../engine/state.js").State} state
 * @param {import("../engine/description.js").Chart} chart
 * @param {"x"|"y"} axis
 * @returns {[number, number]|null}
 */
function spanOf(state, chart, axis) {
  const isLog = chart[axis].scale === "log";
  let [least, most] = [Infinity, -Infinity];
  for (const { x, y, to, steps } of chart.series) {
    for (const name of axis === "x" ? [x] : [y, to]) {
      if (!name || name === "step") continue;
      const drawn = steps ? state.past[name].slice(0, state.step + 1) : state.program.blocks[name];
      for (const number of drawn) {
        if (!Number.isFinite(number) || (isLog && number <= 0)) continue;
        if (number < least) least = number;
        if (number > most) most = number;
      }
    }
  }
  return least <= most ? [least, most] : null;
}

/**
 * The ends that the axis should have now.
 * @param {import("../engine/state.js").State} state
 * @param {import("../engine/description.js").Chart} chart as the sheet has it
 * @param {"x"|"y"} axis
 * @param {Axis} now as it is drawn
 * @returns {{low: number, high: number}}
 */
export function endsOf(state, chart, axis, now) {
  const own = chart[axis];
  const span = spanOf(state, chart, axis);
  const holds = ({ low, high }) => span[0] >= low && span[1] <= high;
  if (!span || holds(own)) return own;
  const meets = span[0] <= own.high && span[1] >= own.low; // then an end that holds stays
  const ends = (low, high) => ({
    low: meets && span[0] >= own.low ? own.low : low,
    high: meets && span[1] <= own.high ? own.high : high,
  });
  if (own.scale === "log") {
    const [low, high] = [Math.floor(Math.log10(span[0])), Math.ceil(Math.log10(span[1]))];
    return ends(10 ** Math.max(LEAST_POWER, low), 10 ** Math.max(low + 1, high));
  }
  const length = span[1] - span[0] || Math.abs(span[0]) || 1;
  if (holds(now) && now.high - now.low < LARGE * length) return now;
  const room = length * (state.step > 0 ? AHEAD : MARGIN);
  return ends(span[0] - room, span[1] + room);
}
