// The workbook that lies in a static page, with the page's own numbers written into it: inputs, cached values, more or fewer rows.
// Its parts are XML; only cells that the sheet's blocks own are touched. The workbook's own record (names, validation, charts) follows.

import { columnName, excelFormula } from "./formula_bar.js";

const NO_NUMBER = "#NUM!";
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/** @param {string} base64 gzip of a JSON object of the workbook's parts: path to text @returns {Promise<Object<string, string>>} */
export async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** One worksheet's cells by address; cells and rows are made where they are missing, in their order. */
class Worksheet {
  constructor(text) {
    this.document = new DOMParser().parseFromString(text, "application/xml");
    this.data = this.document.getElementsByTagNameNS(MAIN, "sheetData")[0];
    this.rows = new Map(Array.from(this.data.children, (row) => [Number(row.getAttribute("r")), row]));
    this.cells = new Map(Array.from(this.data.getElementsByTagNameNS(MAIN, "c"), (cell) => [cell.getAttribute("r"), cell]));
  }

  make(name, attributes = {}, text = null) {
    const node = this.document.createElementNS(MAIN, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  }

  row(number) {
    if (!this.rows.has(number)) {
      const row = this.make("row", { r: number });
      const later = Array.from(this.rows.keys()).filter((other) => other > number);
      this.data.insertBefore(row, later.length ? this.rows.get(Math.min(...later)) : null);
      this.rows.set(number, row);
    }
    return this.rows.get(number);
  }

  cell(row, column, like) {
    const address = `${columnName(column)}${row}`;
    if (!this.cells.has(address)) {
      const style = like && like.getAttribute("s");
      const made = this.make("c", { r: address, ...(style ? { s: style } : {}) });
      const line = this.row(row);
      const later = Array.from(line.children).find((other) => columnOf(other) > column);
      line.insertBefore(made, later || null);
      this.cells.set(address, made);
    }
    return this.cells.get(address);
  }

  remove(row, column) {
    const address = `${columnName(column)}${row}`;
    this.cells.get(address)?.remove();
    this.cells.delete(address);
  }

  /** @param {string|null} formula without `=` @param {number|string} value a number, a word, or an error such as #NUM! */
  write(cell, formula, value) {
    cell.removeAttribute("t");
    if (typeof value === "string") cell.setAttribute("t", value === NO_NUMBER && formula !== null ? "e" : "str");
    cell.replaceChildren(...(formula === null ? [] : [this.make("f", {}, formula)]), this.make("v", {}, String(value)));
  }

  /** Leave formulas without remembered values: a spreadsheet computes them when it opens the file. */
  forget() {
    for (const cell of this.cells.values()) if (cell.getElementsByTagNameNS(MAIN, "f").length) cell.getElementsByTagNameNS(MAIN, "v")[0]?.remove();
  }

  get text() {
    return XML + new XMLSerializer().serializeToString(this.document.documentElement);
  }
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

function columnOf(cell) {
  let column = 0;
  for (const letter of cell.getAttribute("r").replace(/\d/g, "")) column = 26 * column + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** What a workbook shows for a number that may not be finite. */
function cached(block, x) {
  if (Number.isFinite(x)) return x;
  return block.infinite && !Number.isNaN(x) ? (x > 0 ? "infinite" : "-infinite") : NO_NUMBER;
}

/** Every block as the inputs start: a workbook begins there, and takes the steps itself. */
function atTheStart(state) {
  if (!state.carried.length) return state.program.blocks;
  const program = state.compile(state.rows);
  for (const name of state.inputs) if (state.start[name] !== null) program.blocks[name].set(state.start[name]);
  for (const name in program.follows) program.follows[name] = state.start[name] === null;
  program.run();
  return program.blocks;
}

/** Every cell of the blocks. */
function writeBlocks(state, blocks, worksheets) {
  for (const block of state.description.blocks) {
    const [name, , top, left] = block.address;
    const page = worksheets[name];
    const [held, wide] = [state.isData(block.name) ? state.description.rows : block.shape[0], block.shape[1]];
    for (let j = 0; j < wide; j++) {
      const like = page.cells.get(`${columnName(left + j)}${top}`);
      for (let i = 0; i < state.rowCount(block.name); i++) {
        const formula = block.excel && !state.start[block.name] ? excelFormula(block.excel, i, j, state.rows).slice(1) : null;
        page.write(page.cell(top + i, left + j, like), formula, cached(block, blocks[block.name][i * wide + j]));
      }
      for (let i = state.rowCount(block.name); i < held; i++) page.remove(top + i, left + j);
    }
  }
}

/** The row numbers beside each group of data. */
function writeRowNumbers(state, worksheets) {
  for (const group of state.description.groups) {
    if (!group.blocks.some((name) => state.isData(name))) continue;
    const [name, , top, left] = state.blocks[group.blocks[0]].address;
    const page = worksheets[name];
    const fixed = Math.max(0, ...group.blocks.filter((each) => !state.isData(each)).map((each) => state.rowCount(each)));
    const like = page.cells.get(`${columnName(left - 1)}${top}`);
    const rows = Math.max(fixed, state.rows);
    for (let i = 0; i < rows; i++) page.write(page.cell(top + i, left - 1, like), null, i + 1);
    for (let i = rows; i < state.description.rows; i++) page.remove(top + i, left - 1);
  }
}

/** The sentences, on their worksheet and where the first worksheet repeats them. */
function writeSentences(state, worksheets) {
  state.said().forEach((text, k) => {
    const row = state.description.sentenceRow + k;
    const formula = excelFormula(state.description.sentences[k].excel, 0, 0, state.rows).slice(1);
    worksheets.Sheet.write(worksheets.Sheet.cell(row, 0), formula, text);
    for (const cell of worksheets.Start.cells.values()) {
      const repeated = cell.getElementsByTagNameNS(MAIN, "f")[0]?.textContent;
      if (repeated === `Sheet!$A$${row}&""`) worksheets.Start.write(cell, repeated, text);
    }
  });
}

/** Names, validation and charts speak of ranges of data rows: [as exported, as now]. */
function movedRanges(state) {
  return state.description.blocks
    .filter((block) => state.isData(block.name))
    .map((block) => {
      const [worksheet, , top, left] = block.address;
      const range = (rows, dollar) => {
        const corners = [`${dollar}${columnName(left)}${dollar}${top}`, `${dollar}${columnName(left + block.shape[1] - 1)}${dollar}${top + rows - 1}`];
        return corners[0] === corners[1] ? corners[0] : corners.join(":");
      };
      return { worksheet, of: (rows) => [range(rows, "$"), range(rows, "")] };
    });
}

function moveRanges(state, parts, paths) {
  for (const { worksheet, of } of movedRanges(state)) {
    const [[before, plainBefore], [after, plainAfter]] = [of(state.description.rows), of(state.rows)];
    const inText = (path) => (parts[path] = parts[path].replaceAll(`>${worksheet}!${before}<`, `>${worksheet}!${after}<`));
    inText("xl/workbook.xml");
    Object.keys(parts).filter((path) => path.startsWith("xl/charts/chart")).forEach(inText);
    parts[paths[worksheet]] = parts[paths[worksheet]].replaceAll(`sqref="${plainBefore}"`, `sqref="${plainAfter}"`);
  }
}

/**
 * The parts with the page's present numbers in them.
 * @param {Object<string, string>} exported @param {import("./state.js").State} state @returns {Object<string, string>}
 */
export function filled(exported, state) {
  if (state.carried.length && state.rows !== state.description.rows) {
    throw new Error("This page cannot write steps for another number of rows: press Reset, or download from the lesson in Voila or JupyterLab.");
  }
  const parts = { ...exported };
  const book = new DOMParser().parseFromString(parts["xl/workbook.xml"], "application/xml");
  const names = Array.from(book.getElementsByTagNameNS(MAIN, "sheet"), (sheet) => sheet.getAttribute("name"));
  const paths = Object.fromEntries(names.map((name, k) => [name, `xl/worksheets/sheet${k + 1}.xml`]));
  const worksheets = Object.fromEntries(names.map((name) => [name, new Worksheet(parts[paths[name]])]));
  writeBlocks(state, atTheStart(state), worksheets);
  writeRowNumbers(state, worksheets);
  writeSentences(state, worksheets);
  if (worksheets.Steps) worksheets.Steps.forget();
  for (const name of names) parts[paths[name]] = worksheets[name].text;
  if (state.rows !== state.description.rows) moveRanges(state, parts, paths);
  for (const path of Object.keys(parts).filter((each) => each.startsWith("xl/charts/chart"))) {
    parts[path] = parts[path].replace(/<c:numCache>.*?<\/c:numCache>/gs, ""); // what the chart remembered; it reads its cells
  }
  return parts;
}

// --- the archive

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
  for (const [value, size] of fields) for (let k = 0; k < size; k++) bytes[at++] = (value >>> (8 * k)) & 0xff;
  return bytes;
}

/** A zip archive of texts, stored as they are. @param {Object<string, string>} parts @returns {Blob} */
export function archive(parts) {
  const [files, directory] = [[], []];
  let offset = 0;
  for (const [path, text] of Object.entries(parts)) {
    const [name, bytes] = [new TextEncoder().encode(path), new TextEncoder().encode(text)];
    const about = [[20, 2], [0x0800, 2], [0, 2], [0, 2], [33, 2], [checksum(bytes), 4], [bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]];
    files.push(packed([0x04034b50, 4], ...about), name, bytes);
    directory.push(packed([0x02014b50, 4], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), name);
    offset += 30 + name.length + bytes.length;
  }
  const size = directory.reduce((total, part) => total + part.length, 0);
  const count = Object.keys(parts).length;
  const end = packed([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [offset, 4], [0, 2]);
  return new Blob([...files, ...directory, end], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
}
