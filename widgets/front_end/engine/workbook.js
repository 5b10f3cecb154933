// The workbook that lies in a static page, with the page's own numbers written into it: inputs,
// cached values, more or fewer rows, and steps. Its parts are XML; only cells that the sheets'
// blocks own are touched. The workbook's own record (names, validation, charts) follows.

import { columnName, excelFormula } from "./formulas.js";
import { State } from "./state.js";

const NO_NUMBER = "#NUM!";
const NO_POINT = "#N/A"; // where a chart has a gap
const ERRORS = [NO_NUMBER, NO_POINT];
const LARGEST = 9e307; // what stands for an infinity that an author wrote
const ELSEWHERE = "download from the lesson in Voila or JupyterLab";
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/**
 * One worksheet's cells by address; cells and rows are made where they are missing, in their order.
 */
class Worksheet {
  constructor(text) {
    this.xml = new DOMParser().parseFromString(text, "application/xml");
    this.data = this.xml.getElementsByTagNameNS(MAIN, "sheetData")[0];
    this.rows = new Map(
      Array.from(this.data.children, (row) => [Number(row.getAttribute("r")), row]),
    );
    this.cells = new Map(
      Array.from(this.data.getElementsByTagNameNS(MAIN, "c"), (cell) => [
        cell.getAttribute("r"),
        cell,
      ]),
    );
  }

