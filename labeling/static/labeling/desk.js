/* The label page without leaving it: one answer out, the next document in. Everything it does goes through the
   page's own forms, so the page works the same without it.   #desk[data-flow]: its forms are sent from here */
import * as clock from "./clock.js";

const TOKEN_FIELDS = "[name=csrfmiddlewaretoken]";
const SETTLE_MS = 250; // the second half of a double click must not answer the next document
const by = (id) => document.getElementById(id);

/* sending */
let busy = false;
let swappedAt = -Infinity; // when the document before this one made room
let isPointing = false;
document.addEventListener("click", (event) => { isPointing = event.detail > 0; }, true);
document.addEventListener("submit", (event) => {
  const form = event.target;
  const desk = form.closest("#desk[data-flow]");
  if (!desk) return;
  event.preventDefault();
  const early = isPointing && performance.now() - swappedAt < SETTLE_MS;
  if (!busy && !early) send(form, event.submitter);
}, true);

async function send(form, submitter) {
  busy = true;
  if (form.elements.seconds) form.elements.seconds.value = clock.seconds();
  submitter?.classList.add("is-sent");
  by("desk").classList.add("is-busy");
  try {
    let answer = await post(form, submitter);
    if (answer.status === 403) {
      if (!(await renewed())) return trouble("signedOut");
      answer = await post(form, submitter);
    }
    if (answer.headers.get("X-Desk") === "part") return show(await answer.text(), submitter);
    trouble(answer.redirected ? "signedOut" : answer.status < 500 ? "refused" : "offline");
  } catch {
    trouble("offline");
  } finally {
    busy = false;
    by("desk").classList.remove("is-busy");
    submitter?.classList.remove("is-sent");
  }
}

function post(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  return fetch(form.action, { method: "POST", body, headers: { "X-Desk": "part" } });
}

/* Whoever signed in again, in another window, has a new form token: take it over. False where nobody did. */
async function renewed() {
  const page = await fetch(document.querySelector(".top .mark").href);
  if (page.redirected || !page.ok) return false;
  const found = new DOMParser().parseFromString(await page.text(), "text/html").querySelector(TOKEN_FIELDS);
  for (const field of document.querySelectorAll(TOKEN_FIELDS)) field.value = found.value;
  return true;
}

function trouble(kind) {
  const line = by("trouble");
  line.textContent = line.dataset[kind];
  line.hidden = false;
}

function show(html, submitter) {
  const part = new DOMParser().parseFromString(html, "text/html").getElementById("desk");
  const old = by("desk");
  const why = old.querySelector(".why");
  const next = document.adoptNode(part);
  if (why && next.querySelector(".why")) next.querySelector(".why").open = why.open;
  keepRules(old, next);
  old.replaceWith(next);
  swappedAt = performance.now();
  scrollTo({ top: 0, behavior: "instant" });
  next.dispatchEvent(new CustomEvent("desk:shown", { bubbles: true }));
  (by("document") ?? by("content")).focus({ preventScroll: true });
  by("said").textContent = submitter?.querySelector("b")?.textContent ?? "";
  started();
}

/* The same guideline stays where it was scrolled to. */
function keepRules(old, next) {
  const before = old.querySelector(".rule");
  const after = next.querySelector(".rule");
  if (!before || !after || before.textContent !== after.textContent) return;
  const top = before.scrollTop;
  after.replaceWith(before);
  requestAnimationFrame(() => { before.scrollTop = top; });
}

/* a page that waits for a document looks again by itself */
let waiting;
function started() {
  clock.begin();
  clearTimeout(waiting);
  const seconds = Number(by("desk")?.dataset.reload);
  if (seconds) waiting = setTimeout(() => location.assign(location.pathname), seconds * 1000);
}
started();
