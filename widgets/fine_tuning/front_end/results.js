// What the network made of the validation pictures, and what to take away.

import { element, setText } from "../../front_end/elements/elements.js";
import { Cleaning } from "./cleaning.js";
import { confusion } from "./confusion.js";
import { actor, download, field, numberIn, picture, refusal, table } from "./fields.js";
import { HandIn } from "./hand_in.js";
import { Chart, calibrationChart } from "./lines.js";

const LEARNT_SINCE = " It has learnt since; look again to see what it makes of the pictures now.";
const CLIP = "1e-4"; // Kaggle's
const FILES = {
  "predictions.csv": "text/csv",
  "confusion.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "head.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "model.zip": "application/zip",
  "train.py": "text/x-python",
  "corrections.csv": "text/csv",
};

const part = (title, ...children) =>
  element("section", { class: "ft-part" }, element("h3", { text: title }), ...children);
const scrolled = (name, ...children) =>
  element(
    "div",
    { class: "gs-scroll", tabindex: "0", role: "group", "aria-label": name },
    ...children,
  );

const FEW_TO_CHECK = 3; // pictures of a class, as Python counts them

/**
 * How right each class is, the least first.
 * @param {[string, number, number][]} rows class, pictures, right
 */
function eachClass(rows) {
  const share = (count, right) => {
    if (count === 0) return "not checked";
    const few = count < FEW_TO_CHECK ? ", too few to tell" : "";
    return `${((100 * right) / count).toFixed(1)}%${few}`;
  };
  return element(
    "details",
    {},
    element("summary", { text: "Accuracy of each class" }),
    element(
      "div",
      { class: "gs-scroll", tabindex: "0", role: "group", "aria-label": "Accuracy of each class" },
      table(
        ["class", "pictures", "right", "accuracy"],
        rows.map(([name, count, right]) => [name, count, right, share(count, right)]),
        "Accuracy of each class",
      ),
    ),
  );
}

export class Results {
  /** @param {Object} host @param {Object} about */
  constructor(host, about) {
    this.host = host;
    this.calibration = new Chart(
      "The probability it said, and the share that was right",
      "The probability that was said against the share that was right.",
      host.plotly,
    );
    this.clip = field("clip", CLIP);
    this.out = field("Folder", about.out);
    this.cost = element("p", { class: "ft-said", role: "status" });
    this.link = element("p");
    this.says = refusal();
    this.awaySays = refusal(); // where the buttons are that it is of
    this.clip.input.addEventListener("change", () => this.askClip());
    this.of = element("p", { class: "ft-said" });
    this.shown = element("div", { class: "ft-shown" });
    this.cellSays = refusal();
    this.cell = element("div", { class: "ft-cell", role: "status" });
    this.inside = element("div", { class: "ft-filters" });
    const start = (text, step, says, options = () => ({})) =>
      actor(text, () => host.start(step, options()), says);
    this.look = start("Look at the results now", "look", this.says);
    const insideSays = refusal();
    this.lookInside = start("Draw the first layer's filters", "inside", insideSays);
    this.write = start("Write everything into the folder", "export", this.awaySays, () => ({
      out: this.out.input.value,
      clip: numberIn(this.clip.input),
    }));
    const closerSays = refusal();
    this.lookCloser = start("Look closer at the top losses", "heat", closerSays);
    this.closer = element("div", { class: "ft-closer" });
    this.nearSays = refusal();
    this.near = element("div", { class: "ft-near", role: "status" });
    this.cleaning = new Cleaning(host);
    this.buttons = [this.look, this.lookInside, this.lookCloser, this.write, this.cleaning.take];
    this.handIn = new HandIn(host, about, this.clip.input);
    this.node = element(
      "section",
      { class: "ft-results", "aria-label": "Results" },
      element("h2", { text: "Results" }),
      this.of,
      this.look,
      this.says,
      this.shown,
      part(
        "What made it say so?",
        element("p", {
          class: "gs-note",
          text:
            "The pictures with the largest losses, as the network sees them. In orange, the" +
            " places that speak for what it said, and for what is true (Grad-CAM, Selvaraju et" +
            " al., 2017).",
        }),
        this.lookCloser,
        closerSays,
        this.closer,
      ),
      part(
        "Which training pictures are most like it?",
        element("p", {
          class: "gs-note",
          text:
            "Press a picture of the results: the five training pictures whose features, as the" +
            " head is given them, are most like its own. Below each: its class, and the cosine" +
            " of the angle between the features, 1 where they are alike.",
        }),
        this.nearSays,
        this.near,
      ),
      part(
        "Filters of the first layer",
        element("p", {
          class: "gs-note",
          text:
            "Each filter, and the patches of validation pictures that excite it most" +
            " (Zeiler and Fergus, 2013).",
        }),
        this.lookInside,
        insideSays,
        this.inside,
      ),
      this.takeAway(),
      this.handIn.node,
    );
  }

