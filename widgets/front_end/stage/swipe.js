// A swipe over the words of a story walks it: to the left on, to the right back.

const LEAST = 60; // pixels across
const STEEPEST = 0.5; // of the way across, up or down: more is a scroll
const LONGEST = 800; // milliseconds
// Where a finger that goes across means something else.
const OTHERS = ".gs-charts, .gs-pictures, .gs-cells, .gs-key, .gs-transport, input, select";

/**
 * @param {HTMLElement} node
 * @param {{forward: () => void, back: () => void}} story
 */
export function walkBySwipe(node, story) {
  /** @type {{x: number, y: number, at: number}|null} */
  let start = null;
  const options = { passive: true };
  node.addEventListener(
    "touchstart",
    (event) => {
      const { touches, timeStamp } = event;
      const target = /** @type {Element} */ (event.target);
      const own = touches.length === 1 && !target.closest(OTHERS);
      start = own ? { x: touches[0].clientX, y: touches[0].clientY, at: timeStamp } : null;
    },
    options,
  );
  node.addEventListener(
    "touchend",
    (event) => {
      const { changedTouches, timeStamp } = event;
      if (!start || timeStamp - start.at > LONGEST) return;
      const across = changedTouches[0].clientX - start.x;
      const along = changedTouches[0].clientY - start.y;
      start = null;
      if (Math.abs(across) < LEAST || Math.abs(along) > STEEPEST * Math.abs(across)) return;
      if (across < 0) story.forward();
      else story.back();
    },
    options,
  );
}
