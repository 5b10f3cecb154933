// Settings by link: the page's state in its address, and what a class sees and may change.

import { button, element, panel, setText } from "../elements/elements.js";
import { addressWith, linkOf, readLink, startOf } from "../engine/address.js";
import { isInput } from "../engine/blocks.js";

/**
 * What a link needs of its page.
 * @typedef {Object} Linked
 * @property {import("../engine/state.js").State} state
 * @property {HTMLElement} node
 * @property {{address: boolean}} host whether the address bar is this page's
 * @property {{last: number|null, show: (k: number|null) => void, hidden: boolean}} story
 * @property {(sizes: Object<string, number>) => string[]} otherSizes that differ here
 * @property {(sizes: Object<string, number>) => Promise<{share: Share}>} sized the page of these
 * @property {() => void} draw
 * @property {{fit: () => void, project: (on: boolean) => void}} stage
 */

const MOST_SAID = 10; // of what a link got wrong
const MODE = "projector";
const sentenceOf = (text) =>
  text.startsWith("there is")
    ? `In the link: ${text}. It was left out.`
    : `The link's ${text}. It was left out.`;

export class Share {
  /**
   * @param {Linked} page
   * @param {Share} [before] of the page whose place this one takes
   */
  constructor(page, before) {
    this.page = page;
    this.state = page.state;
    this.born = before ? before.born : page.state.sizes; // the sizes that the page was opened with
    /** Names of parts to hide or lock; mode. @type {Object<string, string[]>} */
    this.looks = { hide: [], lock: [] };
    this.style = new CSSStyleSheet(); // a style element a host may forbid
    this.note = element("p", { class: "gs-note", role: "status" });
    this.field = element("input", {
      type: "text",
      class: "gs-link",
      readonly: true,
      "aria-label": "Link to this page",
      hidden: true,
    });
    this.button = button("Copy link", () => this.copy());
    this.refusals = element("div", { class: "gs-refusal", role: "alert" });
    this.builder = panel("link", "A link for a class");
    this.builder.classList.add("gs-share");
    // made when it is looked at for the first time
    this.builder.addEventListener("gs-shown", () => {
      if (!this.builder.children.length) this.builder.append(...this.boxes());
    });
  }

  /** The only sheet on its page: then names need no sheet in front. */
  get alone() {
    return document.querySelectorAll("article.gradsheet").length === 1;
  }

  get address() {
    const link = linkOf(this.state, this.page.story.last, this.looks, this.born);
    return `#${addressWith(this.state.description, location.hash, link, this.alone)}`;
  }

  /**
   * Take over what the page was opened with, and follow when another link is opened in its place.
   * @param {Share} [before]
   */
  open(before) {
    if (before) this.apply(before.looks);
    if (!this.page.host.address) return;
    // a reloaded page goes on, and Reset still leads to its link
    this.opened = before ? before.opened : (history.state?.gradsheet ?? location.hash);
    if (!before && location.hash) this.read(location.hash);
    this.listener = () => {
      this.opened = location.hash;
      this.read(location.hash);
    };
    window.addEventListener("hashchange", this.listener);
  }

  /**
   * @param {string} address
   * @param {string[]} [mode] how the page is shown, in place of what the address says
   */
  async read(address, mode) {
    const { state } = this;
    const found = readLink(state.description, address, this.alone);
    const wanted = { ...this.born };
    for (const name in state.sizes) {
      if (name in found.inputs) [wanted[name]] = found.inputs[name];
      delete found.inputs[name];
    }
    if (this.page.otherSizes(wanted).length) {
      this.reading = true; // the address stays as it is
      try {
        return (await this.page.sized(wanted)).share.read(address, mode);
      } catch (error) {
        found.refused.push(error.message.replace(/\.$/, ""));
      }
      this.reading = false;
    }
    state.locked = new Set(); // a lock holds against everything but the link
    state.setInputs({ ...startOf(state.description, null), ...found.inputs }, found.step);
    this.page.story.show(found.preset);
    const unknown = this.apply(mode ? { ...found.looks, mode } : found.looks);
    this.refuse([...found.refused, ...unknown]);
  }

  refuse(refused) {
    const said = refused
      .slice(0, MOST_SAID)
      .map((text) => element("p", { text: sentenceOf(text) }));
    const more = refused.length - said.length;
    if (more) said.push(element("p", { text: `${more} more parts of the link were left out.` }));
    this.refusals.replaceChildren(...said);
  }

  /** Write the state into the address bar, once it has come to rest. */
  settled() {
    if (this.opened === undefined || this.reading) return;
    if (this.address !== (location.hash || "#"))
      history.replaceState({ gradsheet: this.opened }, "", this.address);
  }

