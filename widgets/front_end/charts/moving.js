// Moves what plotly has drawn, by plotly's own SVG nodes: at once, and pixel for pixel where plotly
// would draw it. Plotly's data and its hover labels learn of it when plotly draws next.

/**
 * Write what changed, since browsers paint again for every assignment; null takes the attribute
 * away.
 */
export function write(node, name, value) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

/** Call back with each point that has a place: its pixels and its number. */
function eachPlaced({ xaxis, yaxis }, { x, y }, placed) {
  for (let k = 0; k < x.length; k++) {
    const [left, top] = [xaxis.c2p(x[k]), yaxis.c2p(y[k])];
    if (left !== undefined && top !== undefined) placed(left, top, k);
  }
}

/**
 * One path for the whole line, with a new start after each gap. Plotly takes a node for each piece.
 */
function moveLine(group, axes, points) {
  const nodes = group.querySelectorAll(".js-line");
  let path = "";
  let next = 0;
  eachPlaced(axes, points, (left, top, k) => {
    path += `${k === next && path ? "L" : "M"}${left},${top}`;
    next = k + 1;
  });
  for (const [piece, node] of nodes.entries()) write(node, "d", piece ? "" : path);
  return nodes.length > 0 || path === "";
}

/**
 * Each marker to its place, and more of the same kind where there are too few. Outside the axes
 * there are none, as plotly has it.
 */
function moveMarkers(group, axes, points) {
  const nodes = [...group.querySelectorAll(".points path.point")];
  const { xaxis, yaxis } = axes;
  let used = 0;
  eachPlaced(axes, points, (left, top, k) => {
    if (used === nodes.length && used)
      nodes.push(nodes[0].parentNode.appendChild(nodes[0].cloneNode()));
    const node = nodes[used++];
    if (!node) return;
    const within =
      xaxis.isPtWithinRange({ x: points.x[k] }) && yaxis.isPtWithinRange({ y: points.y[k] });
    write(node, "transform", `translate(${left},${top})`);
    write(node, "display", within ? null : "none");
  });
  for (const node of nodes.slice(used)) write(node, "display", "none");
  return used <= nodes.length;
}

/** Each bar from 0 to its height, where as many were drawn. */
function moveBars(group, { xaxis, yaxis }, points, { width }) {
  const nodes = [...group.querySelectorAll(".point > path")];
  if (nodes.length !== points.x.length) return false;
  eachPlaced({ xaxis, yaxis }, points, (_, top, k) => {
    const [left, right] = [-1, 1].map((way) => xaxis.c2p(points.x[k] + (way * width) / 2));
    write(nodes[k], "d", `M${left},${yaxis.c2p(0)}V${top}H${right}V${yaxis.c2p(0)}Z`);
  });
  return true;
}

const MOVES = { lines: moveLine, markers: moveMarkers, bars: moveBars };

/** The nodes of a trace. */
function groupOf(plot, mode, uid) {
  if (mode !== "bars") return plot.querySelector(`.scatterlayer .trace${uid}`);
  const bars = [...plot.querySelectorAll(".barlayer .trace.bars")];
  return bars.find((node) => node.__data__?.[0]?.trace?.uid === uid) || null;
}

/**
 * Show a series at other places than plotly drew it.
 * @param {import("./series.js").Plot} plot where plotly drew
 * @param {number} k the series's place among plotly's traces
 * @param {string} mode "lines", "markers" or "bars"
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>}} points on the axes, as many as there are
 *   now; NaN is a gap
 * @returns {boolean} false where plotly's nodes are not there, as with another plotly, or where it
 *   has drawn none of the series yet
 */
export function move(plot, k, mode, points) {
  const { uid, visible } = plot._fullData[k];
  if (visible !== true) return true; // put out in the legend
  const group = groupOf(plot, mode, uid);
  const axes = plot._fullLayout;
  const known = group && [axes.xaxis, axes.yaxis].every((axis) => axis.c2p && axis.isPtWithinRange);
  return Boolean(known) && MOVES[mode](group, axes, points, plot._fullData[k]);
}

/**
 * Show a contour, plotly's first trace, of other numbers: by plotly's own contour module, without
 * the rest of what plotly draws.
 * @param {import("./series.js").Plot} plot where plotly drew
 * @param {{x: number[], y: number[], z: (number|null)[][], contours: Object}} surface
 * @returns {boolean} false where plotly has no such module, as another plotly may
 */
export function moveContour(plot, { contours, ...numbers }) {
  const [trace] = plot._fullData;
  const axes = plot._fullLayout._plots?.xy;
  const layer = axes?.plot?.select?.("g.contourlayer");
  if (![trace._module?.calc, trace._module?.plot, trace._module?.style, layer].every(Boolean))
    return false;
  Object.assign(trace, numbers);
  Object.assign(trace.contours, contours);
  const [calculated] = trace._module.calc(plot, trace);
  trace._module.plot(plot, axes, [[{ ...calculated, trace, t: {} }]], layer);
  trace._module.style(plot);
  return true;
}
