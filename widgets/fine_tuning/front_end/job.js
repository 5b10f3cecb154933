// What runs: its progress, the time left, Stop and Resume, how the last one ended, and notices.

import { element, setText } from "../../front_end/elements/elements.js";
import { actor, refusal } from "./fields.js";

/** 75 -> "1 min 15 s left" */
function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s left` : `${Math.floor(whole / 60)} min ${whole % 60} s left`;
}

export class Job {
  /** @param {Object} host */
  constructor(host) {
    this.host = host;
    this.title = element("strong");
    this.doing = element("span", { class: "ft-doing" });
    this.left = element("span", { class: "gs-note ft-left" });
    this.bar = element("progress", { max: "1", value: "0", "aria-label": "Progress" });
    const says = refusal();
    this.stop = actor("Stop", () => host.ask("stop"), says, { class: "ft-stop" });
    this.resume = actor("Resume", () => host.start("resume", {}), says);
    this.said = element("p", { class: "ft-said", role: "status" });
    this.notices = element("ul", { class: "ft-notices", "aria-label": "Notices", role: "log" });
    this.line = element(
      "div",
      { class: "ft-line" },
      this.title,
      this.bar,
      this.doing,
      this.left,
      this.stop,
      this.resume,
    );
    this.node = element(
      "section",
      { class: "ft-job", "aria-label": "What is running" },
      this.said,
      this.line,
      says,
      this.notices,
    );
  }

  draw({ job, resumable, notices }) {
    const running = job.state === "running";
    setText(this.title, job.title ? (running ? `${job.title}: ` : "") : "Opening");
    this.title.hidden = !running;
    setText(this.doing, running ? job.doing : "");
    setText(this.left, running ? left(job.seconds_left) : "");
    this.line.hidden = !running && !resumable;
    this.bar.hidden = !running;
    this.bar.value = job.share;
    this.stop.hidden = !running;
    this.resume.hidden = running || !resumable;
    setText(this.said, running ? "" : job.said);
    this.node.dataset.state = job.state;
    this.notices.hidden = notices.length === 0;
    if (this.notices.children.length !== notices.length || this.last !== notices.at(-1)) {
      this.notices.replaceChildren(...notices.map((text) => element("li", { text })));
      this.notices.scrollTop = this.notices.scrollHeight;
      this.last = notices.at(-1);
    }
  }
}
