// <ref-lorenz table="t1" series="seats">: the Lorenz curve of one column. Rows stand in order of their figure; each point
// is the share of the rows so far against the share of the total that they give. Rows without a figure are left out.
import { TableDrawing, html, seriesOf, svg, tick } from "./chart.js";

const SIDE = 240, LEFT = 46, BOTTOM = 26, TOP = 10, RIGHT = 26;
const x = (share) => LEFT + share * SIDE, y = (share) => TOP + (1 - share) * SIDE;

class Lorenz extends TableDrawing {
  draw(data) {
    const [name] = seriesOf(this, data, 1);
    const values = data.rows.map((row) => row.cells[name]?.value).filter((one) => one !== null && one !== undefined && one >= 0).sort((a, b) => a - b);
    const total = values.reduce((sum, one) => sum + one, 0);
    if (!total) return null;
    let sum = 0;
    const points = [[0, 0], ...values.map((one, at) => { sum += one; return [(at + 1) / values.length, sum / total]; })];
    const line = points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ");
    const ticks = [0, .5, 1].flatMap((share) => [
      svg("text", { x: x(share), y: y(0) + 18, "text-anchor": "middle" }, tick(share * 100, "%")),
      svg("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, tick(share * 100, "%")),
    ]);
    const drawing = html("div", "lorenz");
    drawing.append(svg("svg", { viewBox: `0 0 ${LEFT + SIDE + RIGHT} ${TOP + SIDE + BOTTOM}` },
      svg("rect", { x: LEFT, y: TOP, width: SIDE, height: SIDE, class: "lorenz-frame" }),
      svg("polygon", { points: line, class: "lorenz-gap" }),
      svg("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "lorenz-even" }),
      svg("polyline", { points: line, class: "lorenz-curve" }),
      ...points.slice(1).map(([a, b]) => svg("circle", { cx: x(a).toFixed(1), cy: y(b).toFixed(1), r: 2.5, class: "lorenz-dot" })),
      ...ticks));
    drawing.setAttribute("aria-hidden", "true");
    return drawing;
  }
}
customElements.define("ref-lorenz", Lorenz);