  async copy() {
    // A page that is one person's own says where others find the lesson.
    /** @type {HTMLMetaElement|null} */
    const shared = document.querySelector('meta[name="gradsheet-shared"]');
    const lesson = shared?.content ?? location.href;
    const link = new URL(lesson, location.href).href.replace(/#.*/, "") + this.address;
    this.field.value = link;
    try {
      await navigator.clipboard.writeText(link);
      setText(this.note, "The link is copied.");
    } catch {
      this.field.hidden = false; // a browser that lets no page write to the clipboard
      this.field.select();
      setText(this.note, "Copy the link from the field.");
    }
  }

  // --- what a class sees and may change

  /** What can be hidden, [name, label], and what can be locked. */
  parts() {
    const { description, inputs } = this.state;
    const labels = (blocks) => blocks.map((block) => [block.name, block.words]);
    const shown = [
      ...(description.presets.length ? [["presets", "The story"]] : []),
      ...(description.predictions.length ? [["predictions", "Predict, then reveal"]] : []),
      ...(description.exercises.length ? [["exercises", "Exercises"]] : []),
      ...(inputs.length ? [["compare", "A and B"]] : []),
      ...description.groups.map((group, k) => [`group-${k + 1}`, group.title]),
      ...description.charts.map((chart, k) => [`chart-${k + 1}`, `Chart: ${chart.title}`]),
      ...labels(description.blocks),
    ];
    return { hide: shown, lock: labels(description.blocks.filter(isInput)) };
  }

  boxes() {
    const box = (look, [name, label]) => {
      const ticked = element("input", {
        type: "checkbox",
        checked: (this.looks[look] || []).includes(name),
      });
      ticked.addEventListener("change", () => this.tick(look, name, ticked.checked));
      return element("label", {}, ticked, ` ${label}`);
    };
    const { blocks } = this.state;
    const made = Object.entries(this.parts()).map(([look, parts]) => {
      const boxes = (wanted) => parts.filter(wanted).map((part) => box(look, part));
      const first = ([name]) => !blocks[name] || blocks[name].control;
      const single = boxes((part) => !first(part));
      const summary = element("summary", { text: "Single columns and numbers" });
      return element(
        "fieldset",
        {},
        element("legend", { text: look === "hide" ? "Hide from the class" : "Show, but lock" }),
        ...boxes(first),
        single.length ? element("details", {}, summary, ...single) : "",
      );
    });
    const words =
      "The link holds the numbers as they stand now; Reset leads back to them." +
      " A hidden part stays out of sight, not out of reach.";
    return [element("p", { class: "gs-note", text: words }), ...made];
  }

  tick(look, name, on) {
    const others = (this.looks[look] || []).filter((other) => other !== name);
    this.apply({ ...this.looks, [look]: on ? [...others, name] : others });
    this.settled();
  }

  /**
   * @param {Object<string, string[]>} looks
   * @returns {string[]} what is unknown of them, in words
   */
  apply(looks) {
    const known = Object.fromEntries(
      Object.entries(this.parts()).map(([look, parts]) => [look, parts.map(([name]) => name)]),
    );
    this.looks = { ...looks };
    for (const look of ["hide", "lock"])
      this.looks[look] = (looks[look] || []).filter((name) => known[look].includes(name));
    known.mode = [MODE];
    const unknown = Object.entries(looks).flatMap(([look, names]) =>
      names
        .filter((name) => !known[look].includes(name))
        .map((name) => `${look} names '${name}', which there is not here`),
    );
    const projected = (looks.mode || []).includes(MODE);
    this.page.node.toggleAttribute("data-projector", projected);
    this.page.stage.project(projected);
    const hidden = this.looks.hide.map(
      (name) => `#${this.page.node.id} :is([data-part="${name}"], [data-block="${name}"])`,
    );
    this.adopt(hidden.length ? `${hidden.join(",\n")} { display: none !important; }` : "");
    this.state.locked = new Set(this.looks.lock);
    this.page.story.hidden = this.looks.hide.includes("presets");
    this.page.stage.fit();
    this.page.draw();
    return unknown;
  }

  /** Rules for this page alone; marimo has it in a shadow root. @param {string} rules */
  adopt(rules) {
    this.style.replaceSync(rules);
    const root = /** @type {Document|ShadowRoot} */ (this.page.node.getRootNode());
    const others = (root.adoptedStyleSheets || []).filter((sheet) => sheet !== this.style);
    if (root.adoptedStyleSheets) root.adoptedStyleSheets = rules ? [...others, this.style] : others;
  }

  end() {
    this.adopt("");
    if (this.listener) window.removeEventListener("hashchange", this.listener);
  }
}
