// What a block of the description is, and where its numbers stand: they are listed row by row.

/**
 * What tells a block's shape: a block of the page, or one of the workbook in a static page.
 * @typedef {{shape: [number|"rows", number], value?: (number|null)[]|null}} Shaped
 */

/** Whether it is an input; all others are computed. @param {Shaped} block */
export const isInput = (block) => block.value !== undefined;

/** Whether it has as many rows as there are data. @param {Shaped} block */
export const isData = (block) => block.shape[0] === "rows";

/** Whether it is one number. @param {Shaped} block */
export const isSingle = (block) => block.shape.every((length) => length === 1);

/**
 * Row and column of the block's number k.
 * @param {Shaped} block
 * @param {number} k
 * @returns {[number, number]}
 */
export const placeOf = ({ shape: [, columns] }, k) => [Math.floor(k / columns), k % columns];

/**
 * The block's numbers in a list for each row.
 * @template Item
 * @param {Shaped} block
 * @param {Item[]} numbers
 */
export function inRows({ shape: [, columns] }, numbers) {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    numbers.slice(row * columns, (row + 1) * columns),
  );
}
