// @ts-check
/* The label page without leaving it: what is done to a document goes to the outbox, and the next document is painted
   at once. Everything goes through the page's own forms, so the page works the same without it.

   data-do="…" on a form   what it does: answer, skip, defer, ask, undo
   desk:leaving            a form of this part is about to be read
   desk:shown              this part is in view now
   desk:ready              the first part may be answered: keys that were pressed before are pressed now */
import * as clock from "./clock.js";
import * as history from "./history.js";
import { desk, post } from "./http.js";
import * as outbox from "./outbox.js";
import { afterPaint, copyOf } from "./paint.js";
import * as prefetch from "./prefetch.js";
import "./unsent.js";

const SETTLE_MS = 250; // the second half of a double click must not answer the next document
const EXCERPT = 80;
/** @template {string} K @param {K} id */
const by = (id) => document.getElementById(id);
let current = by("part");
let shownAt = -Infinity;
let isPointing = false;
let calmUntil = 0; // a document that came by itself takes no answer that was meant for the one before

document.addEventListener(
  "click",
  (event) => {
    isPointing = event.detail > 0;
  },
  true,
);
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.dataset.do || !form.closest("#part")) return;
    event.preventDefault();
    if (performance.now() < calmUntil || (isPointing && performance.now() - shownAt < SETTLE_MS)) return;
    if (form.dataset.do === "undo") takeBack();
    else if (isTakingBack) return;
    else act(form, event.submitter);
  },
  true,
);

/** @param {HTMLFormElement} form @param {HTMLElement} submitter */
function act(form, submitter) {
  const part = current;
  const deed = form.dataset.do;
  const seconds = clock.seconds();
  part.dispatchEvent(new CustomEvent("desk:leaving", { bubbles: true }));
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
  const key = newKey();
  fields.delete("csrfmiddlewaretoken");
  fields.set("key", key);
  if (deed === "answer") fields.set("seconds", seconds);
  const excerpt = part.querySelector(".text").textContent.slice(0, EXCERPT);
  const classes = deed === "answer" ? history.chosen(part, fields) : [];
  prefetch.leave(part);
  outbox.take({ do: deed, fields: String(fields), key, lease: part.dataset.lease, excerpt });
  if (deed === "answer") {
    mark(part, submitter);
    history.remember(part, key);
    history.decide(key, classes, excerpt);
  }
  by("said").textContent = classes.map(({ name }) => name).join(", ");
  show(prefetch.next() ?? waiting(), deed);
}

/** Where a button is the answer, it shows that when the part comes back.
   @param {Part} part @param {HTMLElement} submitter */
function mark(part, submitter) {
  if (submitter?.getAttribute("name") !== "label_class") return;
  for (const button of part.querySelectorAll("[data-before]")) button.removeAttribute("data-before");
  submitter.setAttribute("data-before", "");
}

const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Nothing here asks for the page's layout, so it is laid out once, in the frame that follows.
   @param {Part} part @param {string=} notice */
function show(part, notice = "") {
  const why = current.querySelector("details.why")?.open;
  if (why !== undefined && part.querySelector("details.why")) part.querySelector("details.why").open = why;
  current.replaceWith(part);
  current = part;
  shownAt = performance.now();
  document.querySelector(".notices .messages")?.remove();
  by("trouble").hidden = true;
  say(notice);
  clock.begin();
  prefetch.display(part);
  part.dispatchEvent(new CustomEvent("desk:shown", { bubbles: true }));
  if (isScrolled) scrollTo({ top: 0, behavior: "instant" });
  afterPaint(focus);
}

/* Where nobody has gone anywhere else meanwhile, by the next key already. While a document is waited for, the page's
   content has the focus. */
function focus() {
  const at = document.activeElement;
  if (at === document.body || at === by("content")) (by("document") ?? by("content")).focus({ preventScroll: true });
}

let isScrolled = false;
document.addEventListener(
  "scroll",
  () => {
    isScrolled = scrollY > 0;
  },
  { passive: true },
);

