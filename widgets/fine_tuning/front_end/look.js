// Look first: what the pretrained network says of a picture, before anything has learnt.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, field, numberIn, picture, refusal } from "./fields.js";
import { numbersOf } from "./pixels.js";

const SENT_WHOLE = 4_000_000; // bytes of a file; a larger one is made smaller before it is sent
const SIDE = 640; // pixels of the longer side then, more than a network sees
const QUALITY = 0.95; // of a JPEG

/** 0.951 -> "95.1%", 0.00004 -> "under 0.1%" @param {number} p */
const percent = (p) => (p < 0.001 ? "under 0.1%" : `${(100 * p).toFixed(1)}%`);

/** @param {CanvasImageSource} source @param {number} width @param {number} height */
async function shrunk(source, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = element("canvas", {});
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  /** @type {Blob} */
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return made.arrayBuffer();
}

/** @param {File} file */
async function bytesOf(file) {
  if (file.size <= SENT_WHOLE) return file.arrayBuffer();
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error("the browser cannot open it; save it as JPEG or PNG first.");
  });
  return shrunk(picture, picture.width, picture.height);
}

/**
 * A class, its probability, and a bar as long.
 * @param {[string, number]} named
 * @param {() => void} [choose] what a press on its name does
 */
function bar([label, p], choose) {
  const name = choose
    ? element("button", { type: "button", "aria-pressed": "false", text: label, onclick: choose })
    : label;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, name),
    element("td", { text: percent(p) }),
    element(
      "td",
      { class: "ft-bar", "aria-hidden": "true" },
      element("span", { style: `width:${(100 * p).toFixed(2)}%` }),
    ),
  );
}

