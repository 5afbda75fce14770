// @ts-check
/* Keys of every page with an answer: what is pressed clicks the element that says so.

   data-key="x"   the element that the key x clicks, or the field that it goes to
   data-enter     the one that Enter clicks          data-undo   the one that Ctrl+Z clicks */
import "./filter.js";
import "./help.js";
import "./panels.js";

const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.isComposing) return;
  if (event.target.closest?.(WORD_FIELDS) || document.querySelector("dialog[open]")) return;
  if (isTakeBack(event)) return press(event, document.querySelector("button[data-undo]"));
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    if (event.target.closest("a, button, summary")) return;
    press(event, document.querySelector("[data-enter]"));
  } else if (event.key.length === 1) {
    press(event, meant(event));
  }
});

/** @param {KeyboardEvent} event */
const isTakeBack = (event) =>
  (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";

/** By what the key types in this layout; where the digits need Shift (AZERTY), by where the key is.
   @param {KeyboardEvent} event */
function meant({ key, code, shiftKey }) {
  const letter = key.toLowerCase();
  if (shiftKey && letter !== key.toUpperCase()) return null;
  return keyed(letter) ?? (shiftKey ? null : keyed(/^Digit(\d)$/.exec(code)?.[1]));
}

/** @param {string=} key */
const keyed = (key) => key && document.querySelector(`[data-key="${CSS.escape(key)}"]:not([hidden])`);

/** @param {KeyboardEvent} event @param {HTMLElement=} element */
function press(event, element) {
  if (!element) return;
  event.preventDefault();
  if (element.matches(WORD_FIELDS)) element.focus();
  else element.click();
}
