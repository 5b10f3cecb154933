// The page's state in its address: what differs from the start, by the inputs' own names, so that a
// person can read a link and change it.

import { inRows, isData, isInput } from "./blocks.js";
import { exact, typed } from "./numbers.js";

// lists of names: what a class does not see, cannot change; how the page is shown
/** @typedef {import("./description.js").Description} Description */
/** @typedef {import("./description.js").Block} Block */

/**
 * What a link asks for.
 * @typedef {Object} Link
 * @property {number|null} preset its place; null: none
 * @property {Object<string, (number|null)[]|null>} inputs row by row; null: the input's formula
 * @property {number} step
 * @property {Object<string, string[]>} looks hide, lock: names of parts; mode
 * @property {string[]} refused what was left out, in words
 */

const LOOKS = ["hide", "lock", "mode"];

const EMPTY = "-"; // a cell without a number

/** 1e+21 -> 1e21: a plus sign does not survive every mail. */
const plain = (x) => exact(x).replace("e+", "e") || EMPTY;

/** One column or one row: 1,2,3. A table: 1,2;3,4. A choice by its name. */
function told(block, numbers) {
  const word = (x) => encodeURIComponent(block.choices[x] ?? EMPTY);
  const texts = Array.from(numbers, block.choices.length ? word : plain);
  return block.shape[1] === 1
    ? texts.join(",")
    : inRows(block, texts)
        .map((row) => row.join(","))
        .join(";");
}

const same = (a, b) =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.length === b.length &&
    Array.from(a).every((x, k) => Object.is(x ?? NaN, b[k] ?? NaN)));

/**
 * Where the inputs that are no sizes start: as the sheet does, with a preset's in their place.
 * @param {number|null} preset
 */
export function startOf(description, preset) {
  const inputs = description.blocks.filter((block) => isInput(block) && !block.isSize);
  const start = Object.fromEntries(inputs.map((block) => [block.name, block.value]));
  return { ...start, ...(preset === null ? {} : description.presets[preset].inputs) };
}

/**
 * `preset=2&clip=0.05&step=10`: what differs from where the preset starts.
 * @param {import("./state.js").State} state @param {number|null} preset the last one chosen @param
 *   {Object<string, string[]>} looks
 * @param {Object<string, number>} born the sizes that the page was opened with
 */
export function linkOf(state, preset, looks, born) {
  const start = startOf(state.description, preset);
  for (const name in state.sizes) start[name] = name in born ? [born[name]] : [];
  const parts = preset === null ? [] : [`preset=${preset + 1}`];
  for (const name of state.inputs) {
    const now = state.start[name];
    if (!same(now, start[name]))
      parts.push(`${name}=${now === null ? "formula" : told(state.blocks[name], now)}`);
  }
  if (state.wanted) parts.push(`step=${state.wanted}`);
  for (const look of LOOKS)
    if (looks[look]?.length) parts.push(`${look}=${looks[look].map(encodeURIComponent).join(",")}`);
  return parts.join("&");
}

/**
 * The parts of an address that speak to this sheet, [name, text] each. Pages of several sheets put
 * the sheet's name and a point in front.
 */
