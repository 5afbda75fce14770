/* Spans: pick a class and drag over the text, or mark words with the arrow keys and press a class key.
   The server counts code points, the browser UTF-16 units: `Text` below is the only place that converts.
   What is sent are the hidden fields span_class, span_start, span_end; without this script a table has them. */
const segmenter = (granularity) => new Intl.Segmenter(document.documentElement.lang || "en", { granularity });

/* A text with its code points, whole characters (an emoji, a letter with its accents) and words. */
class Text {
  constructor(text) {
    this.text = text;
    this.unitOf = [];
    for (let unit = 0; unit < text.length; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) this.unitOf.push(unit);
    this.unitOf.push(text.length);
    this.pointOf = new Map(this.unitOf.map((unit, point) => [unit, point]));
    this.characters = segmenter("grapheme").segment(text);
    this.words = [...segmenter("word").segment(text)].filter((word) => word.isWordLike)
      .map((word) => [word.index, word.index + word.segment.length]);
  }
  /* Units of a selection without the blanks at its ends, grown to whole characters; null when nothing is left. */
  whole(start, end) {
    const chosen = this.text.slice(start, end);
    start += chosen.length - chosen.trimStart().length;
    end = Math.max(start, end - (chosen.length - chosen.trimEnd().length));
    if (start >= end) return null;
    const last = this.characters.containing(end - 1);
    return [this.characters.containing(start).index, last.index + last.segment.length];
  }
  points([start, end]) { return { start: this.pointOf.get(start), end: this.pointOf.get(end) }; }
  units(span) { return [this.unitOf[span.start], this.unitOf[span.end]]; }
  of(span) { return this.text.slice(...this.units(span)); }
}

class SpanEditor {
  constructor(root) {
    this.root = root;
    this.text = new Text(root.textContent);
    this.buttons = new Map([...document.querySelectorAll("[data-span-class]")].map((b) => [b.dataset.spanClass, b]));
    this.form = document.getElementById("answer");
    this.active = null;
    this.spans = [...document.querySelectorAll("#span-rows tr:has(select)")].map((row) => {
      const [label, start, end] = [...row.querySelectorAll("select, input")].map((field) => field.value);
      return { label, start: Number(start), end: Number(end) };
    }).filter((span) => this.buttons.has(span.label) && span.start < span.end && span.end < this.text.unitOf.length);
    document.getElementById("span-rows").remove();
    for (const [label, button] of this.buttons) {
      button.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps what is selected
      button.addEventListener("click", () => this.choose(label));
    }
    root.addEventListener("pointerup", () => setTimeout(() => this.active && this.mark(this.active)));
    this.draw();
  }

  /* A class is chosen: for the words that are selected, or else for what will be dragged over. */
  choose(label) {
    if (this.selected()) return this.mark(label);
    this.active = this.active === label ? null : label;
    for (const [id, button] of this.buttons) button.setAttribute("aria-pressed", String(id === this.active));
  }

