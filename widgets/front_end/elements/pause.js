// When a page may do what takes long: somebody is there, and does nothing for a moment. Until then
// it answers at once.

const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];
const PAUSE = 100; // milliseconds without a sign
const LATEST = 5_000; // milliseconds, where nobody came
const BUSY = 1_000; // milliseconds that a page may be busy then

/** @returns {Promise<void>} */
export function pause() {
  return new Promise((done) => {
    const over = () => {
      for (const sign of SIGNS) window.removeEventListener(sign, seen, true);
      done(idle());
    };
    let timer = setTimeout(over, LATEST);
    const seen = () => {
      clearTimeout(timer);
      timer = setTimeout(over, PAUSE);
    };
    for (const sign of SIGNS) window.addEventListener(sign, seen, { capture: true, passive: true });
  });
}

/** Until the page has nothing else to do. @returns {Promise<void>} */
export const idle = () =>
  new Promise((done) => {
    if (window.requestIdleCallback) requestIdleCallback(() => done(), { timeout: BUSY });
    else setTimeout(done);
  });
