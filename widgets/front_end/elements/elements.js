// One way to make an element, and to write into it.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Object<string, any>} properties attributes; `on...` are listeners, `text` is text
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else if (name === "style")
      made.style.cssText = value; // as an attribute, a host may forbid it
    else if (value !== undefined && value !== null && value !== false)
      made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/**
 * @param {string} text
 * @param {(event: Event) => void} onclick
 * @param {Object} [more] properties
 */
export function button(text, onclick, more = {}) {
  return element("button", { type: "button", text, onclick, ...more });
}

/**
 * Where a number is typed.
 * @param {string} label for a screen reader
 * @param {Object} [more] properties
 */
export function numberField(label, more = {}) {
  return element("input", {
    type: "text",
    inputmode: "decimal",
    class: "gs-field",
    "aria-label": label,
    autocomplete: "off",
    ...more,
  });
}

/** What is refused, said at once. */
export const refusalLine = () => element("p", { class: "gs-refusal", role: "alert" });

/**
 * A part of the page below the stage, which a button shows.
 * @param {string} part by which a link hides it
 * @param {string} title
 * @param {...(Node|string)} children
 */
export function panel(part, title, ...children) {
  return element(
    "section",
    { class: "gs-panel", "data-part": part, "data-title": title },
    ...children,
  );
}

/**
 * Mark and label of a block, in the colour of its role.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {import("../engine/state.js").State} state
 * @param {import("../engine/description.js").Block} block
 * @param {Tag} tag
 * @param {Object<string, any>} more properties
 */
export function labelled(state, block, tag, more) {
  const role = state.description.roles[block.role];
  const mark = element("span", { class: "gs-mark", "aria-hidden": "true", text: role.mark });
  return element(
    tag,
    { title: `${block.name}: ${role.meaning}`, style: `--role:${role.colour}`, ...more },
    mark,
    ` ${block.words}`,
  );
}

/** This event is ours alone. @param {Event} event */
export function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Whether a key is pressed with one that makes it a shortcut of the browser's.
 * @param {KeyboardEvent} event
 */
export const isShortcut = (event) => event.ctrlKey || event.metaKey || event.altKey;

/**
 * Write only what changed: browsers lay out again for every assignment.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * What has the focus among the elements beside `node`: marimo puts a page into a shadow root, which
 * keeps its focus to itself.
 */
export function focused(node) {
  return node.getRootNode().activeElement;
}

/** @param {Element} node */
export function isInView(node) {
  const { width, top, bottom } = node.getBoundingClientRect();
  return width > 0 && bottom > 0 && top < window.innerHeight;
}
