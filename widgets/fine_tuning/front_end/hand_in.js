// Hand in: pictures without labels are predicted, and what is said of them is a file.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, download, field, numberIn, picture, refusal } from "./fields.js";

const FILE = "submission.csv";
const EVERY = "a column for each class";

export class HandIn {
  /**
   * @param {Object} host
   * @param {Object} about
   * @param {HTMLInputElement} clip the field of what is taken away
   */
  constructor(host, about, clip) {
    this.host = host;
    this.clip = clip;
    const tests = about.pictures.testCount;
    this.folder = field(
      tests ? "Folder (empty: the test's pictures)" : "Folder of pictures without labels",
      "",
    );
    this.folder.input.classList.add("ft-path");
    this.only = element("select", { "aria-label": "Columns of the submission" });
    this.says = refusal();
    this.said = element("p", { class: "ft-said", role: "status" });
    this.shown = element("div", { class: "ft-pictures" });
    this.start = actor("Predict them", () => this.predict(), this.says);
    this.get = actor(`Download ${FILE}`, () => this.download(), this.says);
    this.file = element(
      "div",
      { class: "ft-controls", hidden: true },
      element("label", { class: "ft-field" }, element("span", { text: "Columns" }), this.only),
      this.get,
    );
    const there = tests
      ? `${tests} pictures in the folder called test have no label. `
      : "There are no pictures without a label among these. ";
    const note =
      `${there}The network as it is now says what they are; probabilities are moved inside the` +
      " clip above. A sample_submission.csv beside the pictures is followed: its ids, their order" +
      " and its columns.";
    const possible = about.out || tests;
    this.node = element(
      "section",
      { class: "ft-part", "aria-label": "Hand in" },
      element("h3", { text: "Hand in" }),
      element("p", { class: "gs-note", text: note }),
      ...(possible
        ? [
            element(
              "div",
              { class: "ft-controls" },
              ...(about.out ? [this.folder.node] : []),
              this.start,
            ),
          ]
        : []),
      this.says,
      this.said,
      this.shown,
      this.file,
    );
  }

  predict() {
    return this.host.start("hand_in", { folder: this.folder.input.value.trim() });
  }

  async download() {
    const asked = { what: FILE, clip: numberIn(this.clip), only: this.only.value };
    const { buffers } = await this.host.ask("download", asked);
    download(buffers[0], FILE, "text/csv");
  }

  /** @param {any} told */
  draw(told) {
    this.file.hidden = !told.count;
    this.shown.hidden = !told.count;
    setText(this.said, told.count ? this.sentence(told) : "");
    if (!told.count) return;
    this.only.replaceChildren(
      element("option", { value: "", text: EVERY }),
      ...told.classes.map((name) =>
        element("option", { value: name, text: `the probability of ${name}` }),
      ),
    );
    this.shown.replaceChildren(...told.first.filter(({ src }) => src).map((one) => picture(one)));
  }

  sentence({ count, first, unreadable }) {
    const those = first.length < count ? `the first ${first.length} of ${count}` : `all ${count}`;
    return [`Predicted; shown are ${those}.`, ...unreadable].join(" ");
  }

  drawRunning(running) {
    this.start.setAttribute("aria-disabled", String(running));
  }
}
