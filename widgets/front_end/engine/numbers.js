// Numbers as every face shows them, and as a person may type them. Mirrors
// sheets/language/formats.py and inputs.py.

const LARGE = 1e9;
const SMALL = 1e-4; // below it an exponent
const TINY = 1e-6; // below it an exponent inside words too
const MANY = 1e4; // from here on words need no decimals
const LEAST = 1e-9; // rounding may leave this of a nought: its digits say nothing

/** Shortest plain text of a number cut to its significant digits. @param {string} text */
const trimmed = (text) => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);

/** Four digits: 0.3, 12345, 1e-5, 1.235e7. @param {number} x */
function general(x) {
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < SMALL) {
    const [digits, exponent] = x.toExponential(3).split("e");
    return `${trimmed(digits)}e${Number(exponent)}`;
  }
  return size >= 1000 ? x.toFixed(0) : trimmed(x.toPrecision(4));
}

/**
 * @param {number} x
 * @param {string} format ".4f", ".1%", "d" or "g"
 */
export function shown(x, format) {
  if (Number.isNaN(x)) return "undefined";
  if (!Number.isFinite(x)) return x > 0 ? "infinite" : "-infinite";
  if (format === "g") return general(x);
  const decimals = format === "d" ? 0 : Number(format.slice(1, -1));
  const percent = format.endsWith("%");
  const number = percent ? x * 100 : x;
  const text =
    Math.abs(number) >= LARGE
      ? general(number)
      : number.toFixed(decimals).replace(/^-(?=[0.]*$)/, "");
  return percent ? `${text}%` : text;
}

/** 0.000012, 0.0043. @param {number} x */
const twoDigits = (x) => x.toFixed(1 - Math.floor(Math.log10(Math.abs(x))));

/**
 * A number inside words: no noughts after its last digit (-1.4 and 60%, not -1.4000 and 60.0%), and
 * 0.000012 where the format says 0.0000.
 * @param {number} x
 * @param {string} format
 */
export function inWords(x, format) {
  if (!Number.isFinite(x) || format === "d" || format === "g") return shown(x, format);
  const decimals = Number(format.slice(1, -1));
  const [number, sign] = format.endsWith("%") ? [x * 100, "%"] : [x, ""];
  const size = Math.abs(number);
  if ((LEAST <= size && size < TINY) || size >= LARGE) return general(number) + sign;
  const isSmall = TINY <= size && size < Math.max(SMALL, 0.5 * 0.1 ** decimals);
  if (isSmall) return twoDigits(number) + sign;
  const text = shown(number, `.${size < MANY ? decimals : 0}f`);
  const isExact = Math.abs(number - Number(text)) <= LEAST * size;
  return (isExact ? trimmed(text) : text) + sign;
}

/**
 * What a block's cell shows: nothing where it is empty, or left out.
 * @param {{format: string, blank?: boolean, endless?: boolean, choices?: string[]}} block
 * @param {number} x
 */
export function cellText(block, x) {
  const isEmpty = Number.isNaN(x) ? block.blank : block.endless && !Number.isFinite(x);
  return isEmpty ? "" : (block.choices?.[x] ?? shown(x, block.format));
}

/**
 * As short as it can be and still the same number: what a field shows for editing.
 * @param {number} x NaN of an empty cell
 */
export const exact = (x) => (Number.isNaN(x) ? "" : String(x));

/**
 * 123.4567 -> 123: a slider's stop, rounded so that it reads well.
 * @param {number} x
 * @param {number} digits
 */
export const roundedTo = (x, digits) => Number(x.toPrecision(digits));

/** What a cell of an input holds, with all its digits, for the formula bar. */
export const heldText = (block, x) => (block.choices?.[x] ?? exact(x)) || "empty";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * A number that answers a question: any number, a percentage, or the word infinite. null: it is
 * none.
 * @param {string} text
 */
export function typedNumber(text) {
  const clean = text.trim().toLowerCase();
  const infinite = /^([+-]?)(infinite|infinity|inf|∞)$/.exec(clean);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  const number = numberOf(clean);
  return Number.isNaN(number) ? null : number;
}

/** A number or a percentage, as Excel shows and copies it; NaN where it is neither. */
function numberOf(text) {
  const percent = text.endsWith("%");
  const number = percent ? text.slice(0, -1).trim() : text;
  return NUMBER.test(number) ? Number(number) / (percent ? 100 : 1) : NaN;
}

/**
 * The number that was typed, NaN of an empty cell, or a sentence that says what is allowed.
 * @param {Object} block an input of the description
 * @param {string} text
 * @param {string} where "" or " row 2"
 * @returns {{value?: number, refusal?: string}}
 */
export function typed(block, text, where = "") {
  const clean = text.trim();
  if (clean === "" && block.blank) return { value: NaN };
  const choice = block.choices.indexOf(clean);
  if (choice >= 0) return { value: choice };
  const value = numberOf(clean);
  const outside =
    (block.low !== null && value < block.low) || (block.high !== null && value > block.high);
  if (!Number.isFinite(value) || outside || (block.whole && !Number.isInteger(value))) {
    const said = clean === "" ? "empty" : Number.isFinite(value) ? clean : `'${clean}'`;
    const hint =
      clean.includes(",") && !Number.isNaN(numberOf(clean.replace(",", ".")))
        ? " (a point, not a comma)"
        : "";
    return { refusal: `${block.name}${where} is ${said}; it must be ${block.allowed}${hint}` };
  }
  return { value };
}
