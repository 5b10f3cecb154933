// A block's Excel formula at one of its cells, from the pieces that Python sends.

/** A, B, ... Z, AA from 0. */
export function columnName(column) {
  let name = "";
  for (let j = column; j >= 0; j = Math.floor(j / 26) - 1)
    name = String.fromCharCode(65 + (j % 26)) + name;
  return name;
}

/**
 * `=...` for the cell in row i, column j, as the workbook has it. Mirrors targets/excel/formulas.py
 * `Corner.address`.
 */
export function excelFormula(pieces, i, j, rows) {
  const add = { "": 0, i, j, last: rows - 1 };
  const corner = ([row, rowWith, column, columnWith, rowTimes = 1, columnTimes = 1]) => {
    const letters = columnName(column + add[columnWith] * columnTimes);
    const number = row + add[rowWith] * rowTimes + 1;
    return `${columnWith === "j" ? "" : "$"}${letters}${rowWith === "i" ? "" : "$"}${number}`;
  };
  const address = ([worksheet, first, last]) => {
    const ends = [corner(first), ...(last ? [corner(last)] : [])];
    return (
      (worksheet ? `${worksheet}!` : "") +
      (ends.length === 1 || ends[0] === ends[1] ? ends[0] : ends.join(":"))
    );
  };
  return pieces.map((piece) => (typeof piece === "string" ? piece : address(piece))).join("");
}
