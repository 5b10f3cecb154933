// A grey picture that is an input is painted: the mouse, held down, goes from cell to cell. From a
// dark cell it leaves a light stroke, from a light one it wipes.

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
   */
  constructor(node, state) {
    this.state = state;
    this.held = null; // the cell where the mouse went down, or has come to
    this.isPainting = false;
    node.addEventListener("pointerdown", (event) => this.begin(event));
    node.addEventListener("pointermove", (event) => this.moved(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      node.addEventListener(end, () => (this.held = null));
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
