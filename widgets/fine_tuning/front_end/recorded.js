// Runs written down and played again: always with the word that they are recordings.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, download, refusal } from "./fields.js";

const SPEEDS = { "as fast as it was": 1, "a tenth as fast": 0.1, "ten times as fast": 10 };

export class Recorded {
  /**
   * @param {Object} host whose `record` says whether what is started is to be written down
   * @param {number} largest bytes of a file to open
   */
  constructor(host, largest) {
    this.host = host;
    this.largest = largest;
    this.says = refusal();
    this.said = element("p", { class: "gs-note", role: "status" });
    this.record = element("input", { type: "checkbox" });
    host.record = () => this.record.checked;
    this.speed = element(
      "select",
      { "aria-label": "Speed of the recording" },
      ...Object.entries(SPEEDS).map(([text, x]) => element("option", { value: String(x), text })),
    );
    this.list = element("ul", {});
    this.file = element("input", {
      type: "file",
      accept: ".jsonl",
      "aria-label": "Open a recording",
      onchange: () => this.bring(),
    });
    const note =
      "A recording is played as it happened, on the machine that is named; nothing is computed" +
      " meanwhile. Record on a computer with a GPU, and show it on one without.";
    this.node = element(
      "section",
      { class: "ft-part", "aria-label": "Recorded runs" },
      element("h2", { text: "Recorded runs" }),
      element("p", { class: "gs-note", text: note }),
      element(
        "div",
        { class: "ft-controls" },
        element("label", {}, this.record, " record whatever is trained from now on"),
        element("label", { class: "ft-field" }, element("span", { text: "Play" }), this.speed),
        element(
          "label",
          { class: "ft-field" },
          element("span", { text: "Open a recording" }),
          this.file,
        ),
      ),
      this.list,
      this.said,
      this.says,
    );
  }

  item({ name, title, sentence }, k) {
    const start = async () => {
      await this.host.start("play", { recording: name, speed: Number(this.speed.value) });
      this.host.watch();
    };
    const play = actor("Play", start, this.says, { "aria-label": `Play recording ${k + 1}` });
    const save = actor(
      "Download",
      async () =>
        download(
          (await this.host.ask("recording", { recording: name })).buffers[0],
          name,
          "application/jsonl",
        ),
      this.says,
      { "aria-label": `Download recording ${k + 1}` },
    );
    this.players.push(play);
    return element(
      "li",
      {},
      element("strong", { text: title }),
      ". ",
      sentence,
      " ",
      play,
      " ",
      save,
    );
  }

  draw(recorded) {
    this.players = [];
    this.list.replaceChildren(...recorded.map((one, k) => this.item(one, k)));
  }

  async bring() {
    const [file] = this.file.files;
    if (!file) return;
    setText(this.says, "");
    setText(this.said, "");
    try {
      if (file.size > this.largest)
        throw new Error(
          `it has ${(file.size / 1e6).toFixed(1)} MB, and a recording has at most` +
            ` ${this.largest / 1e6}.`,
        );
      const { content } = await this.host.ask("bring", {}, [await file.arrayBuffer()]);
      setText(this.said, `${file.name} is in the list now. ${content.sentence}`);
    } catch (error) {
      setText(this.says, `${file.name}: ${error.message}`);
    }
    this.file.value = "";
  }

  drawRunning(running) {
    for (const button of this.players) button.setAttribute("aria-disabled", String(running));
  }
}
