// table[data-grid]: number fields that behave like a spreadsheet. Arrows and Enter move, a block pasted from a
// spreadsheet fills the fields from the one it is pasted into, <output data-total="row|column|all"> add up as one types.
import { announce, each, say } from "./page.js";

const portuguese = (document.documentElement.lang || "pt").startsWith("pt");
const shown = (sum) => new Intl.NumberFormat("en", { maximumFractionDigits: 6 }).format(sum)
  .replace(/[,.]/g, (mark) => (portuguese ? { ",": "\u00a0", ".": "," }[mark] : mark));
const number = (text) => {
  const bare = text.replace(/[\s\u00a0\u202f]/g, "");
  return portuguese || /^-?\d+,\d+$/.test(bare) ? bare.replace(/\.(?=\d{3}(\D|$))/g, "").replace(",", ".") : bare.replace(/,/g, "");
};
const fieldOf = (cell) => cell?.querySelector("input:not([type=hidden]):not([disabled])");
const fieldsOf = (rows, column) => [...rows].map((row) => fieldOf([...row.cells].find((cell) => cell.cellIndex === column))).filter(Boolean);
const sum = (fields) => fields.reduce((total, field) => total + (Number(field.value) || 0), 0);

function add(table) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  for (const output of table.querySelectorAll("output[data-total]")) {
    const cell = output.closest("td, th"), kind = output.dataset.total;
    const fields = kind === "row" ? [...cell.parentElement.cells].map(fieldOf).filter(Boolean)
      : kind === "column" ? fieldsOf(rows, cell.cellIndex) : rows.flatMap((row) => [...row.cells].map(fieldOf).filter(Boolean));
    output.value = shown(sum(fields));
  }
}

function move(table, field, down, right) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  const cell = field.closest("td, th");
  let at = rows.indexOf(cell.parentElement), column = cell.cellIndex, next = null;
  do { at += down; column += right; next = fieldOf(rows[at]?.cells[column]); } while (!next && rows[at]?.cells[column]);
  if (next) { next.focus(); next.select(); }
  return Boolean(next);
}

each("table[data-grid]", (table) => {
  add(table);
  table.addEventListener("input", () => add(table));
  table.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches("input") || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] };
    const step = steps[event.key];
    if (!step) return;
    if (move(table, field, ...step) || event.key !== "Enter") event.preventDefault();
  });
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!event.target.matches("input") || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const cell = event.target.closest("td, th"), top = rows.indexOf(cell.parentElement), left = cell.cellIndex;
    let count = 0;
    text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach((line, down) => line.split("\t").forEach((value, right) => {
      const field = fieldOf(rows[top + down]?.cells[left + right]);
      if (!field) return;
      field.value = number(value);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      count += 1;
    }));
    announce(say("pasted", { count }));
  });
});
