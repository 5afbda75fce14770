// @ts-check
/* The keys of spans; the list #span-keys tells them to people. Keys that a person may choose are on the buttons of
   the line (data-key), and a class or an action that has one of the others goes before. Whoever turned single keys
   off has arrows, Delete and Ctrl+Z. */
const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
/** @type {Record<string, (editor: SpanEditor) => void>} */
const PLAIN = {
  "[": (editor) => editor.move("start", -1),
  "]": (editor) => editor.move("start", 1),
  "{": (editor) => editor.move("end", -1),
  "}": (editor) => editor.move("end", 1),
  ",": (editor) => editor.cycle(-1),
  ".": (editor) => editor.cycle(1),
};
/** @type {Record<string, (editor: SpanEditor) => void>} */
const CHOSEN = {
  take: (editor) => editor.answer(true),
  drop: (editor) => editor.answer(false),
  same: (editor) => editor.markSame(),
};
/** @type {Record<string, (editor: SpanEditor) => void>} */
const ALWAYS = {
  Backspace: (editor) => editor.remove(),
  Delete: (editor) => editor.remove(),
};

/** @param {SpanEditor} editor @param {AbortSignal} signal */
export function listen(editor, signal) {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || event.isComposing || event.target.closest?.(`${WORD_FIELDS}, .menu, nav, dialog`))
        return;
      if (document.querySelector("dialog[open]")) return;
      if (!isUsed(editor, event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { signal, capture: true },
  );
}

/** @param {SpanEditor} editor @param {KeyboardEvent} event */
function isUsed(editor, event) {
  const { key, shiftKey } = event;
  const isCommand = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
  if (isCommand) {
    if (key.toLowerCase() === "z") return editor.turnBack(shiftKey);
    return key.toLowerCase() === "y" && editor.turnBack(true);
  }
  if (key === "ArrowLeft" || key === "ArrowRight") return isStep(editor, event);
  if (key === "ArrowUp" || key === "ArrowDown")
    return !shiftKey && !event.altKey && editor.stepLine(key === "ArrowUp" ? -1 : 1);
  if (event.altKey && !event.getModifierState("AltGraph")) return isEdge(editor, event);
  if (key === "Escape") return isLeft(editor);
  const deed = ALWAYS[key] ?? letter(editor, key, shiftKey);
  if (!deed || event.repeat) return false;
  deed(editor);
  return true;
}

/** What a single key does; its capital takes all suggestions where it takes one.
   @param {SpanEditor} editor @param {string} key @param {boolean} isShifted
   @returns {((editor: SpanEditor) => void) | null} */
function letter(editor, key, isShifted) {
  const small = key.toLowerCase();
  if (isShifted && key !== small) return small === editor.line.keyOf("take") ? (one) => one.takeAll() : null;
  const name = Object.keys(CHOSEN).find((deed) => editor.line.keyOf(deed) === key);
  if (name) return CHOSEN[name];
  return editor.line.isOff || document.querySelector(`[data-key="${CSS.escape(key)}"]`) ? null : PLAIN[key];
}

/** Alt alone belongs to the browser: it goes back.
   @param {SpanEditor} editor @param {KeyboardEvent} event */
function isStep(editor, { key, shiftKey, altKey }) {
  if (altKey && !shiftKey) return false;
  const at = editor.chosen ?? editor.cursor ?? [0, 0];
  const direction = (key === "ArrowRight") === editor.text.isFromRight(at[0]) ? -1 : 1;
  if (shiftKey) editor.extend(direction, altKey);
  else editor.step(direction);
  return true;
}

/** With Alt the keys of the edges go by characters; what such a key types with Alt is no bracket any more.
   @param {SpanEditor} editor @param {KeyboardEvent} event */
function isEdge(editor, { code, shiftKey }) {
  const direction = { BracketLeft: -1, BracketRight: 1 }[code];
  if (direction) editor.move(shiftKey ? "end" : "start", direction, true);
  return Boolean(direction);
}

/** @param {SpanEditor} editor */
function isLeft(editor) {
  if (document.querySelector(".panel[open]") || !(editor.current || editor.selected() || editor.active)) return false;
  if (editor.current || editor.selected()) editor.leave();
  else editor.pick(null);
  return true;
}
