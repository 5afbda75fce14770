/* The label page by keys, and without leaving the page: one answer out, the next document in.
   Everything it does goes through the page's own forms, so the page works the same without it.

   data-key="x"   the element that the key x clicks        data-enter   the one that Enter clicks
   data-card="…"  brings the rule of this class into view   #desk[data-flow]   its forms are sent from here */
const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const TOKEN_FIELDS = "[name=csrfmiddlewaretoken]";
const IDLE_MS = 30_000; // a longer pause is no work on the document
const SETTLE_MS = 250; // the second half of a double click must not answer the next document
const by = (id) => document.getElementById(id);

/* keys */
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") return closeSkip();
  if (event.repeat || event.target.closest(WORD_FIELDS)) return;
  if (event.key === "Enter") {
    if (event.target.closest("a, button, summary")) return;
    press(event, document.querySelector("[data-enter]"));
  } else if (event.key.length === 1) {
    press(event, document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`));
  }
});

function press(event, element) {
  if (!element) return;
  event.preventDefault();
  element.click();
}

/* skip: the reason is asked where the button was */
document.addEventListener("toggle", (event) => {
  if (event.target.matches(".skip") && event.target.open) by("skip-reason").focus();
}, true);

function closeSkip() {
  const skip = document.querySelector(".skip[open]");
  if (!skip) return;
  skip.open = false;
  skip.querySelector("summary").focus();
}

/* the rule of the class at hand */
for (const moment of ["pointerover", "focusin", "change", "click"]) {
  document.addEventListener(moment, (event) => {
    const id = event.target.closest?.("[data-card]")?.dataset.card;
    const card = id && by(`card-${id}`);
    if (!card || card.classList.contains("is-current")) return;
    document.querySelector(".card.is-current")?.classList.remove("is-current");
    card.classList.add("is-current");
    const rules = card.closest(".rule");
    if (rules.scrollHeight > rules.clientHeight) rules.scrollTop = card.offsetTop - rules.offsetTop - 24;
  });
}

/* focused seconds: a hidden page and a person who is away do not count */
let lastSign = performance.now();
let spent = 0;
function sign() {
  const now = performance.now();
  spent += Math.min(now - lastSign, IDLE_MS);
  lastSign = now;
}
for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
  document.addEventListener(kind, sign, { capture: true, passive: true });
}
window.addEventListener("blur", sign);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) sign();
  else lastSign = performance.now();
});
window.addEventListener("focus", () => { lastSign = performance.now(); });

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
  sign();
  if (form.elements.seconds) form.elements.seconds.value = (spent / 1000).toFixed(1);
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
  lastSign = performance.now();
  spent = 0;
  clearTimeout(waiting);
  const seconds = Number(by("desk")?.dataset.reload);
  if (seconds) waiting = setTimeout(() => location.assign(location.pathname), seconds * 1000);
}
started();

/* "Save" with nothing chosen is an answer too, and says so */
const isNothing = () => !document.querySelector("#answer :checked, #answer [name=span_class][type=hidden]");
function nameSave() {
  const save = document.querySelector(".other [data-enter]");
  if (!save?.firstChild) return;
  save.dataset.name ??= save.firstChild.textContent;
  save.firstChild.textContent = isNothing() ? `${save.dataset.none} ` : save.dataset.name;
}
for (const moment of ["change", "desk:shown", "spans:changed"]) document.addEventListener(moment, nameSave);
nameSave();