const waiting = () => copyOf(by("waiting")).querySelector(".part");

/** @param {string} what @param {string=} text */
function say(what, text = by("notice").dataset[what] ?? "") {
  if (by("notice").textContent !== text) by("notice").textContent = text;
}

/* undo: the part before comes back at once, and the service hears of it in its turn */
async function takeBack() {
  const before = history.takeLatest();
  if (!before) return takeBackEarlier();
  prefetch.putBack(current);
  prefetch.comeBack(before.part.dataset.lease);
  history.withdraw(before.key);
  outbox.take({
    do: "undo",
    fields: String(new URLSearchParams({ answer: before.key })),
    key: newKey(),
    lease: before.part.dataset.lease,
    excerpt: "",
  });
  show(before.part, "takenBack");
}

/* An answer of an earlier page: only the service knows which it was. Until it has come, nothing is answered: the next
   key is meant for the document that comes back. */
let isTakingBack = false;
let more = 0; // to take back behind it
async function takeBackEarlier() {
  if (isTakingBack) {
    more += 1;
    return;
  }
  if (outbox.state.unsent) return say("offline");
  isTakingBack = true;
  do await fetchEarlier();
  while (more-- > 0);
  [isTakingBack, more] = [false, 0];
}

async function fetchEarlier() {
  try {
    const answer = await post("undo", new URLSearchParams({ person: desk.dataset.person }), {
      headers: { "X-Desk": "part" },
    });
    const part = document.adoptNode(
      new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".part"),
    );
    prefetch.putBack(current);
    by("strip").lastElementChild?.remove();
    show(part, "takenBack");
  } catch (error) {
    more = 0;
    if (!error.kind) throw error;
    say("offline", error.message || undefined);
  }
}

document.addEventListener("desk:saved", ({ detail: { operation, outcome } }) => {
  const { key, lease } = operation;
  if (outcome.token) renew(lease, outcome.token);
  if (operation.do === "answer" && outcome.status === "ok") history.saved(key, outcome);
  if (outcome.status === "refused") {
    if (operation.do === "answer") {
      history.withdraw(key);
      history.forget(key);
    }
    if (operation.do === "undo") notTakenBack(lease, outcome.message);
  } else if (outcome.message && operation.do === "answer") say("", outcome.message);
});

/** The lease goes on under a new token: wherever its part is.
   @param {string} lease @param {string} token */
function renew(lease, token) {
  const parts = [
    ...(current.dataset.lease === lease ? [current] : []),
    ...prefetch.waiting(lease),
    ...history.waiting(lease),
  ];
  for (const part of parts) for (const field of part.querySelectorAll("[name=token]")) field.value = token;
}

/** @param {string} lease @param {string=} message */
function notTakenBack(lease, message) {
  if (current.dataset.lease === lease) {
    show(prefetch.next() ?? waiting());
    calmUntil = shownAt + SETTLE_MS;
  }
  say("", message);
}

/* whoever waits goes on as soon as there is something */
const isWaiting = () => "waiting" in current.dataset || "empty" in current.dataset;
document.addEventListener("desk:prefetched", ({ detail: { progress, since } }) => {
  const part = isWaiting() && prefetch.next();
  if (part) show(part);
  history.refresh(progress, since);
});
document.addEventListener("desk:unsent", () => {
  if ("waiting" in current.dataset && !outbox.state.unsent) prefetch.fill();
});
document.addEventListener("desk:lost", () => say("lost"));

/* A document that was answered before, or that another tab shows, is not asked for again. */
async function begin() {
  const lease = current.dataset.lease;
  const isOpen = !lease || ((await prefetch.hold(lease)) && !(await outbox.leases()).includes(lease));
  if (!isOpen && current.dataset.lease === lease) show(waiting());
  else prefetch.display(current);
  outbox.pump();
}
begin().finally(() => document.dispatchEvent(new Event("desk:ready")));
