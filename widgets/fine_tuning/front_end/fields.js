// What a person sets: a number that is typed, a button that starts something, and the sentence that
// says why not.

import { element, setText } from "../../front_end/elements/elements.js";
import { typedNumber } from "../../front_end/engine/numbers.js";

/**
 * 0.01 -> "0.01", 0.000158489 -> "1.58e-4": three digits are enough for a rate.
 * @param {number} x
 */
export function short(x) {
  const cut = Number(x.toPrecision(3));
  return cut !== 0 && (cut < 1e-3 || cut >= 1e5)
    ? cut.toExponential().replace("e+", "e")
    : String(cut);
}

/** 0.0574 -> "0.0574", 44265632648681.7 -> "4.4e13" @param {number} x */
export const lossText = (x) => (x < 1e4 ? x.toFixed(4) : x.toExponential(1).replace("e+", "e"));

/**
 * 0.0025 -> "2.5 ms", 2.5 -> "2.50 s": an epoch on kept features takes milliseconds.
 * @param {number} seconds
 */
export const duration = (seconds) =>
  seconds < 0.1 ? `${(1000 * seconds).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;

/**
 * A field with its label.
 * @param {string} label also its accessible name
 * @param {number|string} value
 */
export function field(label, value) {
  const input = element("input", {
    class: "gs-field",
    type: "text",
    "aria-label": label,
    value: String(value),
    autocomplete: "off",
    spellcheck: "false",
  });
  return {
    input,
    node: element("label", { class: "ft-field" }, element("span", { text: label }), input),
  };
}

/** What is typed in a field of numbers; throws the sentence that says what is wrong. */
export function numberIn(input) {
  const value = typedNumber(input.value);
  if (value === null || !Number.isFinite(value)) {
    input.focus();
    throw new Error(
      `${input.getAttribute("aria-label")} is '${input.value}'; write a number, such as 2 or 1e-3.`,
    );
  }
  return value;
}

/** A sentence of refusal, empty until there is one. */
export const refusal = () => element("p", { class: "gs-refusal", role: "alert" });

/**
 * A button whose action may be refused; the sentence then stands in `says`, marked where it is that
 * something runs.
 * @param {string} text @param {() => Promise<any>} action @param {HTMLElement} says @param {Object}
 *   [more] attributes
 */
export function actor(text, action, says, more = {}) {
  const act = async () => {
    setText(says, "");
    says.toggleAttribute("data-busy", button.getAttribute("aria-disabled") === "true");
    try {
      await action();
    } catch (error) {
      setText(says, error.message);
    }
  };
  const button = element("button", { type: "button", text, onclick: act, ...more });
  return button;
}

const PHOTO = 64; // pixels, from which a picture is drawn smoothly, and not each pixel as a square

/**
 * A small picture with its caption.
 * @param {{src: string, caption: string, title?: string}} told
 * @param {() => void} [pressed] what pressing it does
 * @param {string} [what] that is
 */
export function picture(told, pressed, what) {
  const about = told.title ? `${told.title}: ${told.caption}` : told.caption;
  const image = element("img", {
    src: told.src,
    alt: about,
    title: about,
    onload: () => image.classList.toggle("ft-photo", image.naturalWidth >= PHOTO),
  });
  return element(
    "figure",
    { class: "ft-picture" },
    pressed
      ? element(
          "button",
          { type: "button", class: "ft-pick", title: what, onclick: pressed },
          image,
        )
      : image,
    element("figcaption", { text: told.caption }),
  );
}

/**
 * @param {string[]} headings
 * @param {(string|number)[][]} rows the first of each row is its heading
 * @param {string} name
 */
export function table(headings, rows, name) {
  const head = element("tr", {}, ...headings.map((text) => element("th", { scope: "col", text })));
  /** @param {(string|number)[]} cells the first is the row's heading */
  const row = ([first, ...cells]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", text: first }),
      ...cells.map((text) => element("td", { text })),
    );
  return element(
    "table",
    { class: "ft-table", "aria-label": name },
    element("thead", {}, head),
    element("tbody", {}, ...rows.map(row)),
  );
}

/**
 * Give the browser a file to keep.
 * @param {BlobPart} bytes
 * @param {string} name
 * @param {string} type
 */
export function download(bytes, name, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
