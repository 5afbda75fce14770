// @ts-check
/* The guideline beside the text: the rule of the class at hand, the whole guideline, and what changed in it.

   data-card="…"   brings the rule of this class into view      data-beside   its address is shown here, not followed */
const rule = () => document.getElementById("rule");
const whole = () => document.getElementById("whole");
const cards = () => document.getElementById("cards");
const AS_PART = { headers: { "X-Desk": "part" } };

/* the class under the pointer or the focus, else the one chosen last */
for (const moment of ["pointerover", "focusin", "change", "click"]) {
  document.addEventListener(moment, (event) => {
    const id = event.target.closest?.("[data-card]")?.dataset.card;
    const card = id && document.getElementById(`card-${id}`);
    if (card && !card.classList.contains("is-current")) bring(card);
  });
}

/** @param {HTMLElement} card */
function bring(card) {
  document.querySelector(".card.is-current")?.classList.remove("is-current");
  card.classList.add("is-current");
  const around = rule();
  if (around.scrollHeight > around.clientHeight) around.scrollTop = card.offsetTop - around.offsetTop - 24;
}

/* the whole guideline, or what changed: the same key or Escape leads back */
let cardsAt = 0; // where the cards were scrolled to
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-beside]");
  if (event.target.closest?.("[data-back]")) return back();
  if (!link || !rule() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!whole().hidden && !rule().contains(link)) back();
  else open(link.href);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !whole() || whole().hidden) return;
  if (document.querySelector("dialog[open], .menu[open]")) return;
  event.preventDefault();
  back();
});

/** @param {string} address */
async function open(address) {
  const page = await fetched(address);
  if (page === null) return tell(rule().dataset.failed);
  if (whole().hidden) cardsAt = rule().scrollTop;
  whole().replaceChildren(...page.body.childNodes);
  cards().hidden = true;
  whole().hidden = false;
  rule().scrollTop = 0;
  whole().dispatchEvent(new CustomEvent("rules:shown", { bubbles: true }));
  intoView(whole());
}

function back() {
  if (!whole() || whole().hidden) return;
  const held = whole().contains(document.activeElement);
  whole().hidden = true;
  whole().replaceChildren();
  cards().hidden = false;
  rule().scrollTop = cardsAt;
  if (held || isBelow()) (document.getElementById("document") ?? document.getElementById("content")).focus();
}

/* On a phone the guideline stands under the answer. */
const isBelow = () => rule().getBoundingClientRect().left < 8;
/** @param {HTMLElement} element */
function intoView(element) {
  if (isBelow()) rule().scrollIntoView({ block: "start" });
  element.focus({ preventScroll: true });
}

/** @param {string} address @param {RequestInit=} options */
async function fetched(address, options = {}) {
  try {
    const answer = await fetch(address, { ...AS_PART, ...options });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

/** @param {Document=} page */
function replaced(page) {
  const next = page?.getElementById("rule");
  if (!next) return tell(rule().dataset.failed);
  const current = document.querySelector(".card.is-current")?.id;
  rule().replaceWith(document.adoptNode(next));
  rule().dispatchEvent(new CustomEvent("rules:shown", { bubbles: true }));
  if (current && document.getElementById(current)) bring(document.getElementById(current));
}

/* "Mark as read" */
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.closest("#rule")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    replaced(await fetched(form.action, { method: "POST", body }));
  },
  true,
);

/* A version that came out meanwhile: the part says its number; the rules of now take the place of the old ones. */
document.addEventListener("desk:shown", async () => {
  const number = Number(document.getElementById("part")?.dataset.guideline);
  if (!(number > Number(rule()?.dataset.guideline))) return;
  rule().dataset.guideline = String(number);
  const page = await fetched(rule().dataset.rules);
  if (!page) return;
  const wasOpen = !whole().hidden;
  if (wasOpen) back();
  replaced(page);
  const line = document.getElementById("new-guideline");
  line.querySelector("span").textContent = line.dataset.text.replace("{n}", String(number));
  line.querySelector("a").href = rule().querySelector(".news [data-beside]")?.href ?? line.querySelector("a").href;
  line.hidden = false;
});

/** @param {string} text */
function tell(text) {
  const line = document.getElementById("trouble");
  line.textContent = text;
  line.hidden = false;
}

/* whether the reasons were open stays so, document after document */
const WHY = "why-open";
const unfold = () => {
  const why = document.querySelector("details.why");
  if (why) why.open = localStorage.getItem(WHY) === "yes";
};
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.("details.why")) localStorage.setItem(WHY, event.target.open ? "yes" : "no");
  },
  true,
);
document.addEventListener("desk:shown", unfold);
unfold();
