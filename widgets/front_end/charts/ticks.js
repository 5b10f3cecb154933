// Where an axis is labelled, and with what: as plotly does it, so that its drawing can take the
// place of ours without a jump.

const EDGE = 0.0001; // of an axis, beyond its ends, still counts as on it
const ROUND = [2, 5, 10]; // steps between labels, times a power of ten
const FEWEST = 4; // labels, and one more
const MOST = 9;
const APART = { x: 80, y: 40 }; // pixels from label to label
const PLAIN = 3; // powers of ten that are written out
const PREFIXES = ["f", "p", "n", "μ", "m", "", "k", "M", "G", "T"]; // of thousands, from 10^-15
const MINUS = "−";

/**
 * @typedef {Object} Tick
 * @property {number} at along the axis: a number, or the power of ten on a logarithmic one
 * @property {string} text
 * @property {string} [power] above the text, as an exponent
 */

/**
 * @param {any} axis plotly's, as a layout has it
 * @param {"x"|"y"} way
 * @param {number} length in pixels
 * @returns {Tick[]}
 */
export function ticksOf({ range, type, dtick, tickvals, ticktext }, way, length) {
  const [low, high] = range;
  if (tickvals)
    return tickvals
      .map((at, k) => ({ at, text: String(ticktext[k]) }))
      .filter(({ at }) => at >= low && at <= high);
  const isLog = type === "log";
  const step = dtick ?? stepOf(high - low, way, length);
  const room = EDGE * (high - low);
  const first = Math.ceil((low - room) / step);
  const last = Math.floor((high + room) / step);
  return Array.from({ length: last - first + 1 }, (_, k) => {
    const at = (first + k) * step;
    return isLog ? { at, ...asPower(Math.round(at)) } : { at, text: asText(at, step, range) };
  });
}

/** The step from label to label of so long a span. */
function stepOf(span, way, length) {
  const count = Math.min(MOST, Math.max(FEWEST, length / APART[way])) + 1;
  const rough = span / count;
  const base = 10 ** Math.floor(Math.log10(rough));
  return base * ROUND.find((round) => round > rough / base);
}

const asPower = (power) =>
  power === 0 || power === 1
    ? { text: power ? "10" : "1" }
    : { text: "10", power: `${power < 0 ? MINUS : ""}${Math.abs(power)}` };

/** A number as fine as the step, large and small ones by a letter for thousands. */
function asText(number, step, range) {
  const largest = Math.floor(Math.log10(Math.max(...range.map(Math.abs))) + 0.01);
  const exponent = Math.abs(largest) > PLAIN ? 3 * Math.round((largest - 1) / 3) : 0;
  const digits = 2 - Math.floor(Math.log10(step) + 0.01);
  const size = Math.abs(number);
  const letter = exponent === 9 ? "B" : PREFIXES[exponent / 3 + 5];
  if (size < 10 ** -digits / 2) return `0${letter}`;
  const shown = written(size / 10 ** exponent, digits + exponent);
  return `${number < 0 ? MINUS : ""}${shown}${letter}`;
}

function written(size, digits) {
  if (digits > 0) return size.toFixed(Math.min(20, digits)).replace(/\.?0+$/, "");
  return String(Math.round(size / 10 ** -digits) * 10 ** -digits);
}
