// The server of a page that has no kernel: its Python reads workbooks and makes sheets of other
// sizes.

const PATIENCE = 120_000; // milliseconds, where a class shares a server
const GONE =
  "The lessons' server does not answer; it may have been stopped. The page goes on without it.";

/** What proves that our page asks: the cookie's own words. */
const proof = () => document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? "";

/**
 * Raises an Error with the server's refusal, or that it does not answer.
 * @param {string} address of the lesson, from widgets/static_page.py
 * @param {"sheet"|"workbook"|"inputs"} question
 * @param {Object<string, number>} sizes of the sheet that is meant
 * @param {ArrayBuffer} [file]
 * @returns {Promise<any>}
 */
export async function asked(address, question, sizes, file) {
  const headers = { "X-XSRFToken": proof() };
  const options = file ? { method: "POST", body: file, headers } : { headers };
  const query = new URLSearchParams(Object.entries(sizes).map(([name, n]) => [name, `${n}`]));
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const reply = await fetch(`${address}/${question}?${query}`, { ...options, signal });
    answer = await reply.json();
  } catch {
    throw new Error(GONE);
  }
  if (answer.refusal) throw new Error(answer.refusal);
  return answer;
}
