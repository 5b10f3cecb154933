// Questions to the kernel, and its answers.

const PATIENCE = 8_000; // milliseconds until a kernel that does not answer is said to be gone
const WORK = 120_000; // for what takes its time where a class shares a server
const LOOK = 1_000; // milliseconds from look to look at the connection
const MOST_BROKEN = 3; // looks: a connection may be made again
const GONE = "Python does not answer; its kernel may have stopped. The page goes on without it.";
const ENDED = ["dead", "restarting", "autorestarting", "terminating"];
const WORKS = ["workbook", "parts", "open", "resize", "download", "bring", "recording"];

let last = 0; // question of any view: two views of a widget hear each other's answers

/**
 * @typedef {(kind: string, more?: Object<string, any>, buffers?: ArrayBuffer[]) => Promise<Answer>}
 *   Question
 * @typedef {Question & {end: () => void, gone: boolean, told: (text: string) => void}} Ask a
 *   question; `end` stops listening; `told` hears that the kernel is gone, or "" when it is back
 * @typedef {{content: any, buffers: any[]}} Answer
 */

/**
 * Tell when the kernel is gone, or its server, and when it is there again. Where a page's host
 * shows no kernel, only a question that is not answered tells.
 * @param {any} kernel as Jupyter's front ends have it
 * @param {(gone: boolean) => void} tell
 * @returns {() => void} stops watching
 */
function watch(kernel, tell) {
  let broken = 0;
  let ended = false; // once it was, its widgets are lost, even if another is started in its place
  let gone = false;
  const timer = kernel && setInterval(look, LOOK);
  function look() {
    ended ||= kernel.isDisposed || ENDED.includes(kernel.status);
    broken = kernel.connectionStatus === "connected" ? 0 : broken + 1;
    const now = ended || broken >= MOST_BROKEN;
    if (now !== gone) tell(now);
    gone = now;
  }
  return () => clearInterval(timer);
}

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
      const giveUp = () => {
        settled();
        reject(new Error(GONE));
      };
      const timer = setTimeout(giveUp, WORKS.includes(kind) ? WORK : PATIENCE);
      const look = setInterval(() => ask.gone && giveUp(), LOOK);
      const settled = () => {
        waiting.delete(number);
        clearTimeout(timer);
        clearInterval(look);
      };
      waiting.set(number, (content, found) => {
        settled();
        if (content.refusal) reject(new Error(content.refusal));
        else resolve({ content, buffers: found });
      });
      model.send({ kind, number, ...more }, undefined, buffers);
    });
  ask.gone = false;
  const end = watch(model.widget_manager?.kernel, (gone) => {
    ask.gone = gone;
    ask.told(gone ? GONE : "");
  });
  ask.told = () => {};
  ask.end = () => {
    model.off("msg:custom", hear);
    end();
  };
  return ask;
}