export class LookFirst {
  /** @param {Object} host */
  constructor(host) {
    this.host = host;
    this.says = refusal();
    this.photographs = element("div", {
      class: "ft-photographs",
      role: "group",
      "aria-label": "Photographs that come along",
    });
    this.file = element("input", {
      type: "file",
      accept: "image/*",
      "aria-label": "A picture of yours",
      onchange: () => this.send([...this.file.files]),
    });
    this.video = element("video", { muted: true, playsinline: true, hidden: true });
    this.camera = actor("Use the camera", () => this.useCamera(), this.says);
    this.shown = element("div", { class: "ft-glance", role: "status" });
    this.normalised = element("input", { type: "checkbox", checked: true });
    this.flip = element("input", { type: "checkbox", checked: true });
    this.zoom = field("Zoom by up to (1: never)", 1.2);
    this.numbers = element("div", { class: "ft-numbers" });
    this.draws = element("div", { class: "ft-pictures" });
    this.drawsSay = element("p", { class: "gs-note" });
    this.again = actor("Look again", () => this.lookAgain(), this.says);
    this.more = this.pixelsAreNumbers();
    const note =
      "Choose a photograph, or drop or paste any picture here. Say what the network will call it," +
      " and how sure it will be, before you look.";
    this.node = element(
      "section",
      { class: "ft-look", "aria-label": "Look first" },
      element("h2", { text: "Look first: what does the network see?" }),
      element("p", { class: "gs-note", text: note }),
      this.photographs,
      element(
        "div",
        { class: "ft-controls" },
        element(
          "label",
          { class: "ft-field" },
          element("span", { text: "A picture of yours" }),
          this.file,
        ),
        this.camera,
        this.video,
      ),
      this.says,
      this.shown,
      this.more,
    );
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => this.dropped(event));
    this.paste = (event) => this.pasted(event);
    document.addEventListener("paste", this.paste);
  }

  /** What is behind a picture, once one was looked at. */
  pixelsAreNumbers() {
    const ticked = (input, text) => element("label", {}, input, ` ${text}`);
    return element(
      "details",
      { class: "ft-more", hidden: true },
      element("summary", { text: "Pixels are numbers, and no picture is seen twice alike" }),
      element("p", {
        class: "gs-note",
        text:
          "A picture is three tables of numbers from 0 to 255: red, green and blue. Click on what" +
          " the network sees to read them there; the arrow keys move on.",
      }),
      this.numbers,
      element("p", {
        class: "gs-note",
        text:
          "While it learns, each epoch sees each picture a little otherwise. Predict: is it still" +
          " the same to the network? And what does it say of numbers that are not normalised," +
          " which it has never seen?",
      }),
      element(
        "div",
        { class: "ft-controls" },
        this.zoom.node,
        ticked(this.flip, "mirrored half of the time"),
        ticked(this.normalised, "normalised"),
        this.again,
      ),
      this.drawsSay,
      this.draws,
    );
  }

  /** The picture that was asked for last, with what is ticked now. */
  lookAgain() {
    const [what, sent] = this.asked;
    return this.ask(what, sent);
  }

  /** @param {DragEvent} event */
  dropped(event) {
    event.preventDefault();
    this.send([...event.dataTransfer.files]);
  }

  /** A picture that is pasted anywhere but in a field. @param {ClipboardEvent} event */
  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && this.node.isConnected) this.send(files);
  }

  /** @param {File[]} files */
  async send([file]) {
    setText(this.says, "");
    if (!file) return;
    try {
      await this.ask({ name: file.name }, [await bytesOf(file)]);
    } catch (error) {
      setText(this.says, `${file.name}: ${error.message}`);
    }
    this.file.value = "";
  }

  /** @param {Object} what @param {ArrayBuffer[]} [sent] */
  async ask(what, sent = []) {
    this.asked = [what, sent];
    const how = {
      normalised: this.normalised.checked,
      flip: this.flip.checked,
      zoom: numberIn(this.zoom.input),
    };
    this.node.setAttribute("aria-busy", "true");
    try {
      await this.host.ask("look", { ...what, how }, sent);
    } catch (error) {
      this.node.removeAttribute("aria-busy");
      throw error;
    }
  }

  /** The first press opens the camera, the second takes the picture. */
  async useCamera() {
    if (this.stream) {
      const { videoWidth, videoHeight } = this.video;
      const taken = await shrunk(this.video, videoWidth, videoHeight);
      this.closeCamera();
      return this.ask({ name: "what the camera saw" }, [taken]);
    }
    if (!navigator.mediaDevices)
      throw new Error("The browser gives the camera to https pages and this computer's own alone.");
    this.stream = await navigator.mediaDevices.getUserMedia({ video: true }).catch((error) => {
      throw new Error(`The camera cannot be used: ${error.message}`);
    });
    this.video.srcObject = this.stream;
    this.video.hidden = false;
    await this.video.play();
    setText(this.camera, "Take the picture");
  }

  closeCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
    this.video.hidden = true;
    setText(this.camera, "Use the camera");
  }

  /** @param {{src: string, name: string, credit: string}[]} photographs */
  drawPhotographs(photographs) {
    this.photographs.replaceChildren(
      ...photographs.map(({ name, credit }, k) =>
        actor("", () => this.ask({ photograph: k }), this.says, {
          "aria-label": `Look at ${name}`,
          title: credit,
          class: "ft-photograph",
        }),
      ),
    );
    photographs.forEach(({ src }, k) => {
      this.photographs.children[k].append(element("img", { src, alt: "" }));
    });
  }

  /** @param {any} glance */
  draw(glance) {
    this.node.removeAttribute("aria-busy");
    setText(this.says, glance.refusal ? `${glance.refusal}.` : "");
    if (!glance.top) return;
    this.more.hidden = false;
    this.again.hidden = !this.asked; // after a reload the page does not know which it was
    this.numbers.replaceChildren(numbersOf(glance.seen));
    this.draws.replaceChildren(...glance.draws.map((told) => picture(told)));
    setText(this.drawsSay, `Ten draws. ${glance.augmented}`);
    const warm = glance.heat?.length ? this.heatOf(glance) : null;
    const says = `${glance.by} says${glance.normalised ? "" : " of it, not normalised"}`;
    const seen = (src, caption) =>
      element(
        "figure",
        {},
        element("img", { src, alt: caption }),
        element("figcaption", { text: caption }),
      );
    this.shown.replaceChildren(
      seen(glance.src, `${glance.name}, ${glance.size} pixels`),
      seen(glance.seen, `What the network sees of it: ${glance.side} pixels`),
      ...(warm ? [warm.node] : []),
      element(
        "div",
        { class: "ft-named" },
        element(
          "table",
          { class: "ft-table ft-bars", "aria-label": "What the network says" },
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              element("th", { scope: "col", text: says }),
              element("th", { scope: "col", text: "probability" }),
              element("td", {}),
            ),
          ),
          element("tbody", {}, ...glance.top.map((named, k) => bar(named, warm?.choose(k)))),
        ),
        element("p", {
          class: "gs-note",
          text: warm ? "Choose a name to see which places speak for it." : (glance.heatSays ?? ""),
        }),
        element("p", { class: "gs-note", text: glance.sentence }),
      ),
    );
    warm?.choose(0)();
  }

  /** The picture with the places that speak for a class in orange: at first for the first. */
  heatOf({ heat, top }) {
    const image = element("img", { src: "" });
    const caption = element("figcaption", {});
    const show = (k) => {
      const text = `Orange: what speaks for ${top[k][0]}`;
      Object.assign(image, { src: heat[k], alt: text });
      setText(caption, text);
      const names = this.shown.querySelectorAll("th button");
      for (const [at, button] of [...names].entries())
        button.setAttribute("aria-pressed", String(at === k));
    };
    return {
      node: element("figure", {}, image, caption),
      choose: (k) => () => show(k),
    };
  }

  end() {
    this.closeCamera();
    document.removeEventListener("paste", this.paste);
  }
}
