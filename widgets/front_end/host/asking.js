// Questions to the kernel, and its answers.

const PATIENCE = 8_000; // milliseconds until a kernel that does not answer is said to be gone
const WORK = 120_000; // for what takes its time where a class shares a server
const WORKS = ["workbook", "open", "resize", "download", "bring", "recording"];

let last = 0; // question of any view: two views of a widget hear each other's answers

/**
 * @typedef {(kind: string, more?: Object<string, any>, buffers?: ArrayBuffer[]) => Promise<Answer>}
 *   Question
 * @typedef {Question & {end: () => void}} Ask a question; `end` stops listening
 * @typedef {{content: any, buffers: any[]}} Answer
 */

/**
 * Ask the kernel; its answer carries the same number.
 * @param {any} model anywidget's
 * @returns {Ask}
 */
export function asker(model) {
  const waiting = new Map();
  const hear = (content, buffers) => {
    const settle = waiting.get(content.number);
    if (settle) settle(content, buffers);
  };
  model.on("msg:custom", hear);
  /** @type {any} */
  const ask = (kind, more = {}, buffers = []) =>
    new Promise((resolve, reject) => {
      const number = `${kind} ${++last} ${Math.random()}`;
      const timer = setTimeout(
        () => {
          waiting.delete(number);
          reject(
            new Error(
              "Python does not answer; its kernel may have stopped. The page goes on without it.",
            ),
          );
        },
        WORKS.includes(kind) ? WORK : PATIENCE,
      );
      waiting.set(number, (content, found) => {
        waiting.delete(number);
        clearTimeout(timer);
        if (content.refusal) reject(new Error(content.refusal));
        else resolve({ content, buffers: found });
      });
      model.send({ kind, number, ...more }, undefined, buffers);
    });
  ask.end = () => model.off("msg:custom", hear);
  return ask;
}
