// plotly.js once a page: from the address that the page announces, or else from the kernel. Never
// from the internet.

const KEY = Symbol.for("gradsheet.plotly"); // shared by every widget on the page

/**
 * Run a script that may look for a module loader, with none in sight.
 * @param {HTMLScriptElement} script
 */
function loaded(script) {
  const { define } = window;
  window.define = undefined;
  return new Promise((resolve, reject) => {
    const done = (settle, value) => () => {
      window.define = define;
      settle(value());
    };
    script.onload = done(resolve, () => window.Plotly);
    script.onerror = done(reject, () => new Error("plotly.js did not load"));
    document.head.append(script);
  });
}

/** @param {string} address */
export function fromAddress(address) {
  const script = document.createElement("script");
  script.src = address;
  return loaded(script);
}

/** @param {BlobPart} source */
export function fromSource(source) {
  return fromAddress(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}

/**
 * @param {() => Promise<any>} load used by the first widget that asks
 * @returns {Promise<any>}
 */
export function oncePerPage(load) {
  if (!window[KEY]) {
    window[KEY] = load();
    window[KEY].catch(() => delete window[KEY]);
  }
  return window[KEY];
}
