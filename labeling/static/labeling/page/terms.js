// @ts-check
/* Terms of the glossary, explained where they first stand on a page: on hover, focus and touch. */
const SKIPPED =
  "a, button, select, option, textarea, input, summary, code, pre, kbd, svg, script, style, dfn, " +
  ".text, .manual, .prose, .desk, [dir=auto], [contenteditable], [hidden], .hidden-visually, [role=status]";
const main = document.querySelector("main");
const tip = document.createElement("div");
tip.id = "term-help";
tip.className = "term-help";
tip.setAttribute("role", "tooltip");
tip.hidden = true;

/** @typedef {{ slug: string, forms: string[], meaning: string }} Term */
/** @type {{ pattern: RegExp, term: Term }[]} */
let known = [];

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A term of one word must not be found inside a longer term: the longest come first. */
const load = async () => {
  const answer = await fetch(document.body.dataset.terms).catch(() => /** @type {Response | null} */ (null));
  if (!answer?.ok) return;
  /** @type {{ terms: Term[] }} */
  const { terms } = await answer.json();
  known = terms
    .map((term) => ({
      term,
      pattern: new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${term.forms.map(escaped).join("|")})(?![\\p{L}\\p{N}_-])`, "iu"),
    }))
    .sort((one, other) => longest(other.term) - longest(one.term));
  document.body.append(tip);
  explain();
};

/** @param {Term} term */
const longest = (term) => Math.max(...term.forms.map((form) => form.length));

/** Mark the first place of each term that is not marked on the page. */
const explain = () => {
  for (const { term, pattern } of known) {
    if (main.querySelector(`dfn[data-term="${term.slug}"]`)) continue;
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(SKIPPED) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    while (walker.nextNode()) {
      const node = /** @type {Text} */ (walker.currentNode);
      const match = pattern.exec(node.data);
      if (!match) continue;
      const place = node.splitText(match.index);
      place.splitText(match[0].length);
      const mark = document.createElement("dfn");
      mark.dataset.term = term.slug;
      mark.dataset.meaning = term.meaning;
      mark.tabIndex = 0;
      mark.setAttribute("aria-describedby", tip.id);
      place.replaceWith(mark);
      mark.append(place);
      break;
    }
  }
};

/** @param {HTMLElement} mark */
const show = (mark) => {
  tip.textContent = mark.dataset.meaning;
  tip.hidden = false;
  const at = mark.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
  const isRoomBelow = at.bottom + size.height + 8 < innerHeight;
  const top = isRoomBelow ? at.bottom + 4 : at.top - size.height - 4;
  tip.style.setProperty("left", `${left + scrollX}px`);
  tip.style.setProperty("top", `${top + scrollY}px`);
};
const hide = () => {
  tip.hidden = true;
};

/** @param {Event} event */
const termOf = (event) => /** @type {Element} */ (event.target).closest?.("dfn[data-term]");
for (const moment of ["pointerover", "focusin"])
  document.addEventListener(moment, (event) => {
    const mark = /** @type {HTMLElement | null} */ (termOf(event));
    if (mark) show(mark);
  });
for (const moment of ["pointerout", "focusout"])
  document.addEventListener(moment, (event) => {
    if (termOf(event) && termOf(event) !== document.activeElement) hide();
  });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
});
/* In the label of a field a touch explains the term; it does not choose the field as well. */
document.addEventListener("click", (event) => {
  if (termOf(event)?.closest("label")) event.preventDefault();
});
document.addEventListener("htmx:load", explain);
if (main && document.body.dataset.terms) load();
