// A picture, and the numbers of the pixels at the place that is pointed at.

import { element, setText } from "../../front_end/elements/elements.js";

const SIDE = 6; // pixels shown, each way
const CHANNELS = ["red", "green", "blue"];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The table of one channel. @param {Uint8ClampedArray} data four numbers a pixel */
function channel(data, k) {
  const row = (y) =>
    element(
      "tr",
      {},
      ...Array.from({ length: SIDE }, (_, x) => {
        const value = data[4 * (y * SIDE + x) + k];
        const shade = [0, 0, 0].map((_, c) => (c === k ? value : 0)).join(",");
        return element("td", { text: value, style: `--pixel:rgb(${shade})` });
      }),
    );
  return element(
    "table",
    { class: "ft-channel", "aria-label": `${CHANNELS[k]} numbers` },
    element("caption", { text: CHANNELS[k] }),
    element("tbody", {}, ...Array.from({ length: SIDE }, (_, y) => row(y))),
  );
}

/**
 * The picture, and three tables that follow the place pointed at.
 * @param {string} src
 */
export function numbersOf(src) {
  const canvas = element("canvas", {
    tabindex: "0",
    role: "img",
    "aria-label": "What the network sees; the arrow keys move the place whose numbers are shown",
  });
  const tables = element("div", { class: "ft-channels" });
  const where = element("p", { class: "gs-note", role: "status" });
  const place = { x: 0, y: 0 };
  const image = new Image();

  const draw = () => {
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(place.x, place.y, SIDE, SIDE);
    context.strokeStyle = "#fff";
    context.strokeRect(place.x - 0.5, place.y - 0.5, SIDE + 1, SIDE + 1);
    tables.replaceChildren(...CHANNELS.map((_, k) => channel(data, k)));
    setText(where, `Row ${place.y + 1}, column ${place.x + 1}, and ${SIDE} on from there.`);
  };
  const go = (x, y) => {
    place.x = Math.max(0, Math.min(image.width - SIDE, Math.round(x)));
    place.y = Math.max(0, Math.min(image.height - SIDE, Math.round(y)));
    draw();
  };
  image.onload = () => {
    canvas.width = image.width;
    canvas.height = image.height;
    go((image.width - SIDE) / 2, (image.height - SIDE) / 2);
  };
  image.src = src;
  canvas.addEventListener("pointerdown", (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    go(
      ((event.clientX - left) / width) * image.width - SIDE / 2,
      ((event.clientY - top) / height) * image.height - SIDE / 2,
    );
  });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    go(place.x + step[0], place.y + step[1]);
  });
  return element("div", { class: "ft-pixels" }, canvas, element("div", {}, tables, where));
}
