// A grey picture that is an input is painted: the mouse, held down, goes from cell to cell. From a
// dark cell it leaves a light stroke, from a light one it wipes. A file with a picture, dropped on
// it, is taken in its size.

import { isInput } from "../engine/blocks.js";
import { cellOf } from "./grid.js";

// The brush: the cell itself, and its neighbours half as light.
const BRUSH = [
  [0, 0, 1],
  [-1, 0, 0.5],
  [1, 0, 0.5],
  [0, -1, 0.5],
  [0, 1, 0.5],
];

export class Painting {
  /**
   * @param {HTMLElement} node
   * @param {import("../engine/state.js").State} state
   * @param {(text: string) => void} say where refusals go
   */
  constructor(node, state, say) {
    this.state = state;
    this.say = say;
    this.held = null; // the cell where the mouse went down, or has come to
    this.isPainting = false;
    node.addEventListener("pointerdown", (event) => this.begin(event));
    node.addEventListener("pointermove", (event) => this.moved(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      node.addEventListener(end, () => (this.held = null));
    node.addEventListener("dragover", (event) => {
      if (this.cellAt(event.target)) event.preventDefault();
    });
    node.addEventListener("drop", (event) => this.dropped(event));
  }

  /** A picture's file becomes the picture it was dropped on. @param {DragEvent} event */
  async dropped(event) {
    const cell = this.cellAt(event.target);
    const file = event.dataTransfer.files[0];
    if (!cell || !file?.type.startsWith("image/")) return;
    event.preventDefault();
    event.stopPropagation(); // it is no workbook
    const { low, high, shape } = this.state.blocks[cell.name];
    try {
      const shares = await greysOf(file, Number(shape[0]), Number(shape[1]));
      const numbers = shares.map((share) => low + share * (high - low));
      this.state.setInputs({ [cell.name]: numbers }, 0);
    } catch {
      this.say(`Nothing was changed: ${file.name} is no picture that this browser can read.`);
    }
  }

  /** The cell of a picture that may be painted, or null. @param {any} target */
  cellAt(target) {
    const td = target.closest("td.gs-picture");
    if (!td) return null;
    const block = this.state.blocks[td.dataset.block];
    const open = isInput(block) && !this.state.locked.has(block.name);
    return open && block.shown === "grey" && block.high !== null ? cellOf(td) : null;
  }

  begin(event) {
    // a finger scrolls
    const pressed = event.button === 0 && event.pointerType !== "touch";
    this.held = pressed ? this.cellAt(event.target) : null;
    this.isPainting = false;
    if (!this.held) return;
    const { low, high } = this.state.blocks[this.held.name];
    this.wipes = this.valueAt(this.held) > (low + high) / 2;
  }

  moved(event) {
    const cell = this.held && this.cellAt(event.target);
    if (!cell || cell.name !== this.held.name) return;
    const [down, across] = [cell.row - this.held.row, cell.column - this.held.column];
    const steps = Math.max(Math.abs(down), Math.abs(across));
    if (!steps) return;
    const from = this.isPainting ? 1 : 0; // a press alone selects the cell, and paints nothing
    const painted = new Map();
    for (let k = from; k <= steps; k++) {
      const row = this.held.row + Math.round((down * k) / steps);
      const column = this.held.column + Math.round((across * k) / steps);
      this.dab(painted, cell.name, row, column);
    }
    this.isPainting = true;
    this.held = cell;
    this.state.setCells([...painted.values()]);
  }

  /** @param {Map<string, [string, number, number, number]>} painted by place */
  dab(painted, name, row, column) {
    const block = this.state.blocks[name];
    const { low, high, shape } = block;
    for (const [down, across, part] of BRUSH) {
      const place = { name, row: row + down, column: column + across };
      if (place.row < 0 || place.row >= shape[0]) continue;
      if (place.column < 0 || place.column >= shape[1]) continue;
      const key = `${place.row} ${place.column}`;
      const now = painted.get(key)?.[3] ?? this.valueAt(place);
      const value = this.wipes ? low : Math.max(now, low + part * (high - low));
      painted.set(key, [name, place.row, place.column, value]);
    }
  }

  valueAt({ name, row, column }) {
    return this.state.value(name, row, column);
  }
}

/**
 * A file's picture in so many rows and columns, whole and not stretched: how light each cell is, 0
 * to 1, row by row. What it does not fill is black.
 * @param {File} file @param {number} rows @param {number} columns
 */
async function greysOf(file, rows, columns) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(columns / picture.width, rows / picture.height);
  const [width, height] = [scale * picture.width, scale * picture.height];
  const paper = new OffscreenCanvas(columns, rows).getContext("2d");
  paper.fillRect(0, 0, columns, rows);
  paper.imageSmoothingQuality = "high";
  paper.drawImage(picture, (columns - width) / 2, (rows - height) / 2, width, height);
  const { data } = paper.getImageData(0, 0, columns, rows);
  const light = (k) => 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
  return Array.from({ length: rows * columns }, (_, cell) => light(4 * cell) / 255);
}
