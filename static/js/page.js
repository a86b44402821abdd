// What every page does: words, the search key, menus, announcements, unfolding for print.

/** A sentence of templates/shell/strings.html in the page's language, its {names} filled in. */
export function say(key, values = {}) {
  const found = document.querySelector("#strings")?.content.querySelector(`[data-key="${key}"]`);
  return (found ? found.textContent : key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Say something to whoever listens instead of looking. */
export function announce(text) {
  const place = document.getElementById("announce");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 60);
}

/** Run for each matching element, now and in whatever htmx brings later. */
export function each(selector, run) {
  const go = (root) => {
    if (root.matches?.(selector)) run(root);
    root.querySelectorAll?.(selector).forEach(run);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => go(document));
  else go(document);
  document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) go(event.target); });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const at = event.target;
    if (at.closest?.("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("[data-slash]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Without the mark in the address: with it, a form that comes back with errors would begin at its heading once more.
each("a.skip", (link) => link.addEventListener("click", (event) => {
  const main = document.querySelector(link.hash);
  if (main) { event.preventDefault(); main.focus(); }
}));
each("[data-focus]", (element) => element.focus());
document.addEventListener("htmx:afterSwap", (event) => {
  const text = event.detail.elt?.dataset?.announce ?? event.target.dataset?.announce;
  if (text) announce(text);
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => announce(say("failed")));
}

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open]):not([data-menu])")];
  folded.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));
