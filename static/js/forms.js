// data-guard: whoever leaves with unsaved changes is asked. data-once: a form is sent once, however often it is pressed.
import { announce, each, say } from "./page.js";

const state = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? `${value.name} ${value.size}` : value]));
const guarded = new Map();
const sent = new WeakSet();

each("form[data-guard]", (form) => {
  if ((form.getAttribute("method") ?? "get").toLowerCase() !== "get") guarded.set(form, state(form));
});
addEventListener("beforeunload", (event) => {
  for (const [form, before] of guarded) {
    if (form.isConnected && !sent.has(form) && state(form) !== before) { event.preventDefault(); event.returnValue = say("unsaved"); return; }
  }
});

const free = (form) => {
  sent.delete(form);
  form.removeAttribute("aria-busy");
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-once], [data-guard]")) return;
  if (sent.has(form)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
  sent.add(form);
  form.setAttribute("aria-busy", "true");
  announce(say("sending"));
}, true);
// A page that comes back from the browser's memory, or an answer that leaves the form standing, may be sent again.
addEventListener("pageshow", (event) => { if (event.persisted) document.querySelectorAll("form[aria-busy]").forEach(free); });
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (!form) return;
  free(form);
  if (event.detail.successful && guarded.has(form)) guarded.set(form, state(form));
});
