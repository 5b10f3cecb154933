// Runs in every measured page, ours and the other's, before the page's own scripts. It does nothing
// until it is asked.

/**
 * From each key press, as the browser stamped it, to the end of the frame in which both what is
 * watched has changed and is painted.
 * @param {string} number what selects the element whose text must change
 * @param {string} path what selects the chart's line, whose `d` must change
 * @returns {number[]} milliseconds, one for each key press that changed both; filled as keys are
 *   pressed
 */
window.watchPainting = (number, path) => {
  const look = () => [
    document.querySelector(number)?.textContent,
    document.querySelector(path)?.getAttribute("d"),
  ];
  const found = [];
  let pressed = null;
  let before = null;
  window.addEventListener(
    "keydown",
    (event) => ([pressed, before] = [event.timeStamp, look()]),
    true,
  );
  new MutationObserver(() => {
    if (pressed === null) return;
    const after = look();
    if (after[0] === before[0] || after[1] === before[1]) return;
    const start = pressed;
    pressed = null;
    // A new resize observer is called at the next layout: this frame's, where the change was made
    // in an animation frame, or else the next one's. The message that it sends arrives after that
    // frame is painted.
    const frame = new ResizeObserver(() => {
      frame.disconnect();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => found.push(performance.now() - start);
      port2.postMessage(0);
    });
    frame.observe(document.body);
  }).observe(document.body, {
    attributes: true,
    attributeFilter: ["d"],
    childList: true,
    characterData: true,
    subtree: true,
  });
  return found;
};

/**
 * Where the time of each redraw goes: the work in the input event's listeners (recalculation), the
 * page's own measure
 * `gradsheet:update`, and the time until the last line or point of a chart was moved, if that came
 * after the measure's end. What is
 * moved two frames later is no part of it.
 * @returns {{handled: number, measured: number, drawn: number, late: boolean}[]} milliseconds;
 *   filled as inputs change
 */
window.watchUpdates = () => {
  const found = [];
  let [start, handled, one] = [0, null, null];
  const moved = new MutationObserver(() => {
    if (one) [one.drawn, one.late] = [performance.now() - one.start, true];
  });
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    moved.observe(plot, {
      attributes: true,
      attributeFilter: ["d", "transform"],
      childList: true,
      subtree: true,
    });
  }
  window.addEventListener("input", () => (start = performance.now()), true);
  window.addEventListener("input", () => (handled = performance.now() - start));
  const measure = performance.measure.bind(performance);
  performance.measure = (name, options) => {
    const entry = measure(name, options);
    if (name === "gradsheet:update" && handled !== null) {
      moved.takeRecords(); // what was moved by now is inside the measure; anything else comes later
      const mine = {
        handled,
        measured: entry.duration,
        drawn: entry.duration,
        late: false,
        start: entry.startTime,
      };
      [one, handled] = [mine, null];
      found.push(mine);
      requestAnimationFrame(() => requestAnimationFrame(() => (one = one === mine ? null : one)));
    }
    return entry;
  };
  return found;
};

/**
 * How a page opens, by its clock, in milliseconds since its address was opened: when the slider is
 * there, when a number first changes from
 * what it was at its first showing, and when the charts' lines stand.
 * @param {string} slider what selects the slider
 * @param {string} number what selects the element with the number
 * @param {string} path what selects the charts' lines
 * @param {number} lines how many there are in all
 * @returns {{shown: number|null, answer: number|null, charts: number|null}}
 */
window.watchOpening = (slider, number, path, lines) => {
  const opening = { shown: null, answer: null, charts: null };
  const text = () => document.querySelector(number)?.textContent || null;
  let first = null;
  const timer = setInterval(() => {
    first = first ?? text();
    if (opening.shown === null && document.querySelector(slider)) opening.shown = performance.now();
    if (opening.answer === null && text() !== null && text() !== first)
      opening.answer = performance.now();
    if (opening.charts === null && document.querySelectorAll(path).length >= lines)
      opening.charts = performance.now();
    if (opening.answer !== null && opening.charts !== null) clearInterval(timer);
  }, 5);
  return opening;
};