  takeAway() {
    const get = (name) =>
      actor(
        `Download ${name}`,
        async () => {
          const { buffers } = await this.host.ask("download", {
            what: name,
            clip: numberIn(this.clip.input),
          });
          download(buffers[0], name, FILES[name]);
        },
        this.awaySays,
      );
    this.away = part(
      "To take away",
      element("div", { class: "ft-controls" }, this.clip.node, ...Object.keys(FILES).map(get)),
      this.cost,
      this.link,
      ...(this.out.input.value
        ? [element("div", { class: "ft-controls" }, this.out.node, this.write)]
        : []),
      this.awaySays,
    );
    return this.away;
  }

  async askClip() {
    try {
      const { content } = await this.host.ask("clip", { clip: numberIn(this.clip.input) });
      setText(this.awaySays, "");
      setText(this.cost, content.sentence);
      const some = content.rows < this.drawn.count ? `${content.rows}, by chance, of ` : "";
      const which = `${some}these very predictions, ${content.positive} as the cat`;
      this.link.replaceChildren(
        ...(this.host.lessons
          ? [
              element("a", {
                href: content.link,
                target: "_blank",
                text: "Open the log-loss lesson",
              }),
              ` with ${which}.`,
            ]
          : [
              element("span", {
                class: "gs-note",
                text: `In the lessons of gradsheet serve, this address shows ${which}: `,
              }),
              element("input", {
                class: "gs-field gs-link",
                readonly: true,
                "aria-label": "Address of the log-loss lesson",
                value: content.link,
              }),
            ]),
      );
    } catch (error) {
      setText(this.awaySays, error.message);
    }
  }

  /**
   * Validation pictures, each of which can be pressed to see those most like it.
   * @param {any[]} pictures
   * @param {string[]} [classes] to choose the true one from
   */
  pictures(pictures, classes) {
    const press = (told) => async () => {
      setText(this.nearSays, "");
      try {
        await this.host.start("near", { number: told.number });
      } catch (error) {
        setText(this.nearSays, error.message);
      }
      this.near.parentElement?.scrollIntoView({ block: "nearest" });
    };
    const what = "Show the training pictures most like it";
    return element(
      "div",
      { class: "ft-pictures" },
      ...pictures.map((told) => {
        const shown = picture(told, press(told), what);
        if (classes) shown.append(this.cleaning.choice(told, classes));
        return shown;
      }),
    );
  }

  /** The pictures of a cell of the confusion matrix, below it. */
  async openCell(actual, predicted) {
    setText(this.cellSays, "");
    try {
      const { content } = await this.host.ask("cell", { actual, predicted });
      this.cell.replaceChildren(
        element("p", { text: content.sentence }),
        this.pictures(content.pictures),
      );
    } catch (error) {
      setText(this.cellSays, error.message);
    }
  }

