/* The keys of spans; the list #span-keys tells them to people. Keys that a person may choose are on the buttons of
   the line (data-key): keys.js presses those. A person who turned single keys off has the others only. */
const WORD_FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const PLAIN = {
  "[": (editor) => editor.move("start", -1),
  "]": (editor) => editor.move("start", 1),
  "{": (editor) => editor.move("end", -1),
  "}": (editor) => editor.move("end", 1),
  ",": (editor) => editor.cycle(-1),
  ".": (editor) => editor.cycle(1),
};
const ALWAYS = {
  Backspace: (editor) => editor.remove(),
  Delete: (editor) => editor.remove(),
};

export function listen(editor, signal) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.target.closest?.(`${WORD_FIELDS}, .menu, nav, dialog`)) return;
    if (document.querySelector("dialog[open]")) return;
    if (!isUsed(editor, event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { signal, capture: true });
}

function isUsed(editor, event) {
  const { key, shiftKey } = event;
  const isCommand = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
  if (isCommand) {
    if (key.toLowerCase() === "z") return editor.turnBack(shiftKey);
    return key.toLowerCase() === "y" && editor.turnBack(true);
  }
  if (key === "ArrowLeft" || key === "ArrowRight") return isStep(editor, event);
  if (event.altKey && !event.getModifierState("AltGraph")) return isEdge(editor, event);
  if (key === "Escape") return isLeft(editor);
  const small = key.toLowerCase();
  if (shiftKey && key !== small && small === editor.line.keyOf("take")) return isDone(editor.takeAll());
  const isFree = !editor.line.isOff && !document.querySelector(`[data-key="${CSS.escape(small)}"]`);
  const deed = ALWAYS[key] ?? (isFree ? PLAIN[key] : undefined);
  return deed ? isDone(deed(editor)) : false;
}

const isDone = () => true;

/* Alt alone belongs to the browser: it goes back. */
function isStep(editor, { key, shiftKey, altKey }) {
  if (altKey && !shiftKey) return false;
  const at = editor.chosen ?? editor.cursor ?? [0, 0];
  const direction = (key === "ArrowRight") === editor.text.isFromRight(at[0]) ? -1 : 1;
  if (shiftKey) editor.extend(direction, altKey);
  else editor.step(direction);
  return true;
}

/* With Alt the keys of the edges go by characters; what such a key types with Alt is no bracket any more. */
function isEdge(editor, { code, shiftKey }) {
  const direction = { BracketLeft: -1, BracketRight: 1 }[code];
  if (direction) editor.move(shiftKey ? "end" : "start", direction, true);
  return Boolean(direction);
}

function isLeft(editor) {
  if (document.querySelector(".panel[open]") || !(editor.current || editor.selected() || editor.active)) return false;
  if (editor.current || editor.selected()) editor.leave();
  else editor.pick(null);
  return true;
}
