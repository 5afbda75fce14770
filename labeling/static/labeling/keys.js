/* Keys of every page with an answer: what is pressed clicks the element that says so.

   data-key="x"   the element that the key x clicks        data-enter   the one that Enter clicks */
const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const by = (id) => document.getElementById(id);

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

/* skip: the reason is asked where the button was; the field has the focus before the next key arrives */
document.addEventListener("click", (event) => {
  const skip = event.target.closest?.(".skip summary")?.parentElement;
  if (!skip || skip.open) return;
  event.preventDefault();
  skip.open = true;
  by("skip-reason").focus();
});

function closeSkip() {
  const skip = document.querySelector(".skip[open]");
  if (!skip) return;
  skip.open = false;
  skip.querySelector("summary").focus();
}
