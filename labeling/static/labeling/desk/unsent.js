// @ts-check
/* What people see of the outbox: how many answers wait and why, and those that the service did not take. */
import { desk } from "./http.js";
import { discard, state } from "./outbox.js";
import { copyOf } from "./paint.js";

const PATIENCE_MS = 1500; // a save that takes no longer is not worth a line
/** @template {string} K @param {K} id */
const by = (id) => document.getElementById(id);
let since = 0;

document.addEventListener("desk:unsent", () => {
  desk.dataset.unsent = String(state.unsent);
  if (!state.unsent) since = 0;
  else if (!since) {
    since = performance.now();
    setTimeout(show, PATIENCE_MS + 50);
  }
  show();
});

function show() {
  const bar = by("unsent");
  const isLate = since && performance.now() - since > PATIENCE_MS;
  const text =
    state.unsent && (state.trouble || isLate)
      ? counted(state.trouble || "offline", state.unsent)
      : state.elsewhere
        ? counted("elsewhere", state.elsewhere)
        : state.ofOthers
          ? counted("others", state.ofOthers)
          : "";
  if (bar.textContent !== text) bar.textContent = text;
  showRefused();
}

/** @param {string} what @param {number} count */
function counted(what, count) {
  const form = new Intl.PluralRules(document.documentElement.lang).select(count) === "one" ? "One" : "Other";
  return by("unsent").dataset[what + form].replace("{n}", count.toLocaleString(document.documentElement.lang));
}

function showRefused() {
  const box = by("refused");
  if (box.hidden && !state.refused.length) return;
  box.hidden = !state.refused.length;
  const list = box.querySelector("ul");
  const ids = state.refused.map(({ id }) => String(id)).join(" ");
  if (list.dataset.shown === ids) return;
  list.dataset.shown = ids;
  list.replaceChildren(...state.refused.map(refusedRow));
}

/** @param {Operation} operation */
function refusedRow(operation) {
  const row = copyOf(by("refused").querySelector("template"));
  row.querySelector(".excerpt").textContent = operation.excerpt;
  row.querySelector("p.soft").textContent = operation.refused === "-" ? by("refused").dataset.gone : operation.refused;
  row.querySelector("a").search = `?lease=${operation.lease}`;
  const button = row.querySelector("button");
  button.addEventListener("click", () => {
    if (button.textContent === button.dataset.sure) discard(operation.id);
    button.textContent = button.dataset.sure;
  });
  return row;
}

/* Everything is kept; but whoever leaves while it cannot be sent should know that it waits here. */
window.addEventListener("beforeunload", (event) => {
  if (state.unsent && (state.trouble || !navigator.onLine)) event.preventDefault();
});
