// @ts-check
/* The pointer on the text: drag over words (with Shift by characters), click a token or a span, click twice for a
   token, three times for a sentence. A finger taps a token and then another one: all between is selected. */
const STILL = 5; // pixels within which a pointer has not moved

/** @param {SpanEditor} editor @param {AbortSignal} signal */
export function listen(editor, signal) {
  const { root, drawing, text } = editor;
  /** @type {Press | null} */
  let begun = null;
  /** @type {Release | null} */
  let released = null; // what has not been looked at yet
  /** @type {Span[] | null} */
  let marked = null; // what the second of three clicks changed

  root.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button) return;
      const { clientX: x, clientY: y } = event;
      begun = { x, y, from: drawing.caret(x, y), isTouch: event.pointerType === "touch", before: editor.selected() };
      if (event.shiftKey) getSelection().removeAllRanges(); // a selection of its own, not the growth of the last one
    },
    { signal },
  );

  document.addEventListener(
    "mouseup",
    (event) => {
      if (!begun || event.button) return;
      const { clientX: x, clientY: y, shiftKey: isByCharacter, detail: count } = event;
      const isStill = Math.hypot(x - begun.x, y - begun.y) < STILL;
      released = { ...begun, x, y, isByCharacter, count, isStill };
      begun = null;
      if (isStill)
        setTimeout(look); // a click on what is selected ends the selection after this event
      else look();
    },
    { signal },
  );

  /* Before anything else happens: a key that follows at once means what the pointer left. */
  function look() {
    const facts = released;
    released = null;
    if (facts && root.isConnected) finish(facts);
  }
  for (const moment of ["keydown", "pointerdown", "submit"])
    window.addEventListener(moment, look, { signal, capture: true });

  document.addEventListener(
    "pointercancel",
    () => {
      begun = null;
    },
    { signal },
  ); // a finger scrolls, or selects by its own means
  document.addEventListener("selectionchange", () => begun ?? editor.follow(), { signal });

  /** @param {Release} release */
  function finish({ x, y, from, count, isByCharacter, isStill, isTouch, before }) {
    const place = drawing.under(x, y);
    if (!isStill) {
      const to = drawing.caret(x, y);
      const isInside = from !== null && to !== null && from !== to;
      /** @type {Extent | null} */
      const raw = isInside ? [Math.min(from, to), Math.max(from, to)] : drawing.selected();
      if (raw) editor.take(isByCharacter ? text.exact(...raw) : text.snapped(...raw));
      return;
    }
    if (place === null) return editor.leave();
    const item = editor.set.at(place);
    if (count >= 3) {
      if (marked && marked === editor.set.items) editor.turnBack();
      return editor.take(text.sentenceAt(place));
    }
    if (count === 2) {
      if (item && item === editor.current && item.probability !== undefined) return editor.answer(true);
      const held = editor.set.items;
      editor.take(text.tokenAt(place) && text.trimmed(...text.tokenAt(place)));
      marked = editor.set.items === held ? null : editor.set.items;
      return;
    }
    marked = null;
    const token = text.tokenAt(place);
    if (before && token && (isByCharacter || isTouch) && !(before[0] <= token[0] && token[1] <= before[1])) {
      return editor.select([Math.min(before[0], token[0]), Math.max(before[1], token[1])]);
    }
    if (item) editor.go(item);
    else if (token) editor.select(token);
    else editor.leave();
  }
}