  /* The selection in this text as units, or null. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(this.root)) return null;
    const before = document.createRange();
    before.selectNodeContents(this.root);
    const inside = before.cloneRange();
    if (before.comparePoint(range.startContainer, range.startOffset) === 0) inside.setStart(range.startContainer, range.startOffset);
    if (before.comparePoint(range.endContainer, range.endOffset) === 0) inside.setEnd(range.endContainer, range.endOffset);
    before.setEnd(inside.startContainer, inside.startOffset);
    const start = before.toString().length;
    return this.text.whole(start, start + inside.toString().length);
  }

  select(start, end) {
    const range = document.createRange();
    const walker = document.createTreeWalker(this.root, NodeFilter.SHOW_TEXT);
    let passed = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const length = node.data.length;
      if (start >= passed && start < passed + length) range.setStart(node, start - passed);
      if (end > passed && end <= passed + length) { range.setEnd(node, end - passed); break; }
      passed += length;
    }
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    range.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
  }

  mark(label) {
    const units = this.selected();
    if (!units) return;
    const span = { label, ...this.text.points(units) };
    const isSamePlace = (other) => other.start === span.start && other.end === span.end;
    const meets = (other) => other.start < span.end && span.start < other.end && !isSamePlace(other);
    const line = document.getElementById("trouble");
    if (this.form.dataset.overlap !== "allowed" && this.spans.some(meets)) {
      line.textContent = line.dataset.overlap;
      line.hidden = false;
      return;
    }
    line.hidden = true;
    this.spans = this.spans.filter((other) => !isSamePlace(other));
    this.spans.push(span);
    this.cursor = units;
    getSelection().removeAllRanges();
    this.draw();
  }

  remove(span) {
    this.spans = this.spans.filter((other) => other !== span);
    this.draw();
    this.root.focus({ preventScroll: true });
  }

  /* The arrow keys: from word to word; with Shift the selection grows or shrinks at its end. */
  step(direction, isGrowing) {
    const words = this.text.words;
    if (!words.length) return;
    const at = this.selected();
    if (isGrowing && at) {
      const ends = direction > 0 ? words.find(([, end]) => end > at[1]) : words.findLast(([, end]) => end < at[1] && end > at[0]);
      if (ends) this.select(at[0], ends[1]);
      return;
    }
    const [from, to] = at ?? this.cursor ?? (direction > 0 ? [-1, -1] : [Infinity, Infinity]);
    const word = direction > 0 ? words.find(([start]) => start >= Math.max(to, from + 1)) : words.findLast(([, end]) => end <= from);
    if (word) this.select(...word);
  }

  draw() {
    this.spans.sort((a, b) => a.start - b.start || b.end - a.end);
    const cuts = [...new Set([0, this.text.unitOf.length - 1, ...this.spans.flatMap((s) => [s.start, s.end])])].sort((a, b) => a - b);
    const pieces = [];
    for (let place = 0; place + 1 < cuts.length; place += 1) pieces.push(this.piece(cuts[place], cuts[place + 1]));
    this.root.replaceChildren(...pieces);
    document.getElementById("chips").replaceChildren(...this.spans.map((span) => this.chip(span)));
    document.dispatchEvent(new CustomEvent("spans:changed"));
  }

  /* One stretch of the text inside the marks of all spans that lie over it; the last stretch names them. */
  piece(start, end) {
    const over = this.spans.filter((span) => span.start <= start && end <= span.end);
    let node = document.createTextNode(this.text.of({ start, end }));
    for (const span of over.toReversed()) {
      const mark = document.createElement("mark");
      mark.style.setProperty("--c", this.buttons.get(span.label).dataset.colour);
      if (span.end === end) mark.dataset.name = this.buttons.get(span.label).dataset.name;
      mark.append(node);
      node = mark;
    }
    return node;
  }

  chip(span) {
    const { name, colour } = this.buttons.get(span.label).dataset;
    const item = document.createElement("li");
    item.style.setProperty("--c", colour);
    const words = document.createElement("span");
    words.dir = "auto";
    words.textContent = `${this.text.of(span)} · ${name}`;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", `${document.getElementById("chips").dataset.remove}: ${words.textContent}`);
    button.addEventListener("click", () => this.remove(span));
    item.append(words, button, ...[["class", span.label], ["start", span.start], ["end", span.end]].map(([name, value]) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: `span_${name}`, value });
      return field;
    }));
    return item;
  }
}

let editor = null;
function begin() {
  const root = document.getElementById("text");
  editor = root ? new SpanEditor(root) : null;
}
document.addEventListener("desk:shown", begin);
begin();

document.addEventListener("keydown", (event) => {
  if (!editor || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, .menu, nav")) return;
  const isForward = { ArrowRight: true, ArrowLeft: false }[event.key];
  if (isForward !== undefined) {
    event.preventDefault();
    const isLeftward = getComputedStyle(editor.root).direction === "rtl";
    editor.step(isForward === isLeftward ? -1 : 1, event.shiftKey);
  } else if (event.key === "Backspace" || event.key === "Delete") {
    const at = editor.selected();
    const there = at && editor.spans.findLast((span) => { const [s, e] = editor.text.units(span); return s < at[1] && at[0] < e; });
    if (there ?? editor.spans.at(-1)) editor.remove(there ?? editor.spans.at(-1));
    event.preventDefault();
  }
});
