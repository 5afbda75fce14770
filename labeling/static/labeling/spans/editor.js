// @ts-check
/* Marks spans in one document's text. It is made from the part's own fields, and what is sent are hidden fields
   of the part's form again; so a part may be shown late, or a second time. */
import { classButtons } from "./classes.js";
import { SpanDrawing } from "./drawing.js";
import { SpanFields } from "./fields.js";
import { SpanLine } from "./line.js";
import { isSuggested, SpanSet } from "./set.js";
import { SpanText } from "./text.js";

export class SpanEditor {
  /** @type {string | null} the class that is picked for whatever is selected next */
  active = null;
  /** @type {Span | null} the item at hand */
  current = null;
  /** @type {Extent | null} what is selected, as units */
  chosen = null;
  /** @type {Extent | null} where the arrow keys go on from when nothing is at hand */
  cursor = null;
  /** @type {Extent | null} */
  #anchor = null;
  #edge = 0;
  #isByPicked = false; // the item at hand was marked by the picked class, and nobody went to it
  /** @type {Span[] | null} suggestions that are kept until the first answer */
  #later = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    const part = root.closest(".part") ?? document;
    const line = part.querySelector("#span-line");
    const form = part.querySelector("#answer");
    this.root = root;
    this.form = form;
    this.text = new SpanText(root.textContent);
    this.buttons = classButtons(form, this);
    this.fields = new SpanFields(form, this.text);
    this.set = new SpanSet(this.#items(this.fields.read()), form.dataset.overlap === "allowed");
    const suggestions = this.#items(JSON.parse(line.dataset.suggested || "[]"));
    if (line.dataset.policy === "after") this.#later = suggestions;
    else this.set.suggest(suggestions);
    this.drawing = new SpanDrawing(root, this.text.text, (item) => this.buttons.get(item.label).dataset);
    this.line = new SpanLine(line, this);
    this.changed();
  }

