// <ref-heat table="t1">: colours the cells of the table itself (they keep their text) and adds the legend. With
// data-quota: nobody yet, below half, half or more, met. Without: five even steps up to the highest figure.
import { TableDrawing, classOf, classesOf, html, legend, tick } from "./chart.js";
import { say } from "./page.js";

const STEPS = ["heat-0", "heat-1", "heat-2", "heat-3", "heat-4"];

function step(cell, bounds) {
  if (cell.status) return "heat-none";
  if (cell.quota !== null) {
    if (cell.quota === 0 || cell.value >= cell.quota) return "heat-4";
    return cell.value === 0 ? "heat-0" : cell.value * 2 < cell.quota ? "heat-1" : "heat-2";
  }
  return STEPS[classOf(cell.value, bounds)];
}

class Heat extends TableDrawing {
  draw(data) {
    const cells = data.rows.flatMap((row) => Object.values(row.cells));
    const bounds = classesOf(0, Math.max(0, ...cells.map((cell) => cell.value ?? 0)));
    this.table.classList.add("heat");
    for (const cell of cells) {
      cell.cell.classList.remove(...STEPS, "heat-none");
      cell.cell.classList.add(step(cell, bounds));
    }
    const swatch = (name) => html("i", `swatch ${name}`);
    const entries = cells.some((cell) => cell.quota !== null)
      ? [["heat-0", "none_in"], ["heat-1", "below"], ["heat-2", "half"], ["heat-4", "met"]].map(([name, key]) => [swatch(name), say(key)])
      : bounds.slice(1).map((bound, index) => [swatch(STEPS[index]), `${tick(bounds[index], "")} – ${tick(bound, data.unit)}`]);
    const none = cells.find((cell) => cell.status);
    if (none) entries.push([swatch("heat-none"), say("nothing")]);
    const drawing = legend(entries);
    drawing.setAttribute("aria-hidden", "true");
    return drawing;
  }
}
customElements.define("ref-heat", Heat);
