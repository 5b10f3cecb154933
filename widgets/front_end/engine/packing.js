// What lies packed in a static page: gzip of JSON, and many values as one.

const LIST = -1; // as in widgets/merging.py; the other kind below 0 is of lines

/** @param {string} base64 from widgets/packing.py @returns {Promise<any>} */
export async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const isThere = (value) => value !== undefined;

/** Value k of those that widgets/merging.py made one of; undefined where it has no such part. */
export function takenOut(node, k, ways) {
  if (!Array.isArray(node)) {
    const found = Object.entries(node).map(([key, each]) => [key, takenOut(each, k, ways)]);
    const here = found.filter(([, value]) => isThere(value));
    return here.length ? Object.fromEntries(here) : undefined;
  }
  const [kind, ...held] = node;
  if (kind >= 0) return held[ways[kind][k]];
  const items = held.map((each) => takenOut(each, k, ways)).filter(isThere);
  if (!items.length) return undefined;
  return kind === LIST ? items : items.join("\n");
}
