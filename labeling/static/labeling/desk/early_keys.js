// @ts-check
/* Keys that are pressed while the page's scripts still load: kept, and pressed again as soon as those listen. A classic
   script in the head, so that it runs before anything can be seen.

   data-until="…" on the script   the event after which they listen; by itself when every module has run

   A key is meant for what was in view: after the first one that sends something the others are forgotten, and all of
   them are where another document came meanwhile. */
(() => {
  const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  const NAMED = ["Enter", "Escape", "Backspace", "Delete"];
  const until = document.currentScript.dataset.until ?? "DOMContentLoaded";
  const part = () => document.getElementById("part");
  /** @type {PressedKey[]} */
  const kept = [];
  /** @type {HTMLElement | null} */
  let seen = null;

  /** @param {At<KeyboardEvent>} event */
  function keep(event) {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { key, code, ctrlKey, metaKey, altKey, shiftKey, repeat } = event;
    seen ??= part();
    kept.push({
      key,
      code,
      ctrlKey,
      metaKey,
      altKey,
      shiftKey,
      repeat,
      modifierAltGraph: event.getModifierState("AltGraph"),
    });
  }

  /** Everything else is the browser's: fields, links, scrolling, its own commands.
     @param {At<KeyboardEvent>} event */
  function isOurs(event) {
    const { key, code, altKey, shiftKey, target } = event;
    if (event.isComposing || target.closest?.(WORD_FIELDS)) return false;
    const hasSpans = document.getElementById("span-line") !== null;
    if (event.getModifierState("AltGraph")) return key.length === 1;
    if (event.ctrlKey || event.metaKey) return /^[zy]$/i.test(key);
    if (key.startsWith("Arrow")) return hasSpans && (shiftKey || !altKey);
    if (altKey) return hasSpans && code.startsWith("Bracket");
    if (key === "Enter") return !target.closest?.("a, button, summary");
    if (key === " ") return kept.length > 0; // a word of what is being written
    return key.length === 1 || NAMED.includes(key);
  }

  const forget = () => {
    kept.length = 0;
  };
  /** @param {At<MouseEvent>} event */
  const onSend = (event) => {
    if (event.target.closest?.("button, input")?.type === "submit") forget();
  };

  function pressAll() {
    removeEventListener("keydown", keep, true);
    if (part() !== seen) forget();
    while (kept.length) press(kept.shift());
    removeEventListener("submit", forget, true);
    removeEventListener("click", onSend);
  }

  /** @param {PressedKey} key */
  function press(key) {
    const target = document.activeElement ?? document.body;
    const event = new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true, composed: true });
    if (target.dispatchEvent(event) && target.matches(WORD_FIELDS))
      write(/** @type {HTMLInputElement} */ (target), key);
  }

  /** What the browser does with a key in a field, which it does for real keys alone.
     @param {HTMLInputElement} field @param {PressedKey} pressed */
  function write(field, { key, ctrlKey, metaKey }) {
    if (ctrlKey || metaKey) return;
    if (key === "Enter" && field.localName === "input") {
      field.form?.requestSubmit(
        [...field.form.querySelectorAll("button, input")].find(({ type }) => type === "submit"),
      );
    } else if (key.length === 1 || key === "Enter" || key === "Backspace") {
      const { selectionStart: start, selectionEnd: end } = field;
      const from = key === "Backspace" && start === end ? Math.max(0, start - 1) : start;
      field.setRangeText({ Enter: "\n", Backspace: "" }[key] ?? key, from, end, "end");
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  }

  addEventListener("keydown", keep, true);
  addEventListener("submit", forget, true);
  addEventListener("click", onSend); // not where it was stopped, since it only asked
  document.addEventListener(until, pressAll, { once: true });
  addEventListener(
    "error",
    ({ target }) => {
      // a script that did not come: its forms work without it
      if (target.localName !== "script") return;
      forget();
      pressAll();
    },
    true,
  );
})();
