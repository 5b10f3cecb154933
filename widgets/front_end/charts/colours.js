// A chart's colours, on a light page or a dark one.

const DARK_LINE = 0.45; // how much of a role's colour is left on a dark page; sheet.css has it too
// the valley stands out most
const CONTOUR = ["#74add1", "#c6dbef", "#ffffff"];
const DARK_CONTOUR = ["#3d86b3", "#234358", "#16191d"];

/**
 * @typedef {Object} Colours
 * @property {string} ink of text
 * @property {string} paper behind it
 * @property {string} grid of lines that only guide the eye
 * @property {[number, string][]} contour from the valley up
 * @property {(colour: string) => string} line of a role's colour, made for white: one that can be
 *   seen here
 */

/** As the style has them where the chart stands. @param {Element} plot @returns {Colours} */
export function coloursOf(plot) {
  const { color: ink, backgroundColor: paper } = getComputedStyle(plot);
  const isDark = brightness(ink) > 127;
  const [valley, slope, top] = isDark ? DARK_CONTOUR : CONTOUR;
  return {
    ink,
    paper,
    grid: isDark ? "#32383f" : "#e3e3e3",
    contour: [
      [0, valley],
      [0.4, slope],
      [1, top],
    ],
    line: (colour) => (isDark ? lighter(colour) : colour),
  };
}

/** @param {string} colour rgb(...), as a browser computes it */
function brightness(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return (red + green + blue) / 3;
}

/** @param {string} colour #rrggbb */
function lighter(colour) {
  const parts = colour.match(/[\da-f]{2}/gi).map((part) => Number.parseInt(part, 16));
  return `rgb(${parts.map((part) => Math.round(255 - DARK_LINE * (255 - part))).join(",")})`;
}
