// Presenting to a class: full screen, type for the back row, and a key for each move.

import { button, element, focused, isShortcut, take } from "../elements/elements.js";
import { Speaker } from "./speaker.js";

/**
 * What a presentation needs of its page: what its keys do, and what its notes follow.
 * @typedef {import("./speaker.js").Spoken & {
 *   story: import("../stage/story.js").Story,
 *   stage: import("../stage/stage.js").Stage,
 *   transport: import("../stage/transport.js").Transport|null,
 *   predictions: {reveal: () => void},
 *   presenter: Presenter,
 *   reset: () => Promise<any>,
 *   share: import("./share.js").Share,
 * }} Presented
 */

/** @type {[key: string, what: string, act: (page: Presented) => void][]} */
const KEYS = [
  ["n", "what comes next in the story", (page) => page.story.forward()],
  ["p", "back to the step before", (page) => page.story.back()],
  [" ", "play, pause, or what comes next", (page) => goOn(page)],
  ["1", "enlarge the first chart, and back", (page) => page.stage.enlarge(0)],
  ["2", "enlarge the second chart, and back", (page) => page.stage.enlarge(1)],
  [".", "one step on", (page) => page.transport?.move(1)],
  [",", "one step back", (page) => page.transport?.move(-1)],
  ["a", "reveal the locked answer", (page) => page.predictions.reveal()],
  ["r", "reset", (page) => page.reset()],
  ["z", "enlarge the cells, or the chart that has the focus, and back", (p) => p.presenter.zoom()],
  [
    "s",
    "speaker notes, in a window that the class does not see",
    (page) => page.presenter.speaker.open(),
  ],
  ["?", "these keys", (page) => page.presenter.help()],
  ["Escape", "end the presentation", (page) => page.presenter.stop()],
];
const NAMES = { " ": "Space", Escape: "Esc", n: "n, →, Page Down", p: "p, ←, Page Up" };
// keys of a clicker, and arrows
const ALSO = { ArrowRight: "n", PageDown: "n", ArrowLeft: "p", PageUp: "p" };
const MOVES = "input, select, textarea, td, [role=slider]"; // what arrows move by itself

/** Play where there is a run to be seen, or else the next step. @param {Presented} page */
function goOn({ story, transport }) {
  const runs = transport && story.moved && (!story.scene.play || isBefore(story));
  if (runs || transport?.playing) transport.toggle();
  else story.forward();
}

/** @param {import("../stage/story.js").Story} story */
const isBefore = ({ scene, state }) => state.step < scene.play && !state.isStopped;

// where a key is a letter
const TYPING = "input:not([type=range]):not([type=checkbox]), select, textarea";

export class Presenter {
  /**
   * @param {Presented} page
   * @param {Presenter} [before] of the page whose place this one takes
   */
  constructor(page, before) {
    this.page = page;
    this.entered = before?.entered;
    const rows = KEYS.map(([key, what]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("kbd", { text: NAMES[key] || key })),
        element("td", { text: what }),
      ),
    );
    const close = button("Close", () => this.sheet.close());
    this.sheet = element(
      "dialog",
      { class: "gs-keys", "aria-label": "Keys" },
      element("table", {}, ...rows),
      close,
    );
    page.node.append(this.sheet);
    this.speaker = new Speaker(
      page,
      (event) => this.act(event),
      KEYS.map(([key, what]) => `${NAMES[key] || key} ${what}`).join(", "),
    );
    this.pressed = (event) => this.press(event);
    document.addEventListener("keydown", this.pressed, true);
    this.left = () => document.fullscreenElement === null && this.entered && this.leftWholeScreen();
    document.addEventListener("fullscreenchange", this.left);
  }

  get on() {
    return this.page.node.hasAttribute("data-projector");
  }

  /** Presenting, with the whole screen where the browser gives it. */
  start() {
    if (this.on) return this.stop();
    this.show(true);
    this.takeWholeScreen();
  }

  takeWholeScreen() {
    this.page.node.parentElement.requestFullscreen?.().then(
      () => (this.entered = true),
      () => {},
    ); // refused inside some frames: large type is enough
  }

  /**
   * By the reader, who ends the presentation; or by the browser, which takes the whole screen back
   * when the notes open.
   */
  leftWholeScreen() {
    this.entered = false;
    this.wanted = this.speaker.justOpened;
    if (!this.wanted) this.stop();
  }

  stop() {
    this.zoom(null);
    this.show(false);
    this.entered = this.wanted = false;
    if (document.fullscreenElement) document.exitFullscreen();
  }

  show(on) {
    const { share } = this.page;
    share.apply({ ...share.looks, mode: on ? ["projector"] : [] });
    share.settled();
  }

  help() {
    if (this.sheet.open) this.sheet.close();
    else this.sheet.showModal();
  }

  /** A chart, or the step's cells, fill the page; null: nothing does. */
  zoom(node = focused(this.page.node)?.closest(".gs-chart") || this.page.stage.largest()) {
    const zoomed = this.page.node.querySelector(".gs-zoomed");
    if (zoomed) zoomed.classList.remove("gs-zoomed");
    else if (node) node.classList.add("gs-zoomed");
  }

  press(event) {
    if (isShortcut(event) || (!this.on && event.key !== "?")) return;
    if (
      !this.page.node.contains(focused(this.page.node)) &&
      document.activeElement !== document.body
    )
      return;
    // not event.target, which does not look into a shadow root
    const target = /** @type {Element} */ (event.composedPath()[0]);
    if (target.closest?.(TYPING) || (this.sheet.open && event.key !== "?")) return;
    if (this.wanted && event.key !== "Escape") {
      this.wanted = false;
      this.takeWholeScreen();
    }
    this.act(event);
  }

  act(event) {
    const arrow = event.key.startsWith("Arrow");
    const target = /** @type {Element} */ (event.composedPath?.()[0] || event.target);
    if (isShortcut(event) || (arrow && target.closest?.(MOVES))) return;
    const found = KEYS.find(([key]) => key === (ALSO[event.key] || event.key));
    if (!found) return;
    take(event);
    found[2](this.page);
  }

  end() {
    this.speaker.end();
    document.removeEventListener("keydown", this.pressed, true);
    document.removeEventListener("fullscreenchange", this.left);
  }
}
