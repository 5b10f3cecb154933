// Speaker notes: a second window for who teaches, which follows the page and takes the same keys.
// The class never sees it.

import { button, element, refusalLine, setText } from "../elements/elements.js";

const STYLE = [
  "body { margin: 0; padding: 1.2rem 1.6rem; background: #fff; color: #1a1a1a;",
  "  font: clamp(20px, 2.6vw, 34px)/1.4",
  '  system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }',
  "h1 { font-size: 1.15em; margin: 0; }",
  "h2 { font-size: 0.75em; margin: 1em 0 0; color: #555; }",
  "p { margin: 0.15em 0 0.35em; }",
  ".gs-spoken { border-left: 6px solid #0072b2; padding-left: 0.7em; margin-top: 0.8em; }",
  ".gs-spoken p { margin: 0 0 0.5em; }",
  ".gs-happened p:first-of-type { font-weight: 600; }",
  "footer { margin-top: 1.2em; color: #555; font-size: 0.7em; }",
].join("\n");
const WHILE_OPENING = 1000; // milliseconds
const BLOCKED =
  "The browser opened no second window. Allow pop-ups for this page, then press s again.";

/** As many paragraphs as texts, without those that are empty. */
function write(node, texts) {
  const lines = texts.filter(Boolean);
  while (node.children.length > lines.length) node.lastChild.remove();
  while (node.children.length < lines.length) node.append(element("p"));
  for (const [k, text] of lines.entries()) setText(node.children[k], text);
}

// by the sheet's name: a page made anew, for another size, takes over the window
const speakers = new Map();

/**
 * What the notes need of the page that they follow.
 * @typedef {Object} Spoken
 * @property {import("../engine/state.js").State} state
 * @property {import("../engine/description.js").Description} description
 * @property {HTMLElement} node
 * @property {{last: number|null, next: number}} story
 * @property {Object|null} transport null: the sheet takes no steps
 */

export class Speaker {
  /**
   * @param {Spoken} page
   * @param {(event: KeyboardEvent) => void} pressed a key in the second window
   * @param {string} keys in words
   */
  constructor(page, pressed, keys) {
    this.page = page;
    this.pressed = pressed;
    this.window = null;
    this.refusal = refusalLine();
    this.button = button("Speaker notes", () => this.open(), { class: "gs-speaker" });
    this.present = element("h1");
    this.question = element("div");
    this.notes = element("div", { class: "gs-spoken" });
    this.next = element("div");
    this.happened = element("div", { class: "gs-happened" });
    const part = (title, node) => element("section", {}, element("h2", { text: title }), node);
    const parts = [
      part("The question before it", this.question),
      part("What happened", this.happened),
      part("Next", this.next),
    ];
    this.node = element(
      "main",
      {},
      this.present,
      this.notes,
      ...parts,
      element("footer", { text: `Keys, here too: ${keys}.` }),
    );
    page.state.onChange(() => this.follow());
    this.leave = () => this.window?.close(); // what the page no longer follows would mislead
    window.addEventListener("pagehide", this.leave);
    const { name } = page.description;
    const before = speakers.get(name);
    speakers.set(name, this);
    if (before?.ended && before.opened) this.fill(before.window);
  }

  get opened() {
    return this.window !== null && !this.window.closed;
  }

  open() {
    this.openedAt = performance.now();
    const opened = window.open("", `${this.page.node.id}-notes`, "popup,width=900,height=800");
    setText(this.refusal, opened ? "" : BLOCKED);
    if (!opened) return;
    this.fill(opened);
    opened.focus();
  }

  /** Whether the window has only just opened: browsers then take the whole screen back. */
  get justOpened() {
    return this.opened && performance.now() - this.openedAt < WHILE_OPENING;
  }

  fill(opened) {
    this.window = opened;
    const { document: own } = opened;
    own.documentElement.lang = "en";
    own.head.replaceChildren(element("title", { text: `Notes: ${this.page.description.title}` }));
    const style = new opened.CSSStyleSheet(); // a style element a host may forbid
    style.replaceSync(STYLE);
    own.adoptedStyleSheets = [style];
    own.body.replaceChildren(this.node);
    own.onkeydown = this.pressed;
    this.draw();
  }

  /** In the second window's own time: the first may be covered by it, and then draws nothing. */
  follow() {
    if (!this.opened || this.scheduled) return;
    this.scheduled = true;
    this.window.requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.scheduled = false;
    const { state, story, description, transport } = this.page;
    const [now, next] = [story.last, story.next].map((k) =>
      k === null ? undefined : description.presets[k],
    );
    const step = transport ? `, step ${state.step}` : "";
    setText(this.present, (now ? `${story.last + 1}. ${now.title}` : "The opening") + step);
    const notes = state.written(now ? now.notes : description.opening).split("\n");
    write(this.notes, notes[0] || notes.length > 1 ? notes : ["There are no notes here."]);
    write(this.question, [now ? now.predict : ""]);
    write(
      this.next,
      next
        ? [`${story.next + 1}. ${next.title}`, next.predict]
        : ["This was the last step of the story."],
    );
    write(this.happened, state.said());
    for (const part of [this.question, this.happened])
      part.parentElement.hidden = part.children.length === 0;
  }

  end() {
    window.removeEventListener("pagehide", this.leave);
    this.ended = true;
    const heir = () => speakers.get(this.page.description.name);
    queueMicrotask(() => (heir().ended || heir().window !== this.window) && this.leave());
  }
}
