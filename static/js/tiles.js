/* <ref-tiles table="t1" series="vote" param="municipality" geojson="/api/…">: the seventeen as tiles, placed by the
   data-x and data-y of the rows. Legend and picture at once; and
   - with `param`, a filter: Enter or a click toggles a tile. `ref-tiles:select` ({code, codes}) is sent first; unless
     it is prevented, the address is opened with the chosen codes in that parameter;
   - with `select` and no `param`, the event alone;
   - else, where the row's head is a link, each tile is that link; else the tiles are a drawing only.
   Arrows move between tiles, Home and End along a row. With `geojson` (features whose `code` property is the row's
   data-code, longitude and latitude), a button turns the tiles into the map and back. */
import { TableDrawing, classOf, classesOf, html, seriesOf, svg, tick } from "./chart.js";
import { announce, say } from "./page.js";

const RAMP = ["shade-1", "shade-2", "shade-3", "shade-4", "shade-5"];

// Where a Portuguese word may break: after an open syllable, or after its closing n, m, r, l or s.
const SYLLABLE = /([aeiouáâãàéêíóôõú][nmrls]?)(?=(?:[nlc]h|[bcdfgptv][rl]|[bcdfgjklmnpqrstvxzç])[aeiouáâãàéêíóôõú])/gi;
const breakable = (text) => text.replace(/\p{L}{7,}/gu, (word) => word.replace(SYLLABLE, "$1\u00ad"));

class Tiles extends TableDrawing {
  draw(data) {
    this.codes ??= new Set(new URLSearchParams(location.search).getAll(this.getAttribute("param") ?? ""));
    const [name] = seriesOf(this, data, 1);
    const rows = data.rows.filter((row) => row.x !== null && row.y !== null);
    const values = rows.map((row) => row.cells[name]).filter((cell) => cell?.value !== null && cell?.value !== undefined && !cell.tone).map((cell) => cell.value);
    this.bounds = values.length ? classesOf(Math.min(...values), Math.max(...values)) : [];
    const pressed = this.hasAttribute("param") || this.hasAttribute("select");
    const links = !pressed && rows.some((row) => row.link);
    this.rows = rows.map((row) => ({ ...row, cell: row.cells[name] ?? null }));
    const box = html("div", "tiles");
    if (pressed || links) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", say("seventeen"));
      box.addEventListener("keydown", (event) => this.walk(event));
    } else box.setAttribute("aria-hidden", "true");
    // The tab order is reading order: from north to south, west to east.
    this.rows.sort((a, b) => a.y - b.y || a.x - b.x);
    for (const row of this.rows) box.append(this.tile(row, pressed, links));
    const first = box.querySelector(`.tile[aria-pressed="true"]`) ?? box.querySelector("a.tile, button.tile");
    if (first) first.tabIndex = 0;
    this.box = box;
    const parts = [box, this.key(data)];
    if (this.hasAttribute("geojson")) parts.push(this.switcher());
    const wrap = html("div", "tiles-wrap", ...parts);
    const wanted = location.hash.match(/^#tile-(.+)$/)?.[1];
    if (wanted && !this.came) setTimeout(() => box.querySelector(`[data-code="${CSS.escape(wanted)}"]`)?.focus());
    this.came = true;
    if (this.shapes) setTimeout(() => this.showMap());
    return wrap;
  }

  shade(cell) {
    if (!cell || (cell.status && !cell.tone)) return "tile-none";
    if (cell.tone) return `tone-${cell.tone}`;
    return RAMP[this.bounds[0] === this.bounds[1] ? 2 : classOf(cell.value, this.bounds)];
  }

  tile(row, pressed, links) {
    const tag = pressed ? "button" : links && row.link ? "a" : "span";
    const tile = html(tag, `tile ${this.shade(row.cell)}`, ...this.words(row, tag !== "span"));
    if (tag === "button") {
      tile.type = "button";
      tile.setAttribute("aria-pressed", String(this.codes.has(row.code)));
      tile.addEventListener("click", () => this.toggle(row.code));
    }
    if (tag === "a") tile.href = row.link;
    if (tag !== "span") {
      tile.tabIndex = -1;
      tile.addEventListener("focus", () => { for (const other of this.box.querySelectorAll(".tile")) other.tabIndex = other === tile ? 0 : -1; });
    }
    if (row.short !== row.label) tile.title = row.label;
    tile.dataset.code = row.code;
    tile.style.gridColumn = row.x + 1;
    tile.style.gridRow = row.y + 1;
    return tile;
  }

  // What is seen may carry soft hyphens, which some screen readers stumble over; what is heard has none, and the full name.
  words(row, heard) {
    const text = row.cell?.text ?? say("nothing");
    const seen = [html("b", "", breakable(row.short)), html("span", "", breakable(text))];
    if (!heard) return seen;
    seen.forEach((part) => part.setAttribute("aria-hidden", "true"));
    return [...seen, html("span", "visually-hidden", `${row.short}${row.short === row.label ? "" : `, ${row.label}`}: ${text}`)];
  }

