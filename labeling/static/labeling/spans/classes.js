// @ts-check
/* The buttons of the classes, by identifier: a press chooses its class for the editor. */
/** @param {HTMLFormElement} form @param {SpanEditor} editor */
export function classButtons(form, editor) {
  const buttons = new Map([...form.querySelectorAll("[data-span-class]")].map((one) => [one.dataset.spanClass, one]));
  for (const [label, button] of buttons) offer(label, button, editor);
  return buttons;
}

/** A press on the button leaves the selection as it is, even where a finger would end it.
   @param {string} label @param {HTMLElement} button @param {SpanEditor} editor */
function offer(label, button, editor) {
  /** @type {Extent | null} */
  let held = null;
  button.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    held = editor.selected();
  });
  button.addEventListener("click", () => {
    editor.choose(label, held);
    held = null;
  });
}
