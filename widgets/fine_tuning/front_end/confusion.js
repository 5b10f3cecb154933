// The confusion matrix: rows are what the pictures are, columns what the network said.

import { element, setText } from "../../front_end/elements/elements.js";

const LONG = 10; // letters of a class's name, above which the columns' headings stand upright
const SIDE = 560; // pixels of a matrix that is drawn, or a little less
const RIGHT = "0,90,156";
const WRONG = "178,60,0";
const FAINTEST = 0.2; // of a cell with any picture in it
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * As numbers; of many classes, as a picture; of thousands, as a file.
 * @param {any} results
 * @param {(actual: number, predicted: number) => void} open shows the pictures of a cell
 */
export function confusion(results, open) {
  if (results.confusion) return numbers(results, open);
  if (results.confused) return drawn(results, open);
  return element("p", {
    class: "gs-note",
    text: `${results.classes.length} classes are too many to draw; confusion.csv has them all.`,
  });
}

/** The shade is the share of the row. */
function numbers({ classes, confusion: counts }, open) {
  const tall = classes.some((name) => name.length > LONG) ? "ft-tall" : "";
  const head = element(
    "tr",
    {},
    element("th", { scope: "col", text: "is \\ said to be" }),
    ...classes.map((text) =>
      element("th", { scope: "col", class: tall, title: text }, element("span", { text })),
    ),
  );
  const rows = counts.map((row, a) => {
    const all = Math.max(
      1,
      row.reduce((sum, n) => sum + n, 0),
    );
    const opener = (n, p) =>
      element("button", {
        type: "button",
        text: n,
        title: `${classes[a]}, said to be ${classes[p]}: show ${n === 1 ? "it" : "them"}`,
        onclick: () => open(a, p),
      });
    const cell = (n, p) =>
      element(
        "td",
        {
          class: a === p ? "ft-diagonal" : "",
          style: `--share:${((60 * n) / all).toFixed(1)}%`,
        },
        n ? opener(n, p) : "0",
      );
    return element(
      "tr",
      {},
      element("th", { scope: "row", class: tall, text: classes[a] }),
      ...row.map(cell),
    );
  });
  return element(
    "table",
    { class: "ft-table ft-confusion", "aria-label": "Confusion matrix" },
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

/**
 * A square for each cell that holds pictures: blue where they are right, orange where they are not.
 * The place that is pointed at is said in words.
 */
function drawn({ classes, confused }, open) {
  const side = Math.max(1, Math.floor(SIDE / classes.length));
  const all = classes.map(() => 0);
  const cells = new Map();
  for (const [a, p, n] of confused) {
    all[a] += n;
    cells.set(`${a} ${p}`, n);
  }
  const says = element("p", { class: "ft-said", role: "status" });
  const canvas = element("canvas", {
    class: "ft-matrix",
    width: side * classes.length,
    height: side * classes.length,
    tabindex: "0",
    role: "img",
    "aria-label":
      `Confusion matrix of ${classes.length} classes; the arrow keys move the cell,` +
      " Enter opens it",
  });
  const context = canvas.getContext("2d");
  for (const [a, p, n] of confused) {
    const share = FAINTEST + ((1 - FAINTEST) * n) / all[a];
    context.fillStyle = `rgba(${a === p ? RIGHT : WRONG},${share.toFixed(3)})`;
    context.fillRect(p * side, a * side, side, side);
  }
  const place = { a: 0, p: 0 };
  const go = (a, p) => {
    place.a = Math.max(0, Math.min(classes.length - 1, a));
    place.p = Math.max(0, Math.min(classes.length - 1, p));
    const n = cells.get(`${place.a} ${place.p}`) ?? 0;
    const [is, said] = [classes[place.a], classes[place.p]];
    setText(says, `Of ${all[place.a]} pictures of ${is}, ${n} were said to be ${said}.`);
  };
  canvas.addEventListener("pointermove", (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    go(
      Math.floor(((event.clientY - top) / height) * classes.length),
      Math.floor(((event.clientX - left) / width) * classes.length),
    );
  });
  const opened = () => {
    if (cells.has(`${place.a} ${place.p}`)) open(place.a, place.p);
  };
  canvas.addEventListener("click", opened);
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter") opened();
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    go(place.a + step[0], place.p + step[1]);
  });
  const note =
    "Rows are what the pictures are, columns what the network said; blue is right, orange wrong.";
  return element(
    "div",
    {},
    element("p", {
      class: "gs-note",
      text: `${note} Point at a cell, press it to see its pictures.`,
    }),
    canvas,
    says,
  );
}