function partsFor(description, address, alone, refused) {
  const found = [];
  for (const part of address.replace(/^#/, "").split("&").filter(Boolean)) {
    const [name, ...rest] = part.split("=");
    const [sheet, own] = name.includes(".") ? name.split(".", 2) : [description.name, name];
    if (sheet === description.name) found.push([own, rest.join("=")]);
    else if (alone) refused.push(`part '${shortened(part)}' is for another sheet`);
  }
  return found;
}

const LONGEST_QUOTE = 60;
const shortened = (text) =>
  text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;

/** The texts of each row: the inverse of `told`. */
function textsOf(block, text) {
  if (block.control && block.choices.length) return [[text]];
  return block.shape[1] === 1
    ? text.split(",").map((x) => [x])
    : text.split(";").map((row) => row.split(","));
}

/**
 * Numbers of an input, or why they cannot be.
 * @returns {{numbers?: number[]|null, refusal?: string}}
 */
function numbersOf(block, text, mostRows) {
  if (text === "formula" && block.excel) return { numbers: null };
  const rows = textsOf(block, text);
  const [wanted, columns] = block.shape;
  const fits = wanted === "rows" ? rows.length <= mostRows : rows.length === wanted;
  if (!fits || rows.some((row) => row.length !== columns))
    return { refusal: `${block.name} has another number of rows or columns` };
  const numbers = [];
  for (const [i, row] of rows.entries()) {
    for (const x of row) {
      const answer = typed(
        block,
        block.blank && x === EMPTY ? "" : x,
        rows.length > 1 ? ` row ${i + 1}` : "",
      );
      if (answer.refusal) return answer;
      numbers.push(answer.value);
    }
  }
  return { numbers };
}

/**
 * A whole number from low to high.
 * @param {string} name
 * @param {string} text
 * @param {number} low
 * @param {number} high
 * @returns {{number?: number, refusal?: string}}
 */
function whole(name, text, low, high) {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  return number >= low && number <= high
    ? { number }
    : { refusal: `${name} is '${text}'; it must be a whole number from ${low} to ${high}` };
}

/**
 * What an address asks for, each part checked like a typed value; `refused` says in words what was
 * left out.
 * @param {Description} description
 * @param {string} address
 * @param {boolean} [alone] whether this is the only sheet on its page
 * @returns {Link}
 */
export function readLink(description, address, alone = false) {
  const blocks = Object.fromEntries(
    description.blocks.filter(isInput).map((block) => [block.name, block]),
  );
  /** @type {Link} */
  const found = { preset: null, inputs: {}, step: 0, looks: {}, refused: [] };
  for (const [name, encoded] of partsFor(description, address, alone, found.refused)) {
    const text = decoded(encoded);
    if (text === null) found.refused.push(`${shortened(name)} is damaged`);
    else if (name === "preset")
      take(found, name, whole(name, text, 1, description.presets.length), 1);
    else if (name === "step" && !Object.keys(description.carried).length) {
      if (text !== "0") found.refused.push(`step is '${text}', but this sheet takes no steps`);
    } else if (name === "step") take(found, name, whole(name, text, 0, description.mostSteps), 0);
    else if (LOOKS.includes(name)) found.looks[name] = text.split(",").filter(Boolean);
    else if (!Object.hasOwn(blocks, name))
      found.refused.push(`there is no input '${shortened(name)}' here`);
    else {
      const { numbers, refusal } = numbersOf(blocks[name], text, description.mostRows);
      if (refusal) found.refused.push(refusal);
      else found.inputs[name] = numbers;
    }
  }
  found.inputs = {
    ...(found.preset === null ? {} : startOf(description, found.preset)),
    ...found.inputs,
  };
  leaveUneven(blocks, found);
  return found;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * @param {Link} found
 * @param {"preset"|"step"} name
 * @param {{number?: number, refusal?: string}} answer
 * @param {number} first what a person counts from
 */
function take(found, name, { number, refusal }, first) {
  if (refusal) found.refused.push(refusal);
  else found[name] = number - first;
}

/**
 * Data rows that are given must come out with the same number of rows, or all of them stay as they
 * start.
 */
function leaveUneven(blocks, found) {
  const data = Object.values(blocks).filter(isData);
  const numbers = (block) => (block.name in found.inputs ? found.inputs[block.name] : block.value);
  const counts = data.filter(numbers).map((block) => numbers(block).length / block.shape[1]);
  if (new Set(counts).size <= 1) return;
  found.refused.push(
    `${data.map((block) => block.name).join(" and ")} must have the same number of rows`,
  );
  for (const block of data) delete found.inputs[block.name];
}

/**
 * The address with this sheet's own part replaced; parts of other sheets stay.
 * @param {boolean} alone the only sheet on its page
 */
export function addressWith(description, address, link, alone) {
  if (alone) return link;
  const others = address
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part.includes(".") && part.split(".")[0] !== description.name);
  const own = link
    .split("&")
    .filter(Boolean)
    .map((part) => `${description.name}.${part}`);
  return [...others, ...own].join("&");
}
