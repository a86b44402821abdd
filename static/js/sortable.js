// table[data-sortable]: its column heads become buttons that sort the rows there are. What has no figure comes last
// either way. A cell is compared by data-value, else data-sort, else its text. th[data-nosort] is left alone.
import { each, say } from "./page.js";

const language = document.documentElement.lang || "pt-PT";
const words = new Intl.Collator(language, { numeric: true, sensitivity: "base" });

function keyOf(row, column) {
  const cell = row.cells[column];
  if (!cell || "status" in cell.dataset) return null;
  if (cell.dataset.value) return Number(cell.dataset.value);
  return cell.dataset.sort ?? cell.textContent.trim();
}
function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return words.compare(String(one), String(other));
}

each("table[data-sortable]", (table) => {
  const heads = [...(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? [])];
  for (const head of heads) {
    if (head.colSpan > 1 || "nosort" in head.dataset || !head.textContent.trim() || head.querySelector(".sort")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.title = say("sort");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      for (const body of table.tBodies) {
        const rows = [...body.rows].map((row) => [keyOf(row, head.cellIndex), row]);
        rows.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : (down ? -1 : 1) * compare(a, b)));
        body.append(...rows.map(([, row]) => row));
      }
    });
  }
});
