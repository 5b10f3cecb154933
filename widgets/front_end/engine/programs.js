// A sheet's program: its source, or the name under which a script file brought it
// (widgets/programs.py), where the page's host lets no text become a program.

/**
 * @param {string} program
 * @returns {(rows: number) => import("./description.js").Program}
 */
export function compiled(program) {
  /** @type {any} */
  const { gradsheetPrograms = {} } = globalThis;
  return gradsheetPrograms[program] ?? new Function(`return ${program}`)();
}
