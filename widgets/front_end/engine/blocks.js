// What a block of the description is, and where its numbers stand: they are listed row by row.

export const isInput = (block) => block.value !== undefined; // all others are computed
export const isData = (block) => block.shape[0] === "rows"; // as many rows as there are data
export const isSingle = (block) => block.shape.every((length) => length === 1);

/** Row and column of the block's number k. */
export const placeOf = ({ shape: [, columns] }, k) => [Math.floor(k / columns), k % columns];

/** The block's numbers in a list for each row. @param {any[]} numbers */
export function inRows({ shape: [, columns] }, numbers) {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    numbers.slice(row * columns, (row + 1) * columns),
  );
}
