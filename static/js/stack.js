// table[data-stack]: on a phone (see components.css) each row stands as a block, each cell behind the name of its column.
// The names come from the table's own head; the roles keep it a table for screen readers, whatever its display.
import { each } from "./page.js";

const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

function roleOf(part) {
  if (part.tagName !== "TH") return ROLES[part.tagName];
  return part.scope === "row" ? "rowheader" : "columnheader";
}

each("table[data-stack]", (table) => {
  const heads = [...(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? [])];
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, th, td")]) {
    const role = roleOf(part);
    if (role) part.setAttribute("role", role);
  }
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      for (const cell of row.cells) {
        const name = heads[cell.cellIndex]?.textContent.trim();
        if (name && cell.tagName === "TD" && cell.colSpan === 1) cell.dataset.label = name;
        if (!cell.textContent.trim() && !cell.querySelector("input, select, progress, img")) cell.dataset.blank = "";
      }
    }
  }
  table.classList.add("stacked");
});