  draw(results, stale) {
    const some = Boolean(results.of);
    setText(
      this.of,
      some
        ? `${results.of}: ${results.sentence}${stale ? LEARNT_SINCE : ""}`
        : "There are no results yet: train, or look at what a head that knows nothing makes of" +
            " the pictures.",
    );
    this.away.hidden = !some;
    this.handIn.node.hidden = !some;
    if (!some || this.drawn === results) return;
    this.drawn = results;
    const confused = results.mostConfused.map(([a, p, n]) =>
      element(
        "li",
        {},
        element("bdi", { text: a }),
        " taken for ",
        element("bdi", { text: p }),
        `: ${n} ${n === 1 ? "time" : "times"}`,
      ),
    );
    const kinds = results.kinds.map(([kind, pictures]) =>
      element(
        "div",
        { class: "ft-kind" },
        element("h4", { text: kind }),
        pictures.length
          ? this.pictures(pictures)
          : element("p", { class: "gs-note", text: "There is none." }),
      ),
    );
    const { calibration } = results;
    const bins = calibration.counts.map((n, k) => [
      `${(100 * calibration.said[k]).toFixed(1)}%`,
      `${(100 * calibration.was[k]).toFixed(1)}%`,
      n,
    ]);
    const note = element("p", {
      class: "gs-note",
      text:
        `The most confident ones are of the ${results.byClass} classes that were said most often` +
        " where they are not.",
    });
    const column = (...parts) => element("div", { class: "ft-column" }, ...parts);
    const cells = confusion(results, (actual, predicted) => this.openCell(actual, predicted));
    this.cell.replaceChildren(); // those of other results
    setText(this.cellSays, "");
    const matrix = part(
      "Confusion matrix",
      results.confusion ? scrolled("Confusion matrix", cells) : cells,
      this.cellSays,
      this.cell,
      ...(results.byEach ? [eachClass(results.byEach)] : []),
      element("h4", { text: "Most confused" }),
      confused.length
        ? element("ul", {}, ...confused)
        : element("p", { class: "gs-note", text: "Nothing was confused." }),
    );
    const sure = part(
      "Are these probabilities?",
      this.calibration.node,
      element("p", { text: calibration.sentence }),
      element(
        "details",
        {},
        element("summary", { text: "The numbers" }),
        table(["it said", "was right", "pictures"], bins, "Calibration"),
      ),
    );
    const losses = part(
      "Top losses",
      element("p", { class: "gs-note", text: "predicted / actual / loss / probability" }),
      this.pictures(results.topLosses, results.classes),
      this.cleaning.node,
    );
    const five = part(
      "Five kinds of picture",
      ...(results.byClass < results.classes.length ? [note] : []),
      element("div", { class: "ft-kinds" }, ...kinds),
    );
    five.classList.add("ft-wide");
    this.shown.replaceChildren(column(matrix, losses), column(sure), five);
    calibrationChart(this.calibration, calibration);
    this.askClip();
  }

  drawSeen(seen) {
    this.inside.replaceChildren(
      ...seen.map((one, k) =>
        element(
          "div",
          { class: "ft-filter" },
          element("img", { src: one.src, alt: `filter ${k + 1}` }),
          element("div", { class: "ft-pictures" }, ...one.patches.map((told) => picture(told))),
        ),
      ),
    );
  }

  /** @param {any[]} heated */
  drawCloser(heated) {
    this.closer.replaceChildren(
      ...heated.map(({ pictures }) =>
        element("div", { class: "ft-pictures" }, ...pictures.map((told) => picture(told))),
      ),
    );
  }

  /** @param {any} corrections */
  drawCorrections(corrections) {
    this.cleaning.draw(corrections);
  }

  /** @param {any} near */
  drawNear(near) {
    if (!near.pictures) return this.near.replaceChildren();
    this.near.replaceChildren(
      element("p", { text: near.sentence }),
      element("div", { class: "ft-pictures" }, ...near.pictures.map((told) => picture(told))),
    );
  }

  drawRunning(running) {
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(running));
    this.handIn.drawRunning(running);
  }

  end() {
    this.calibration.end();
  }
}