  make(name, attributes = {}, text = null) {
    const node = this.xml.createElementNS(MAIN, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  }

  /** @returns {Element|undefined} */
  at(row, column) {
    return this.cells.get(`${columnName(column)}${row}`);
  }

  row(number) {
    if (!this.rows.has(number)) {
      const row = this.make("row", { r: number });
      insert(this.data, row, (other) => Number(other.getAttribute("r")) > number);
      this.rows.set(number, row);
    }
    return this.rows.get(number);
  }

  cell(row, column, like) {
    const address = `${columnName(column)}${row}`;
    if (!this.cells.has(address)) {
      const style = like?.getAttribute("s");
      const made = this.make("c", { r: address, ...(style ? { s: style } : {}) });
      insert(this.row(row), made, (other) => columnOf(other) > column);
      this.cells.set(address, made);
    }
    return this.cells.get(address);
  }

  remove(row, column) {
    const address = `${columnName(column)}${row}`;
    this.cells.get(address)?.remove();
    this.cells.delete(address);
  }

  /**
   * @param {string|null} formula without `=`
   * @param {number|string} value a number, a word, or an error such as #NUM!
   */
  write(cell, formula, value) {
    cell.removeAttribute("t");
    if (formula === null && value === "") return cell.replaceChildren(); // an empty cell
    if (typeof value === "string")
      cell.setAttribute("t", ERRORS.includes(value) && formula !== null ? "e" : "str");
    cell.replaceChildren(
      ...(formula === null ? [] : [this.make("f", {}, formula)]),
      this.make("v", {}, String(value)),
    );
  }

  /** Words in the place of what stands there. */
  say(row, column, text) {
    const [cell, said] = [this.at(row, column), this.make("is")];
    said.append(this.make("t", {}, text));
    cell.setAttribute("t", "inlineStr");
    cell.replaceChildren(said);
  }

  /** A new value beside the formula that stands there, or in its place. */
  remember(row, column, value) {
    const cell = this.at(row, column);
    this.write(cell, formulaOf(cell), value);
  }

  get text() {
    return XML + new XMLSerializer().serializeToString(this.xml.documentElement);
  }
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/**
 * Put a child in its place, found from the end, where most are added.
 * @param {(other: Element) => boolean} isLater
 */
function insert(parent, made, isLater) {
  let later = null;
  for (
    let other = parent.lastElementChild;
    other && isLater(other);
    other = other.previousElementSibling
  )
    later = other;
  parent.insertBefore(made, later);
}

const formulaOf = (cell) => cell.getElementsByTagNameNS(MAIN, "f")[0]?.textContent ?? null;

function columnOf(cell) {
  let column = 0;
  for (const letter of cell.getAttribute("r").replace(/\d/g, ""))
    column = 26 * column + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** What a workbook shows for a number that may not be finite. */
function cached(block, x) {
  if (block.choices?.length && !block.word) return block.choices[x] ?? "";
  if (Number.isFinite(x)) return x;
  if (Number.isNaN(x)) return block.gap ? NO_POINT : block.blank ? "" : NO_NUMBER;
  if (block.endless) return Math.sign(x) * LARGEST;
  return block.infinite ? (x > 0 ? "infinite" : "-infinite") : NO_NUMBER;
}

/**
 * A state of its own with these inputs, at step 0: a workbook begins there, and takes the steps
 * itself.
 */
function started(told, inputs) {
  const state = new State(told);
  state.setInputs(inputs);
  return state;
}

/**
 * The inputs of the main sheet: as they start; where the workbook holds no run, as they are now.
 * @param {Object} told @param {State} page
 */
function inputsOf(told, page) {
  const carried = page.step ? page.carried.filter((name) => !(name in told.carried)) : [];
  return {
    ...page.start,
    ...Object.fromEntries(carried.map((name) => [name, page.program.blocks[name]])),
  };
}

/**
 * What the inputs of a sheet beside the main one repeat.
 * @param {Object} told
 * @param {State} main
 */
function repeated(told, main) {
  return Object.fromEntries(
    Object.entries(told.follows).map(([name, source]) => [name, main.program.blocks[source]]),
  );
}

/** How many rows a table of data has, those included that are still empty. */
const tall = (state) => state.rows + state.description.spare;

/** The empty rows below a table of data: a formula that shows nothing yet, or a cell to type in. */
function writeSpare(state, page, block, like) {
  const [[, left, top], held] = [block.address, state.rowCount(block.name)];
  for (let j = 0; j < block.shape[1]; j++)
    for (let i = held; i < tall(state); i++) {
      const cell = page.cell(top + i, left + j, like);
      if (!block.inSpare) {
        cell.removeAttribute("t");
        cell.replaceChildren();
        continue;
      }
      const formula = excelFormula(block.inSpare, i, j, tall(state)).slice(1);
      const last = block.repeats ? cached(block, state.value(block.name, held - 1, j)) : "";
      page.write(cell, formula, last);
    }
}

/** Every cell of the blocks; at the step that is shown, of those that are computed. */
function writeBlocks(state, worksheets, computedOnly = false) {
  for (const block of state.description.blocks) {
    if (computedOnly && "value" in block) continue;
    if (block.word) {
      writeChoice(state, worksheets, block);
      continue;
    }
    const [name, left, top] = block.address;
    const page = worksheets[name];
    const { rows, spare } = state.description;
    const isData = state.isData(block.name);
    const [held, wide] = [isData ? rows + spare : block.shape[0], block.shape[1]];
    const computed = block.excel && (block.linked || !state.start[block.name]);
    for (let j = 0; j < wide; j++) {
      const like = page.at(top, left + j);
      for (let i = 0; i < state.rowCount(block.name); i++) {
        const formula = computed ? excelFormula(block.excel, i, j, tall(state)).slice(1) : null;
        page.write(
          page.cell(top + i, left + j, like),
          formula,
          cached(block, state.value(block.name, i, j)),
        );
      }
      const filled = isData ? tall(state) : state.rowCount(block.name);
      for (let i = filled; i < held; i++) page.remove(top + i, left + j);
    }
    if (isData) writeSpare(state, page, block, page.at(top, left));
  }
}

/** The word that is chosen, and beside the formula that looks it up its number. */
function writeChoice(state, worksheets, block) {
  const [number, [worksheet, column, row]] = [state.value(block.name, 0, 0), block.word];
  worksheets[worksheet].say(row, column, block.choices[number]);
  worksheets[block.address[0]].remember(block.address[2], block.address[1], number);
}

/** The row numbers beside each group of data. */
function writeRowNumbers(state, worksheets) {
  for (const group of state.description.groups) {
    if (!group.blocks.some((name) => state.isData(name))) continue;
    const [name, left, top] = state.blocks[group.blocks[0]].address;
    const page = worksheets[name];
    const fixed = Math.max(
      0,
      ...group.blocks.filter((each) => !state.isData(each)).map((each) => state.rowCount(each)),
    );
    const like = page.at(top, left - 1);
    const rows = Math.max(fixed, tall(state));
    for (let i = 0; i < rows; i++) page.write(page.cell(top + i, left - 1, like), null, i + 1);
    const held = state.description.rows + state.description.spare;
    for (let i = rows; i < held; i++) page.remove(top + i, left - 1);
  }
}

/** The sentences, each in its row. */
function writeSentences(state, worksheets) {
  const [name, first] = state.description.said;
  const page = worksheets[name];
  state.said().forEach((text, k) => {
    const pieces = state.description.sentences[k].excel;
    const formula = excelFormula(pieces, 0, 0, tall(state)).slice(1);
    page.write(page.cell(first + k, 0), formula, text);
  });
  const { check, head } = state.description;
  if (head && check.length) {
    const formula = excelFormula(check, 0, 0, tall(state)).slice(1);
    page.write(worksheets.Story.at(head.checkRow, 0), formula, "");
  }
}

/** @param {number|null} x null: an empty cell @param {number} y NaN of one */
const isHeld = (x, y) => x === y || (x === null && Number.isNaN(y));

/** Which steps of the story the inputs are those of, at the start. */
function stepsSet(state) {
  const holds = (name, values) =>
    values === null
      ? state.start[name] === null
      : state.start[name] !== null &&
        values.length === state.program.blocks[name].length &&
        values.every((x, k) => isHeld(x, state.program.blocks[name][k]));
  const { story, defaults } = state.description.head;
  return story.map(({ inputs }) =>
    Object.entries({ ...defaults, ...inputs }).every(([name, values]) => holds(name, values)),
  );
}

/**
 * The top of the first worksheet: the story's step, what is said, large numbers, the step shown,
 * and what training has made of the inputs.
 * @param {boolean[]} isSet from stepsSet
 */
function writeHead(state, worksheets, isSet) {
  const { head, worksheet } = state.description;
  const page = worksheets[worksheet];
  const told = head.story.map(({ told, play }, k) =>
    isSet[k] && state.step >= play ? state.written(told) : "",
  );
  const now = Math.max(0, isSet.indexOf(true));
  head.story.forEach((step, k) => {
    if (step.told.length) worksheets.Story.remember(head.storyRow + k, 3, told[k]);
  });
  if (head.story.length) {
    page.remember(head.asked, 1, now + 1);
    page.remember(head.asked, 2, head.story[now].title);
    page.remember(head.question, 0, head.story[now].asked);
  }
  if (head.story.length || state.description.sentences.length)
    page.remember(head.said, 0, told[now] || state.said().filter(Boolean).join("\n"));
  for (const [name, row] of head.large)
    page.remember(row, 1, cached(state.blocks[name], state.value(name, 0, 0)));
  if (head.step) for (const row of [head.step, head.step + 1]) page.remember(row, 1, state.step);
  for (const [name, where, left, top] of head.now) {
    const wide = state.blocks[name].shape[1];
    for (let i = 0; i < state.rowCount(name); i++)
      for (let j = 0; j < wide; j++) {
        const value = cached(state.blocks[name], state.value(name, i, j));
        worksheets[where].remember(top + i, left + j, value);
      }
  }
}

// --- steps

// A row as it stands on a worksheet of steps. Absolute rows keep their $, names and texts are no
// references.
const REFERENCE = /"[^"]*"|(?<![\w.])(\$?[A-Z]{1,3})(\d+)(?![\w.(])/g;

/**
 * The formula so many rows further down, as a spreadsheet fills it.
 * @param {string} formula
 * @param {number} rows
 */
export function filledDown(formula, rows) {
  return formula.replace(REFERENCE, (all, column, row) =>
    column ? `${column}${Number(row) + rows}` : all,
  );
}

/**
 * Rows 0 to `steps`, or to the run's last one: the exported row of step 1, filled down. Leaves the
 * state at the last step.
 */
function writeSteps(state, steps, worksheets) {
  const told = state.description.steps;
  const page = worksheets[told.worksheet];
  for (const [name, column] of told.still) writeFlat(page, state, told.stillRow, column, name);
  writeStep(page, state, told.firstRow);
  const next = told.firstRow + 1;
  const row = told.row.flatMap(([, column, cells]) =>
    Array.from({ length: cells }, (_, k) => page.at(next, column + k)),
  );
  const models = [page.at(next, 0), ...row]
    .filter(Boolean)
    .map((cell) => ({ cell, column: columnOf(cell), formula: formulaOf(cell) }));
  for (let step = 1; step <= steps && state.forward(); step++) {
    for (const { cell, column, formula } of models)
      page.write(page.cell(told.firstRow + step, column, cell), filledDown(formula, step - 1), "");
    page.write(page.at(told.firstRow + step, 0), formulaOf(page.at(told.firstRow + step, 0)), step);
    writeStep(page, state, told.firstRow + step);
  }
  if (state.step === 0) for (const { column } of models) page.remove(next, column);
}

function writeStep(page, state, row) {
  for (const [name, column] of state.description.steps.row)
    writeFlat(page, state, row, column, name);
}

/** The values of a block's cells, which lie in one row and keep their formulas. */
function writeFlat(page, state, row, column, name) {
  const block = state.blocks[name];
  state.program.blocks[name].forEach((x, k) => {
    const cell = page.at(row, column + k);
    page.write(cell, formulaOf(cell), cached(block, x));
  });
}

// --- what speaks of ranges

/** Names, validation and charts speak of ranges of data rows: [as exported, as now]. */
function movedRanges(state) {
  return state.description.blocks
    .filter((block) => state.isData(block.name))
    .map((block) => {
      const [worksheet, left, top] = block.address;
      const { spare } = state.description;
      const range = (rows, dollar) => {
        const corners = [
          `${dollar}${columnName(left)}${dollar}${top}`,
          `${dollar}${columnName(left + block.shape[1] - 1)}${dollar}${top + rows + spare - 1}`,
        ];
        return corners[0] === corners[1] ? corners[0] : corners.join(":");
      };
      return { worksheet, of: (rows) => [range(rows, "$"), range(rows, "")] };
    });
}

const isChart = (path) => path.startsWith("xl/charts/chart");

function moveRanges(state, parts, paths) {
  for (const { worksheet, of } of movedRanges(state)) {
    const [[before, plainBefore], [after, plainAfter]] = [
      of(state.description.rows),
      of(state.rows),
    ];
    const inText = (path) =>
      (parts[path] = parts[path].replaceAll(`>${worksheet}!${before}<`, `>${worksheet}!${after}<`));
    inText("xl/workbook.xml");
    Object.keys(parts).filter(isChart).forEach(inText);
    parts[paths[worksheet]] = parts[paths[worksheet]].replaceAll(
      `sqref="${plainBefore}"`,
      `sqref="${plainAfter}"`,
    );
  }
}

/**
 * What charts say of steps 0 and 1 they say of all. What they remembered goes: they read their
 * cells.
 */
function moveCharts(parts, states) {
  for (const path of Object.keys(parts).filter(isChart)) {
    for (const { step, description } of states.filter((state) => state.description.steps)) {
      const { worksheet, firstRow } = description.steps;
      const exported = new RegExp(
        `<c:f>${worksheet}!\\$([A-Z]+)\\$${firstRow}:\\$\\1\\$${firstRow + 1}</c:f>`,
        "g",
      );
      const last = firstRow + step;
      const range = (_, column) =>
        [`$${column}$${firstRow}`, ...(step ? [`$${column}$${last}`] : [])].join(":");
      parts[path] = parts[path].replace(
        exported,
        (...found) => `<c:f>${worksheet}!${range(...found)}</c:f>`,
      );
    }
    parts[path] = parts[path].replace(/<c:numCache>.*?<\/c:numCache>/gs, "");
  }
}

/** Why the page's workbook cannot be written, or "". @param {Object} packed @param {State} page */
function refusal(packed, page) {
  const carries = packed.sheets.some(({ carried }) => Object.keys(carried).length);
  if (carries && page.rows !== page.description.rows) {
    return `This page cannot write steps for another number of rows: press Reset, or ${ELSEWHERE}.`;
  }
  if (carries && page.step && !packed.steps) {
    return (
      "This page cannot write steps, since from where it starts the first would no longer be" +
      ` finite: go to the start, or ${ELSEWHERE}.`
    );
  }
  const [{ steps, blocks }] = packed.sheets;
  const held = blocks.find(
    ({ name, value }) =>
      steps?.held.includes(name) && (value === null) !== (page.start[name] === null),
  );
  if (held)
    return (
      `This page cannot write steps once ${held.name} is typed over: press Reset, or` +
      ` ${ELSEWHERE}.`
    );
  const formulas = packed.sheets.reduce(
    (sum, told) => sum + told.formulas + page.step * (told.steps?.formulas || 0),
    0,
  );
  const [has, most] = [formulas, packed.mostFormulas].map((count) => count.toLocaleString("en"));
  return formulas > packed.mostFormulas
    ? `A workbook of these ${page.step} steps would have ${has} formulas, and at most ${most}` +
        " open well: go back to fewer steps."
    : "";
}

/**
 * The parts with the page's present numbers in them, and its steps so far.
 * @param {Object} packed from widgets/packed_workbook.py @param {State} page @returns
 *   {Object<string, string>}
 */
export function filled(packed, page) {
  const refused = packed.refusal || refusal(packed, page);
  if (refused) throw new Error(refused);
  const parts = { ...packed.parts };
  const book = new DOMParser().parseFromString(parts["xl/workbook.xml"], "application/xml");
  const names = Array.from(book.getElementsByTagNameNS(MAIN, "sheet"), (sheet) =>
    sheet.getAttribute("name"),
  );
  const paths = Object.fromEntries(
    names.map((name, k) => [name, `xl/worksheets/sheet${k + 1}.xml`]),
  );
  const worksheets = Object.fromEntries(
    names.map((name) => [name, new Worksheet(parts[paths[name]])]),
  );
  const [first, ...beside] = packed.sheets;
  const main = started(first, inputsOf(first, page));
  const states = [main, ...beside.map((told) => started(told, repeated(told, main)))];
  const isSet = stepsSet(main);
  for (const state of states) {
    writeBlocks(state, worksheets);
    writeRowNumbers(state, worksheets);
    writeSentences(state, worksheets);
  }
  if (!first.head.step) writeHead(main, worksheets, isSet);
  for (const state of states) if (state.description.steps) writeSteps(state, page.step, worksheets);
  if (first.head.step) {
    writeBlocks(main, worksheets, true);
    writeSentences(main, worksheets);
    writeHead(main, worksheets, isSet);
  }
  for (const name of names) parts[paths[name]] = worksheets[name].text;
  if (page.rows !== page.description.rows)
    for (const state of states) moveRanges(state, parts, paths);
  moveCharts(parts, states);
  return parts;
}

// --- the archive

const DEFLATED = 8; // how a file in it is packed

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function checksum(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** Little-endian numbers of 2 or 4 bytes. @param {...[number, number]} fields [value, bytes] */
function packed(...fields) {
  const bytes = new Uint8Array(fields.reduce((total, [, size]) => total + size, 0));
  let at = 0;
  for (const [value, size] of fields)
    for (let k = 0; k < size; k++) bytes[at++] = (value >>> (8 * k)) & 0xff;
  return bytes;
}

/**
 * Bytes as a zip archive packs them.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array>}
 */
async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * A zip archive of texts.
 * @param {Object<string, string>} parts
 * @returns {Promise<Blob>}
 */
export async function archive(parts) {
  const [files, directory] = [[], []];
  let offset = 0;
  for (const [path, text] of Object.entries(parts)) {
    const [name, bytes] = [new TextEncoder().encode(path), new TextEncoder().encode(text)];
    const stored = await deflated(bytes);
    /** @type {[number, number][]} */
    const about = [
      [20, 2],
      [0x0800, 2],
      [DEFLATED, 2],
      [0, 2],
      [33, 2],
      [checksum(bytes), 4],
      [stored.length, 4],
      [bytes.length, 4],
      [name.length, 2],
      [0, 2],
    ];
    files.push(packed([0x04034b50, 4], ...about), name, stored);
    directory.push(
      packed([0x02014b50, 4], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
      name,
    );
    offset += 30 + name.length + stored.length;
  }
  const size = directory.reduce((total, part) => total + part.length, 0);
  const count = Object.keys(parts).length;
  const end = packed(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [size, 4],
    [offset, 4],
    [0, 2],
  );
  return new Blob([...files, ...directory, end], {
    type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  });
}
