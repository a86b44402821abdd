// <ref-timeline table="t1">: one line per action with its bar from first to last day, and a diamond per milestone on its
// day, filled as far as it is done. Rows of the table: tr data-kind="action" data-start data-end data-value data-tone,
// then its tr data-kind="milestone" data-end data-value. Today is a line; the figures stand in the table.
import { html, legend, svg } from "./chart.js";
import { say } from "./page.js";

const DAY = 86_400_000;
const portuguese = (document.documentElement.lang || "pt").startsWith("pt");
const month = new Intl.DateTimeFormat(portuguese ? "pt-PT" : "en-GB", { month: "short", timeZone: "UTC" });
const at = (text) => Date.parse(`${text}T00:00:00Z`);
const trimmed = (node) => node.textContent.replace(/[\t\n ]+/g, " ").trim();

class Timeline extends HTMLElement {
  connectedCallback() {
    this.table = document.getElementById(this.getAttribute("table"));
    if (!this.table) return;
    this.redraw();
    const fold = this.table.closest("details[data-fold]");
    if (fold) { fold.open = false; fold.removeAttribute("data-fold"); }
    this.follower = new MutationObserver(() => this.redraw());
    this.follower.observe(this.table, { childList: true, subtree: true, attributes: true });
  }
  disconnectedCallback() { this.follower?.disconnect(); }

  redraw() {
    const actions = this.read();
    if (!actions.length) return this.replaceChildren();
    const days = actions.flatMap((one) => [one.start, one.end, ...one.milestones.map((milestone) => milestone.end)]);
    const first = new Date(Math.min(...days)), last = new Date(Math.max(...days));
    const begin = Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), 1), end = Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1, 1);
    const place = (time) => `${(100 * (time - begin) / (end - begin)).toFixed(3)}%`;
    const months = [];
    for (let one = new Date(begin); one.getTime() <= end; one.setUTCMonth(one.getUTCMonth() + 1)) months.push(one.getTime());
    const step = Math.ceil((months.length - 1) / 12);
    const now = Date.now(), today = now >= begin && now <= end ? now : null;
    const rows = actions.map((one) => this.line(one, place, months, today));
    const drawing = html("div", "plot timeline", this.key(today), ...rows, this.axis(months, step, place));
    drawing.setAttribute("aria-hidden", "true");
    this.replaceChildren(drawing);
  }

  read() {
    const actions = [];
    for (const row of this.table.querySelectorAll("tbody tr[data-kind]")) {
      const { kind, start, end, value, tone } = row.dataset;
      const one = { label: trimmed(row.querySelector("th")), end: at(end), value: value === undefined ? null : Number(value) };
      if (kind === "action") actions.push({ ...one, start: at(start), tone: tone || "soft", milestones: [] });
      else actions.at(-1)?.milestones.push(one);
    }
    return actions;
  }

  line(one, place, months, today) {
    const from = parseFloat(place(one.start)), until = parseFloat(place(one.end + DAY)), width = until - from;
    const shapes = months.map((time) => svg("line", { x1: place(time), x2: place(time), y1: 0, y2: "100%", class: "grid" }));
    if (today) shapes.push(svg("line", { x1: place(today), x2: place(today), y1: 0, y2: "100%", class: "today" }));
    const inner = [svg("rect", { x: `${from}%`, width: `${width}%`, y: -7, height: 14, rx: 4, class: `span span-${one.tone}` })];
    if (one.value) inner.push(svg("rect", { x: `${from}%`, width: `${width * one.value / 100}%`, y: -7, height: 14, rx: 4, class: `done done-${one.tone}` }));
    for (const milestone of one.milestones) {
      const mark = svg("path", { d: "M0 -6L6 0L0 6L-6 0Z", class: milestone.value === 100 ? "milestone full" : "milestone" });
      inner.push(svg("svg", { x: place(milestone.end), class: "mark" }, svg("title", {}, milestone.label), mark));
    }
    const drawn = svg("svg", { class: "plot-svg" }, ...shapes, svg("svg", { y: "50%", width: "100%", height: "1" }, ...inner));
    return html("div", "plot-row", html("div", "plot-label", html("span", "", one.label)), html("div", "plot-area", drawn));
  }

  axis(months, step, place) {
    const axis = svg("svg", { class: "axis-ticks", height: 22 });
    months.slice(0, -1).forEach((time, index) => {
      const name = new Date(time).getUTCMonth() === 0 ? String(new Date(time).getUTCFullYear()) : month.format(time).replace(".", "");
      if (index % step === 0) axis.append(svg("text", { x: place(time), y: 16, "text-anchor": "start" }, name));
    });
    return html("div", "plot-row axis-row", html("div", "plot-label"), html("div", "plot-area", axis));
  }

  key(today) {
    const sample = (...shapes) => svg("svg", { width: 26, height: 14, class: "sample" }, ...shapes);
    const diamond = (full) => sample(svg("path", { d: "M13 1L19 7L13 13L7 7Z", class: full ? "milestone full" : "milestone" }));
    const entries = [
      [sample(svg("rect", { x: 0, y: 1, width: 26, height: 12, rx: 4, class: "span span-good" }), svg("rect", { x: 0, y: 1, width: 14, height: 12, rx: 4, class: "done done-good" })), say("timeline_bar")],
      [diamond(false), say("timeline_due")], [diamond(true), say("timeline_done")],
    ];
    if (today) entries.push([sample(svg("line", { x1: 13, x2: 13, y1: 0, y2: 14, class: "today" })), say("timeline_today")]);
    return legend(entries);
  }
}
customElements.define("ref-timeline", Timeline);