  walk(event) {
    const at = this.rows.find((row) => row.code === event.target.closest(".tile")?.dataset.code);
    if (!at) return;
    const line = this.rows.filter((row) => row.y === at.y), nearest = (rows, far) => rows.sort((a, b) => far(a) - far(b))[0];
    const to = {
      ArrowRight: () => nearest(line.filter((row) => row.x > at.x), (row) => row.x),
      ArrowLeft: () => nearest(line.filter((row) => row.x < at.x), (row) => -row.x),
      ArrowDown: () => nearest(this.rows.filter((row) => row.y > at.y), (row) => 10 * (row.y - at.y) + Math.abs(row.x - at.x)),
      ArrowUp: () => nearest(this.rows.filter((row) => row.y < at.y), (row) => 10 * (at.y - row.y) + Math.abs(row.x - at.x)),
      Home: () => line[0], End: () => line[line.length - 1],
    }[event.key]?.();
    if (event.key.startsWith("Arrow") || to) event.preventDefault();
    if (to) this.box.querySelector(`[data-code="${CSS.escape(to.code)}"]`)?.focus();
  }

  toggle(code) {
    if (this.codes.has(code)) this.codes.delete(code); else this.codes.add(code);
    for (const tile of this.querySelectorAll("[aria-pressed]")) tile.setAttribute("aria-pressed", String(this.codes.has(tile.dataset.code)));
    announce(say("selected", { count: this.codes.size }));
    const go = this.dispatchEvent(new CustomEvent("ref-tiles:select", { bubbles: true, cancelable: true, detail: { code, codes: [...this.codes] } }));
    const param = this.getAttribute("param");
    if (!go || !param) return;
    const address = new URL(location.href);
    address.searchParams.delete("cursor");
    address.searchParams.delete(param);
    for (const one of this.codes) address.searchParams.append(param, one);
    address.hash = `tile-${code}`;
    location.assign(address);
  }

  key(data) {
    const swatch = (name) => html("i", `swatch ${name}`);
    const kinds = new Map();
    for (const { cell } of this.rows) if (cell?.tone) kinds.set(`tone-${cell.tone}`, cell.text);
    const entries = [...kinds].map(([name, text]) => [name, text]);
    if (this.bounds[1] > this.bounds[0]) this.bounds.slice(1).forEach((bound, index) => entries.push([RAMP[index], `${tick(this.bounds[index], "")} – ${tick(bound, data.unit)}`]));
    if (this.rows.some(({ cell }) => !cell || (cell.status && !cell.tone))) entries.push(["tile-none", say("nothing")]);
    const key = html("div", "key", ...entries.map(([name, text]) => html("span", "", swatch(name), text)));
    key.setAttribute("aria-hidden", "true");
    return key;
  }

  switcher() {
    const button = html("button", "button plain", say("show_map"));
    button.type = "button";
    button.addEventListener("click", async () => {
      if (this.map) { this.map.remove(); this.map = this.shapes = null; this.box.hidden = false; button.textContent = say("show_map"); return; }
      try {
        const answer = await fetch(this.getAttribute("geojson"), { headers: { Accept: "application/geo+json, application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        this.shapes = (await answer.json()).features.filter((feature) => feature.geometry);
        if (!this.shapes.length) throw new Error("empty");
      } catch { this.shapes = null; announce(say("no_boundaries")); button.replaceWith(html("p", "note", say("no_boundaries"))); return; }
      this.showMap();
      button.textContent = say("show_tiles");
    });
    return button;
  }

  // Equirectangular: at this size (80 km) the error against a proper projection is under a pixel.
  showMap() {
    const rings = (geometry) => (geometry.type === "Polygon" ? geometry.coordinates : geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : []);
    const points = this.shapes.flatMap((feature) => rings(feature.geometry).flat());
    const [west, east, south, north] = points.reduce(([w, e, s, n], [x, y]) => [Math.min(w, x), Math.max(e, x), Math.min(s, y), Math.max(n, y)], [180, -180, 90, -90]);
    const narrow = Math.cos(((south + north) / 2) * (Math.PI / 180)), size = 1000 / Math.max((east - west) * narrow, north - south);
    const place = ([x, y]) => `${((x - west) * narrow * size).toFixed(1)} ${((north - y) * size).toFixed(1)}`;
    const picture = svg("svg", { viewBox: `-4 -4 ${((east - west) * narrow * size + 8).toFixed(0)} ${((north - south) * size + 8).toFixed(0)}`, class: "real-map", "aria-hidden": "true" });
    for (const feature of this.shapes) {
      const row = this.rows.find((one) => one.code === String(feature.properties?.code ?? feature.id));
      const path = svg("path", { d: rings(feature.geometry).map((ring) => `M${ring.map(place).join("L")}Z`).join(""), "fill-rule": "evenodd", class: `shape ${this.shade(row?.cell ?? null)}` }, svg("title", {}, row ? `${row.label}: ${row.cell?.text ?? say("nothing")}` : String(feature.properties?.name ?? "")));
      if (row && this.codes.has(row.code)) path.classList.add("chosen");
      if (row) path.addEventListener("click", () => { if (this.hasAttribute("param") || this.hasAttribute("select")) this.toggle(row.code); else if (row.link) location.assign(row.link); });
      picture.append(path);
    }
    this.map?.remove();
    this.map = picture;
    this.box.hidden = true;
    this.box.before(picture);
  }
}
customElements.define("ref-tiles", Tiles);
