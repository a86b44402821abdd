// <ref-dumbbell table="t1" accent="ep1" series="metropolitan municipal" max="100">: two shares per row on one line, each
// with its interval; a mark where the source prints a figure; what has no figure is said in words.
import { TableDrawing, axisRow, html, legend, nameOf, plotOf, scaleOf, seriesOf, svg } from "./chart.js";
import { say } from "./page.js";

const MIDDLE = 0;

function mark(index, x, extra = {}) {
  return index === 0 ? svg("circle", { cx: x, cy: MIDDLE, r: 6.5, class: "dot", ...extra }) : svg("circle", { cx: x, cy: MIDDLE, r: 5.5, class: "ring", ...extra });
}
function sample(...shapes) { return svg("svg", { width: 26, height: 16, viewBox: "0 -8 26 16", class: "sample" }, ...shapes); }

class Dumbbell extends TableDrawing {
  draw(data) {
    const series = seriesOf(this, data, 2);
    const cells = data.rows.flatMap((row) => series.map((name) => row.cells[name]).filter(Boolean));
    const asked = this.getAttribute("max");
    const scale = scaleOf(cells.flatMap((cell) => [cell.value, cell.high, cell.printed].filter((one) => one !== null)), asked ? Number(asked) : data.unit === "%" ? 100 : null);
    const entries = series.map((name, index) => [sample(mark(index, 13)), nameOf(data, name)]);
    if (cells.some((cell) => cell.low !== null)) entries.push([sample(svg("line", { x1: 1, x2: 25, y1: MIDDLE, y2: MIDDLE, class: "interval" })), say("low_high")]);
    if (cells.some((cell) => cell.printed !== null)) entries.push([sample(svg("line", { x1: 13, x2: 13, y1: -7, y2: 7, class: "printed" })), say("printed")]);
    const rows = data.rows.map((row) => this.row(row, series, scale, data));
    const drawing = html("div", "plot dumbbell", legend(entries), ...rows, axisRow(scale, data.unit));
    drawing.setAttribute("aria-hidden", "true");
    return drawing;
  }

  row(row, series, scale, data) {
    const found = series.map((name, index) => [row.cells[name], index, name]);
    const drawn = found.filter(([cell]) => cell && cell.value !== null);
    const absent = found.filter(([cell]) => !cell || cell.value === null).map(([cell, , name]) => `${nameOf(data, name)}: ${cell?.text || say("nothing")}`);
    const label = html("div", "plot-label", html("span", "", row.label), absent.length ? html("small", "", absent.join(" · ")) : null);
    const shapes = [];
    if (drawn.length === 2) shapes.push(svg("line", { x1: scale.place(drawn[0][0].value), x2: scale.place(drawn[1][0].value), y1: MIDDLE, y2: MIDDLE, class: "bridge" }));
    for (const [cell, index] of drawn) {
      const y = MIDDLE + (index === 0 ? -13 : 13);
      if (cell.low !== null && cell.high !== null) shapes.push(svg("line", { x1: scale.place(cell.low), x2: scale.place(cell.high), y1: y, y2: y, class: "interval" }));
    }
    const lowest = drawn.length === 2 && drawn[0][0].value > drawn[1][0].value ? 1 : 0;
    drawn.forEach(([cell, index], place) => {
      const x = scale.place(cell.value);
      shapes.push(mark(index, x));
      if (cell.printed !== null) shapes.push(svg("line", { x1: scale.place(cell.printed), x2: scale.place(cell.printed), y1: MIDDLE - 10, y2: MIDDLE + 10, class: "printed" }));
      const left = drawn.length === 2 && place === lowest;
      const differs = cell.printed !== null && cell.printed !== cell.value;
      shapes.push(svg("text", { x, y: MIDDLE + 4, dx: left ? -12 : 12, "text-anchor": left ? "end" : "start", class: differs ? "value differs" : "value" }, cell.text + (differs && !cell.text.includes("≠") ? " ≠" : "")));
    });
    return html("div", "plot-row", label, html("div", "plot-area", plotOf(scale, ...shapes), drawn.length ? null : html("span", "plot-none", say("nothing"))));
  }
}
customElements.define("ref-dumbbell", Dumbbell);
