// One way to make an element.

/**
 * @param {string} tag
 * @param {Object<string, any>} properties attributes; `on...` are listeners, `text` is text, `html` is our own markup
 * @param {...(Node|string)} children
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else if (name === "html") made.innerHTML = value;
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Write only what changed: browsers lay out again for every assignment. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** What has the focus among the elements beside `node`: marimo puts a page into a shadow root, which keeps its focus to itself. */
export function focused(node) {
  return node.getRootNode().activeElement;
}
