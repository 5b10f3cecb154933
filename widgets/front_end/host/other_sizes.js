// The sheets of other sizes that lie in a static page, packed until one is asked for.

import { takenOut, unpacked } from "../engine/packing.js";
import { textOf } from "./held.js";

const HELP =
  "Another one needs Python: open the lesson in Voila or JupyterLab, or make a page with";

const each = (sizes, text) => Object.entries(sizes).map(([name, size]) => text(name, size));

/** width 8, layers 3 */
export const inWords = (sizes) => each(sizes, (name, size) => `${name} ${size}`).join(", ");

const needsPython = (sizes) =>
  `${HELP} ${each(sizes, (name, size) => `--set ${name}=${size}`).join(" ")}.`;

export class OtherSizes {
  /**
   * @param {Object} description the page's own
   * @param {HTMLElement|null} held the others, from widgets/static_page.py
   */
  constructor(description, held) {
    this.own = description;
    this.held = held;
    // of each size, on this sheet or another
    this.values = JSON.parse(held?.dataset.values || "{}");
    this.sizes = [
      Object.fromEntries(
        description.blocks
          .filter((block) => block.isSize)
          .map((block) => [block.name, block.value[0]]),
      ),
    ];
  }

  async unpack() {
    if (!this.held || this.told) return;
    this.told = await unpacked(await textOf(this.held));
    this.sizes.push(...this.told.sizes);
  }

  /** Sheet k, whose sliders of sizes stop where there is a sheet. */
  description(k) {
    const description = k ? takenOut(this.told.merged, k - 1, this.told.ways) : this.own;
    for (const block of description.blocks) if (block.isSize) block.held = this.values[block.name];
    return description;
  }

  /**
   * The place of the sheet with these sizes, or (near) of one with few others changed too, which
   * `note` then says.
   * @param {Object<string, number>} now the sizes of the page @param {Object<string, number>}
   *   changed @param {boolean} near
   */
  find(now, changed, near) {
    const [name, ...more] = Object.keys(changed);
    if (!more.length && !this.values[name]?.includes(changed[name]))
      throw new Error(this.without(name, changed[name]));
    const wanted = { ...now, ...changed };
    const differing = (sizes) =>
      Object.keys(sizes).filter((name) => name in wanted && sizes[name] !== wanted[name]);
    const possible = this.sizes.filter(
      (sizes) => !differing(sizes).some((name) => name in changed),
    );
    const [found] = possible.sort((a, b) => differing(a).length - differing(b).length);
    const others = found ? differing(found) : [];
    const refusal = `${inWords(wanted)} are not together on this page. ${needsPython(wanted)}`;
    if (!found || (others.length && !near)) throw new Error(refusal);
    const instead = others.map((name) => `${name} is ${found[name]}`).join(", ");
    return { k: this.sizes.indexOf(found), note: instead && `${refusal} So ${instead}.` };
  }

  without(name, size) {
    const values = this.values[name] || [this.sizes[0][name]];
    const here = `${name} ${size} is not on this page, which has ${values.join(", ")}.`;
    return `${here} ${needsPython({ [name]: size })}`;
  }
}
