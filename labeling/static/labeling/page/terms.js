// @ts-check
/* Terms of the glossary, explained where they are first visible on a page: on hover, focus and touch. */
const SKIPPED =
  "a, button, select, option, textarea, input, summary, code, pre, kbd, svg, script, style, dfn, " +
  ".text, .manual, .prose, [dir=auto], [contenteditable], .hidden-visually, [role=status]";
const root = /** @type {HTMLElement} */ (document.querySelector(".desk") ?? document.querySelector("main"));
const tip = document.createElement("div");
tip.id = "term-help";
tip.className = "term-help";
tip.setAttribute("role", "tooltip");
tip.hidden = true;

/** @typedef {{ slug: string, forms: string[], meaning: string }} Term */
/** @type {{ pattern: RegExp, term: Term }[]} */
let terms = [];

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A term of one word must not be found inside a longer term: the longest come first. */
const load = async () => {
  const answer = await fetch(document.body.dataset.terms).catch(() => /** @type {Response | null} */ (null));
  if (!answer?.ok) return;
  /** @type {{ terms: Term[] }} */
  const glossary = await answer.json();
  terms = glossary.terms
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

/** Mark each term where it is first visible. A mark that was closed with its panel gives way to a visible one. */
const explain = () => {
  if (explained && !explained.checkVisibility()) hide();
  const nodes = readable();
  for (const { term, pattern } of terms) {
    const marks = [...root.querySelectorAll(`dfn[data-term="${term.slug}"]`)];
    const visible = marks.find((mark) => mark.checkVisibility());
    if (visible || markFirst(nodes, term, pattern))
      for (const mark of marks) if (mark !== visible) mark.replaceWith(...mark.childNodes);
  }
};

/** The texts in which terms may be marked, in the order of the page. */
const readable = () => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest(SKIPPED) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  /** @type {Text[]} */
  const nodes = [];
  while (walker.nextNode()) nodes.push(/** @type {Text} */ (walker.currentNode));
  return nodes;
};

/** Whether the term is visible anywhere; then it is marked, and its text is no longer among the nodes.
   @param {Text[]} nodes @param {Term} term @param {RegExp} pattern */
const markFirst = (nodes, term, pattern) => {
  for (const [index, node] of nodes.entries()) {
    const match = pattern.exec(node.data);
    if (!match || !node.parentElement.checkVisibility()) continue;
    const word = node.splitText(match.index);
    nodes.splice(index + 1, 0, word.splitText(match[0].length));
    const mark = document.createElement("dfn");
    mark.dataset.term = term.slug;
    mark.dataset.meaning = term.meaning;
    mark.tabIndex = 0;
    mark.setAttribute("aria-describedby", tip.id);
    word.replaceWith(mark);
    mark.append(word);
    return true;
  }
  return false;
};

/** The mark whose meaning is shown. @type {HTMLElement | null} */
let explained = null;

/** @param {HTMLElement} mark */
const show = (mark) => {
  explained = mark;
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
  explained = null;
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
/* After the paint: the next document must not wait for its terms. */
const explainSoon = () => requestAnimationFrame(() => setTimeout(explain));
document.addEventListener("htmx:load", explain);
document.addEventListener("toggle", explain, true);
for (const moment of ["desk:shown", "desk:prefetched"]) document.addEventListener(moment, explainSoon);
if (root && document.body.dataset.terms) load();
