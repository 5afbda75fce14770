// @ts-check
/* Spans: pick a class and drag over the text, or go through it by keys and press a class key. This is where an
   editor begins with the document that is shown, and ends with it.

   span_text.js  units, tokens, characters, sentences     span_pointer.js  mouse and finger
   span_set.js   which spans there are, undo              span_keys.js     keys
   span_drawing.js  marks in the text                     span_line.js     the line under the text
   span_fields.js   what is sent                          span_classes.js  buttons of the classes
   span_editor.js   all of them together; without these scripts a table of numbers has the same fields */
import { SpanEditor } from "./editor.js";
import * as keys from "./keys.js";
import * as pointer from "./pointer.js";

const editors = new WeakMap(); // of texts
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
/** @type {SpanEditor | null} */
let editor = null;
let listening = new AbortController();

function begin() {
  const root = document.getElementById("text");
  if (root === editor?.root) return;
  listening.abort();
  listening = new AbortController();
  const picked = editor?.active;
  const isBack = root && editors.has(root);
  editor = root && (editors.get(root) ?? new SpanEditor(root));
  if (!editor) return;
  editors.set(root, editor); // what is shown again goes on as it was left
  if (isBack) editor.leave();
  if (editor.buttons.has(picked)) editor.pick(picked); // stays from document to document
  pointer.listen(editor, listening.signal);
  keys.listen(editor, listening.signal);
  idle(() => editor?.text.tokens); // cut before the first key wants them
}

/* The first answer brings what the model says, where the project shows that afterwards; the second one is sent. */
window.addEventListener(
  "submit",
  (event) => {
    if (event.target !== editor?.form || !editor.reveal()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

document.addEventListener("desk:shown", begin);
begin();
