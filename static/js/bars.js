// <ref-bars table="t1" series="share" max="100" shape="point">: one bar (or point) per row with its interval and the
// text of its cell; rows without a figure keep their place and say why.
import { TableDrawing, axisRow, html, legend, nameOf, plotOf, scaleOf, seriesOf, svg } from "./chart.js";
import { say } from "./page.js";

class Bars extends TableDrawing {
  draw(data) {
    const [name] = seriesOf(this, data, 1);
    const cells = data.rows.map((row) => row.cells[name]).filter(Boolean);
    const asked = this.getAttribute("max"), point = this.getAttribute("shape") === "point";
    const scale = scaleOf(cells.flatMap((cell) => [cell.value, cell.low, cell.high].filter((one) => one !== null)), asked ? Number(asked) : null);
    const sample = point ? svg("svg", { width: 20, height: 14, class: "sample" }, svg("circle", { cx: 10, cy: 7, r: 6, class: "dot" })) : svg("svg", { width: 20, height: 14, class: "sample" }, svg("rect", { x: 0, y: 1, width: 20, height: 12, rx: 3, class: "bar" }));
    const entries = [[sample, nameOf(data, name)]];
    if (cells.some((cell) => cell.low !== null)) entries.push([svg("svg", { width: 26, height: 14, class: "sample" }, svg("path", { d: "M1 7H25M1 3V11M25 3V11", class: "whisker" })), say("low_high")]);
    const rows = data.rows.map((row) => this.row(row, row.cells[name], scale, point));
    const drawing = html("div", "plot bars", data.heads.size || entries.length > 1 ? legend(entries) : null, ...rows, axisRow(scale, data.unit));
    drawing.setAttribute("aria-hidden", "true");
    return drawing;
  }

  row(row, cell, scale, point) {
    const label = html("div", "plot-label", html("span", "", row.label));
    if (!cell || cell.value === null) {
      return html("div", "plot-row", label, html("div", "plot-area", plotOf(scale), html("span", "plot-none", cell?.text || say("nothing"))));
    }
    const shapes = [];
    const zero = parseFloat(scale.place(0)), end = parseFloat(scale.place(cell.value));
    if (point) shapes.push(svg("circle", { cx: `${end}%`, cy: 0, r: 6, class: "dot" }));
    else shapes.push(svg("rect", { x: `${Math.min(zero, end)}%`, width: `${Math.abs(end - zero)}%`, y: -8, height: 16, rx: 3, class: "bar" }));
    if (cell.low !== null && cell.high !== null) {
      for (const [x1, x2, y1, y2] of [[cell.low, cell.high, 0, 0], [cell.low, cell.low, -4, 4], [cell.high, cell.high, -4, 4]]) {
        shapes.push(svg("line", { x1: scale.place(x1), x2: scale.place(x2), y1, y2, class: "whisker" }));
      }
    }
    const edge = Math.max(end, cell.high === null ? 0 : parseFloat(scale.place(cell.high)));
    shapes.push(svg("text", { x: `${edge}%`, y: 4.5, dx: point && cell.high === null ? 12 : 8, class: "value" }, cell.text));
    return html("div", "plot-row", label, html("div", "plot-area", plotOf(scale, ...shapes)));
  }
}
customElements.define("ref-bars", Bars);
