/* A chart is drawn from its table; there is no second copy of the figures.

   THE TABLE'S CONTRACT
   <table id="t1" data-unit="%">                         data-unit: what ticks and legends carry ("%", "€", "" …)
     <thead><tr><th scope="col">…</th>
       <th scope="col" data-series="metropolitan">AMP</th>   names the series; the legend shows the head's text
     <tbody><tr data-code="1312" data-x="1" data-y="3" data-short="Porto">   code, tile column and row, short name: tiles only
       <th scope="row">Label, may hold a link</th>
       <td data-series="metropolitan" data-value="22.92" data-low="13.31" data-high="36.54" data-printed="22.92">22,92 %</td>
       <td data-series="municipal" data-status="suppressed">oculto</td>
   - data-value, data-low, data-high, data-printed: plain decimals with a dot ({{ x|plain }}); low and high come together.
   - A cell without a figure has data-status (missing, not_applicable, confidential, not_collected, suppressed,
     no_respondents, not_asked) and no data-value, and its text says so ({{ status|no_data }}). Zero is a value.
   - The text of a cell is what a person reads; the drawing shows that text, and never formats a figure anew.
   - data-quota beside data-value: heat maps of answers against a quota.
   - data-tone (good, warn, bad, soft, none): tiles of kinds instead of quantities, such as votes.
   - Rows inside <tfoot> are not drawn. Sorting or changing the table redraws.

   Drawings are hidden from screen readers (the table is what they read), except tiles that can be pressed. */
import { say } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with presentation attributes; null ones are left out. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An HTML element with a class and children. */
export function html(name, className = "", ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null));
  return element;
}

const figure = (text) => (text === undefined || text === "" ? null : Number(text));
const trimmed = (node) => node.textContent.replace(/[\t\n ]+/g, " ").trim();

/** What a cell says: {series, value, low, high, printed, quota, status, tone, text, cell}. */
function readCell(cell) {
  const { series = "", value, low, high, printed, quota, status, tone } = cell.dataset;
  return {
    series, value: figure(value), low: figure(low), high: figure(high), printed: figure(printed), quota: figure(quota),
    status: status ?? (value === undefined && tone === undefined ? "missing" : null), tone: tone ?? null, text: trimmed(cell), cell,
  };
}

/** The table as {rows, heads, unit}: rows are {label, code, x, y, short, link, cells: {series: cell}}. */
export function readTable(table) {
  const heads = new Map();
  for (const head of table.querySelectorAll("thead [data-series]")) heads.set(head.dataset.series, trimmed(head));
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector("th")).map((row) => {
    const head = row.querySelector("th");
    const cells = {};
    for (const cell of row.querySelectorAll("td[data-series], td[data-value], td[data-status]")) {
      const read = readCell(cell);
      cells[read.series || `column-${cell.cellIndex}`] = read;
    }
    return {
      row, cells, label: trimmed(head), code: row.dataset.code ?? "", link: head.querySelector("a[href]")?.href ?? null,
      short: row.dataset.short || trimmed(head), x: figure(row.dataset.x), y: figure(row.dataset.y),
    };
  });
  return { rows, heads, unit: table.dataset.unit ?? "" };
}

const portuguese = (document.documentElement.lang || "pt").startsWith("pt");
/** A tick or a bound of a legend, with its unit. */
export function tick(value, unit) {
  const text = new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value)
    .replace(/[,.]/g, (mark) => (portuguese ? { ",": "\u00a0", ".": "," }[mark] : mark)).replace("-", "\u2212");
  return unit ? `${text}${unit === "%" && !portuguese ? "" : "\u00a0"}${unit}` : text;
}

/** Round numbers from 0 (or below, where there are such) to the highest figure. */
export function scaleOf(values, asked = null) {
  const low = Math.min(0, ...values), high = asked ?? Math.max(0, ...values);
  const raw = (high - low || 1) / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw * .999);
  const first = Math.floor(low / step) * step, last = asked ?? Math.ceil(high / step - 1e-9) * step;
  const ticks = [];
  for (let at = first; at <= last + step / 1e6; at += step) ticks.push(Number(at.toPrecision(12)));
  return { ticks, place: (value) => `${(100 * (Math.min(value, last) - first) / (last - first || 1)).toFixed(3)}%` };
}

/** At most five even classes with round bounds that hold every figure: the bounds, one more than the classes. */
export function classesOf(low, high) {
  if (!(high > low)) return [low, high];
  const power = 10 ** Math.floor(Math.log10((high - low) / 5));
  for (const step of [1, 2, 2.5, 5, 10, 20].map((one) => one * power)) {
    const first = Math.floor(low / step + 1e-9), count = Math.max(1, Math.ceil(high / step - 1e-9) - first);
    if (count <= 5) return Array.from({ length: count + 1 }, (none, at) => Number(((first + at) * step).toPrecision(12)));
  }
  return [low, high];
}

/** The class a figure falls in, counted from 0; a bound belongs to the class above it, the last to the last. */
export const classOf = (value, bounds) => Math.min(bounds.length - 2, Math.max(0, bounds.findLastIndex((bound) => bound <= value)));

/** A drawing as wide and as high as its place, with the origin at mid-height; the grid runs through all of it. */
export function plotOf(scale, ...shapes) {
  return svg("svg", { class: "plot-svg" }, ...gridLines(scale), svg("svg", { y: "50%", width: "100%", height: "1" }, ...shapes));
}

export const gridLines = (scale) => scale.ticks.map((value) => svg("line", { x1: scale.place(value), x2: scale.place(value), y1: 0, y2: "100%", class: value === 0 ? "zero" : "grid" }));

/** The row of ticks under the plot. */
export function axisRow(scale, unit) {
  const axis = svg("svg", { class: "axis-ticks", height: 22 });
  for (const value of scale.ticks) axis.append(svg("text", { x: scale.place(value), y: 16, "text-anchor": "middle" }, tick(value, unit)));
  return html("div", "plot-row axis-row", html("div", "plot-label"), html("div", "plot-area", axis));
}

/** A legend: [[drawing, text]]. */
export function legend(entries) {
  return html("div", "key", ...entries.map(([drawing, text]) => html("span", "", drawing, text)));
}

/** The common life of an element that draws a table: waits for it, draws, follows its changes, folds it away. */
export class TableDrawing extends HTMLElement {
  connectedCallback() {
    this.table = document.getElementById(this.getAttribute("table"));
    if (!this.table) return;
    this.redraw();
    const fold = this.table.closest("details[data-fold]");
    if (fold) { fold.open = false; fold.removeAttribute("data-fold"); }
    this.follower = new MutationObserver(() => this.redraw());
    this.follower.observe(this.table, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-value", "data-low", "data-high", "data-status", "data-tone", "data-quota"] });
  }
  disconnectedCallback() { this.follower?.disconnect(); }
  redraw() {
    const drawing = this.draw(readTable(this.table));
    if (drawing) this.replaceChildren(drawing);
  }
}

/** The series a drawing shows: those asked for, else those the head names, else the first cell of the rows. */
export function seriesOf(element, data, count) {
  const asked = element.getAttribute("series")?.split(/[\s,]+/).filter(Boolean);
  const named = asked?.length ? asked : data.heads.size ? [...data.heads.keys()] : Object.keys(data.rows[0]?.cells ?? {});
  return named.slice(0, count);
}

export const nameOf = (data, series) => data.heads.get(series) ?? say("nothing");