  /** Items of [class, start, end(, probability)] in code points; what does not fit the text is left out.
     @param {Row[]} rows */
  #items(rows) {
    return rows
      .map(([label, start, end, probability]) => {
        const item = { label, start: this.text.unit(start), end: this.text.unit(end) };
        return probability === undefined ? item : { ...item, probability };
      })
      .filter((item) => this.buttons.has(item.label) && item.start < item.end);
  }

  /** The words that are selected, as units: what was chosen here, or snapped where the browser's own ways selected.
     @returns {Extent | null} */
  selected() {
    const found = this.drawing.selected();
    if (!found) return null;
    const isOwn = this.chosen && found[0] === this.chosen[0] && found[1] === this.chosen[1];
    return isOwn ? this.chosen : this.text.snapped(...found);
  }

  /** A class is chosen: for the selected words, for the span at hand, or for what will be dragged over.
     @param {string} label @param {Extent=} held */
  choose(label, held = null) {
    const range = this.selected() ?? held;
    if (range) return this.mark(label, range);
    const item = this.current;
    if (item && !(this.active && this.#isByPicked) && (item.label !== label || isSuggested(item))) {
      return this.#replace(item, { label, start: item.start, end: item.end });
    }
    this.pick(this.active === label ? null : label);
  }

  /** @param {string} label */
  pick(label) {
    this.active = label;
    for (const [one, button] of this.buttons) button.setAttribute("aria-pressed", String(one === label));
    this.line.update();
  }

  /** What a pointer selected is marked where a class is picked; else it waits for one.
     @param {Extent} range */
  take(range) {
    if (!range) return this.leave();
    if (this.active) this.mark(this.active, range, true);
    else this.select(range);
  }

  /** @param {string} label @param {Extent} extent @param {boolean=} isByPicked */
  mark(label, [start, end], isByPicked = false) {
    const item = { label, start, end };
    const same = this.set.marked.find((one) => one.start === start && one.end === end && one.label === label);
    const other = same ? null : this.set.put(item);
    if (other) {
      this.select([start, end]);
      return this.line.refuse(other);
    }
    this.#goTo(same ?? item);
    this.#isByPicked = isByPicked;
    this.changed();
  }

  /** @param {Span} old @param {Span} item */
  #replace(old, item) {
    const other = this.set.put(item, old);
    if (other) return this.line.refuse(other);
    this.#goTo(item);
    this.changed();
  }

  /** @param {Span} item */
  #goTo(item) {
    this.current = item;
    this.cursor = item ? [item.start, item.end] : this.cursor;
    this.chosen = null;
    this.#isByPicked = false;
    if (this.drawing.selected()) getSelection().removeAllRanges();
  }

  /** An item is at hand now, or none.
     @param {Span} item */
  go(item) {
    this.#goTo(item);
    this.drawing.draw(this.set.items, item);
    if (item) this.drawing.show(item.start, item.end);
    this.line.update();
  }
  leave() {
    this.cursor = this.chosen ?? this.cursor;
    this.go(null);
  }
  /** @param {number} direction */
  cycle(direction) {
    this.go(this.set.beside(this.current, direction, (this.chosen ?? this.cursor ?? [0, 0])[direction > 0 ? 1 : 0]));
  }

  /** @param {Extent} range @param {Extent=} anchor @param {number=} edge */
  select(range, anchor = range, edge = range[1]) {
    this.current = null;
    [this.chosen, this.cursor, this.#anchor, this.#edge] = [range, range, anchor, edge];
    this.drawing.draw(this.set.items, null);
    this.drawing.select(range);
    this.line.update();
  }

  /* The browser's own ways selected something else. */
  follow() {
    const range = this.selected();
    if (range === this.chosen) return;
    this.cursor = range ?? this.chosen ?? this.cursor;
    this.chosen = null;
    if (range) this.line.say("selected", { text: this.text.of(range) });
    else this.line.update();
  }

  /** The arrow keys: from token to token.
     @param {number} direction */
  step(direction) {
    const at = this.selected() ?? this.cursor;
    const token = direction > 0 ? this.text.next(at ? at[1] : 0) : this.text.previous(at ? at[0] : this.text.length);
    if (token) this.select(token);
  }

  /** The arrow keys up and down: to the line above or beneath. False where nothing is at hand: the page scrolls.
     @param {number} direction */
  stepLine(direction) {
    /** @type {Extent | null} */
    const at = this.current ? [this.current.start, this.current.end] : this.chosen;
    const place = at && this.drawing.besideLine(at, direction);
    const token = place !== null && (this.text.next(place) ?? this.text.previous(place));
    if (token) this.select(this.text.tokenAt(place) ?? token);
    return Boolean(at);
  }

  /** With Shift: the selection, or the span at hand, grows or shrinks at its end.
     @param {number} direction @param {boolean} isByCharacter */
  extend(direction, isByCharacter) {
    if (this.current) return this.move("end", direction, isByCharacter);
    const at = this.selected();
    if (!at) return this.step(direction);
    /** @type {[Extent, number]} */
    let [anchor, edge] = this.chosen === at ? [this.#anchor, this.#edge] : [at, at[1]];
    if (isByCharacter) {
      anchor = edge === at[1] ? [at[0], at[0]] : [at[1], at[1]];
      edge = this.text.character(edge, direction);
    } else edge = this.text.stretched(anchor, edge, direction);
    /** @type {Extent} */
    const range = edge < anchor[0] ? [edge, anchor[1]] : [anchor[0], edge];
    if (range[0] < range[1]) this.select(range, anchor, edge);
  }

  /** One edge of the span at hand moves by a token, or by a character.
     @param {Edge} name @param {number} direction @param {boolean=} isByCharacter */
  move(name, direction, isByCharacter = false) {
    const old = this.current;
    if (!old) return;
    const place = isByCharacter
      ? this.text.character(old[name], direction)
      : this.text.edge(old[name], direction, name === "end" ? 1 : 0);
    const item = { label: old.label, start: old.start, end: old.end, [name]: place };
    if (item.start < item.end && place !== old[name]) this.#replace(old, item);
  }

  remove() {
    const range = this.selected();
    const item = this.current ?? (range && this.set.marked.find((one) => one.start < range[1] && range[0] < one.end));
    if (!item) return;
    this.set.remove(item);
    this.#goTo(null);
    this.cursor = [item.start, item.end];
    this.changed();
    this.line.say("removed", { text: this.text.of([item.start, item.end]) });
  }

  /** The suggestion at hand is taken or dropped, and the next one comes to hand.
     @param {boolean} isTaken */
  answer(isTaken) {
    const item = this.current;
    const next =
      this.set.suggested.find((one) => one !== item && (!item || one.start >= item.start)) ??
      this.set.suggested.find((one) => one !== item);
    if (!item || !isSuggested(item)) return next && this.go(next);
    if (isTaken) this.set.take(item);
    else this.set.remove(item);
    this.#goTo(next && this.set.items.includes(next) ? next : null);
    this.cursor = [item.start, item.end];
    this.changed();
  }
  takeAll() {
    const taken = this.set.putAll(this.set.suggested.map(({ label, start, end }) => ({ label, start, end })));
    if (!taken.length) return;
    this.#goTo(null);
    this.changed();
    this.line.say("taken", { n: taken.length });
  }

  /* Free places of the same words as the marked span at hand. */
  same() {
    const item = this.current;
    if (!item || isSuggested(item)) return [];
    const marked = this.set.marked;
    return this.text
      .same([item.start, item.end])
      .map(([start, end]) => ({ label: item.label, start, end }))
      .filter((one) => !marked.some((other) => other.start < one.end && one.start < other.end));
  }
  markSame() {
    const added = this.set.putAll(this.same());
    if (!added.length) return;
    this.changed();
    this.line.say("same", { n: added.length });
  }

  /** False where there is nothing of this document to take back.
     @param {boolean=} isForward */
  turnBack(isForward = false) {
    if (!(isForward ? this.set.redo() : this.set.undo())) return false;
    this.#goTo(null);
    this.changed();
    this.line.say(isForward ? "redone" : "undone");
    return true;
  }

  /* Suggestions that are shown after the first answer, which is sent along: true where there is something to show. */
  reveal() {
    if (!this.#later) return false;
    this.fields.remember(this.set.marked);
    const count = this.set.suggest(this.#later);
    this.#later = null;
    if (!count) return false;
    this.go(null);
    this.line.say("after");
    return true;
  }

  changed() {
    this.drawing.draw(this.set.items, this.current);
    this.fields.write(this.set.marked);
    this.line.update();
    this.root.dispatchEvent(new CustomEvent("spans:changed", { bubbles: true }));
  }
}
