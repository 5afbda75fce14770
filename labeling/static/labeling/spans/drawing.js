// @ts-check
/* How are spans drawn, where several meet? The text is cut where spans begin and end; each piece lies in one mark per
   span, and each span keeps one height of its line, the shorter nearer to the words. Only what changed is drawn. */
import { isSuggested } from "./set.js";
import { isFromRight } from "./text.js";

const DEEPEST = 4; // heights of lines; what lies deeper shares the lowest
const NEAR = 5; // pixels above and below a line of text that belong to it

export class SpanDrawing {
  /** @type {Piece[]} */
  #pieces = [];
  #placeOf = new WeakMap(); // of text nodes
  #numbers = new WeakMap(); // of items, to tell whether a piece looks the same
  #count = 0;

  /** look(item): its { name, color }
     @param {HTMLElement} root @param {string} text @param {(item: Span) => Look} look */
  constructor(root, text, look) {
    this.root = root;
    this.text = text;
    this.look = look;
    const node = document.createTextNode(text);
    root.replaceChildren(node);
    this.#pieces = [{ start: 0, end: text.length, key: "", node, text: node }];
    this.#placeOf.set(node, 0);
  }

  /** @param {Span[]} items @param {Span=} current */
  draw(items, current) {
    const levels = heights(items);
    this.root.toggleAttribute(
      "data-deep",
      [...levels.values()].some((level) => level > 0),
    );
    const wanted = [...this.#cut(items, levels, current)];
    const old = this.#pieces;
    let [first, last] = [0, 0];
    /** @param {Piece} a @param {Stretch} b */
    const isSame = (a, b) => a && b && a.key === b.key && a.start === b.start && a.end === b.end;
    while (isSame(old[first], wanted[first])) first += 1;
    while (last < Math.min(old.length, wanted.length) - first && isSame(old.at(-1 - last), wanted.at(-1 - last)))
      last += 1;
    if (first === old.length && first === wanted.length) return;
    const made = wanted.slice(first, wanted.length - last).map((piece) => this.#make(piece));
    const behind = last ? old.at(-last).node : null;
    for (const piece of old.slice(first, old.length - last)) piece.node.remove();
    for (const piece of made) this.root.insertBefore(piece.node, behind);
    this.#pieces = [...old.slice(0, first), ...made, ...(last ? old.slice(-last) : [])];
  }

  /** Pieces from left to right, each with the items over it, the lowest line outermost.
     @param {Span[]} items @param {Map<Span, number>} levels @param {Span} current */
  *#cut(items, levels, current) {
    const places = [...new Set([0, this.text.length, ...items.flatMap((item) => [item.start, item.end])])].sort(
      (a, b) => a - b,
    );
    /** @type {Span[]} */
    let open = [];
    let next = 0;
    for (let number = 0; number + 1 < places.length; number += 1) {
      const [start, end] = [places[number], places[number + 1]];
      open = open.filter((item) => item.end > start);
      for (; next < items.length && items[next].start === start; next += 1) open.push(items[next]);
      const over = open.toSorted((a, b) => levels.get(b) - levels.get(a));
      const key = over
        .map((item) => `${this.#number(item)}.${levels.get(item)}${item === current ? "c" : ""}`)
        .join(" ");
      yield { start, end, key, over, levels, current };
    }
    if (!this.text.length) yield { start: 0, end: 0, key: "", over: [], levels, current };
  }

  /** @param {Span} item */
  #number(item) {
    if (!this.#numbers.has(item)) {
      this.#count += 1;
      this.#numbers.set(item, this.#count);
    }
    return this.#numbers.get(item);
  }

  /** @param {Stretch} stretch */
  #make({ start, end, key, over, levels, current }) {
    const text = document.createTextNode(this.text.slice(start, end));
    this.#placeOf.set(text, start);
    /** @type {Piece["node"]} */
    let node = text;
    for (const item of over.toReversed()) {
      const { name, color } = this.look(item);
      const mark = document.createElement("mark");
      mark.style.setProperty("--c", color);
      mark.dataset.level = String(Math.min(levels.get(item), DEEPEST));
      if (item.start === start) {
        mark.dataset.first = "";
        if (isFromRight(this.text.slice(start, item.end))) mark.dataset.from = "right";
      }
      if (item.end === end) mark.dataset.name = isSuggested(item) ? `${name}?` : name;
      if (isSuggested(item)) mark.classList.add("is-suggested");
      if (item === current) mark.setAttribute("aria-current", "true");
      mark.append(node);
      node = mark;
    }
    return { start, end, key, node, text };
  }

  /** The unit that a place in the page stands for; places outside count as the nearer end.
     @param {Node} node @param {number} offset */
  unitAt(node, offset) {
    if (node.nodeType === Node.TEXT_NODE && this.#placeOf.has(node)) return this.#placeOf.get(node) + offset;
    const before = document.createRange();
    before.selectNodeContents(this.root);
    const side = before.comparePoint(node, offset);
    if (side) return side < 0 ? 0 : this.text.length;
    before.setEnd(node, offset);
    return before.toString().length;
  }

  /** @param {number} start @param {number} end */
  range(start, end) {
    const range = document.createRange();
    /** @type {(place: number, isEnd: boolean) => [Text, number]} */
    const at = (place, isEnd) => {
      let [low, high] = [0, this.#pieces.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (isEnd ? this.#pieces[middle].end >= place : this.#pieces[middle].end > place) high = middle;
        else low = middle + 1;
      }
      return [this.#pieces[low].text, place - this.#pieces[low].start];
    };
    range.setStart(...at(start, false));
    range.setEnd(...at(end, true));
    return range;
  }

  /** The selection in this text as units, or null.
     @returns {Extent | null} */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(this.root)) return null;
    const [start, end] = [
      this.unitAt(range.startContainer, range.startOffset),
      this.unitAt(range.endContainer, range.endOffset),
    ];
    return start < end ? [start, end] : null;
  }

  /** @param {Extent} extent */
  select([start, end]) {
    getSelection().removeAllRanges();
    getSelection().addRange(this.range(start, end));
    this.show(start, end);
  }

  /** Bring a place into view, above the answers that stick to the foot of the window.
     @param {number} start @param {number} end @param {number=} room */
  show(start, end, room = 8) {
    const box = this.range(start, end).getBoundingClientRect();
    const foot = document.querySelector(".answer:not(.still)")?.getBoundingClientRect().top ?? innerHeight;
    if (box.top < room) scrollBy(0, box.top - 80);
    else if (box.bottom > foot - room) scrollBy(0, box.bottom - foot + 80);
  }

  /** The unit above (-1) or beneath (1) the middle of a stretch, some lines away where they are empty; or null.
     @param {Extent} extent @param {number} direction */
  besideLine([start, end], direction) {
    const height = parseFloat(getComputedStyle(this.root).lineHeight);
    this.show(start, end, 2 * height);
    const boxes = this.range(start, end).getClientRects();
    const box = boxes[direction > 0 ? boxes.length - 1 : 0];
    for (let lines = 1; lines <= 3; lines += 1) {
      const unit = this.caret(box.left + box.width / 2, box.top + box.height / 2 + direction * lines * height);
      if (unit !== null && this.text[unit] !== "\n" && (unit < start || unit > end)) return unit;
    }
    return null;
  }

  /** The unit of the character under a point of the window; null where there is none.
     @param {number} x @param {number} y */
  under(x, y) {
    const place = this.caret(x, y);
    if (place === null) return null;
    /** @param {DOMRect} box */
    const isOver = (box) => box.left - 1 <= x && x <= box.right + 1 && box.top - NEAR <= y && y <= box.bottom + NEAR;
    for (const unit of [place, place - 1]) {
      const isThere = unit >= 0 && unit < this.text.length;
      if (isThere && [...this.range(unit, unit + 1).getClientRects()].some(isOver)) return unit;
    }
    return document.elementFromPoint(x, y)?.closest("mark") ? Math.max(place - 1, 0) : null; // the name behind a span
  }

  /** The place between two characters that is nearest to a point; null outside the text.
     @param {number} x @param {number} y */
  caret(x, y) {
    const caret = document.caretPositionFromPoint?.(x, y);
    const range = caret ? null : document.caretRangeFromPoint?.(x, y);
    const [node, offset] = caret ? [caret.offsetNode, caret.offset] : [range?.startContainer, range?.startOffset];
    return node && this.root.contains(node) ? this.unitAt(node, offset) : null;
  }
}

/** The height of each item's line: the lowest number that no shorter one beneath it has.
   @param {Span[]} items */
function heights(items) {
  const levels = new Map();
  for (let first = 0; first < items.length; ) {
    let [last, reach] = [first + 1, items[first].end];
    for (; last < items.length && items[last].start < reach; last += 1) reach = Math.max(reach, items[last].end);
    const group = items.slice(first, last).sort((a, b) => a.end - a.start - (b.end - b.start));
    for (const [number, item] of group.entries()) {
      const taken = new Set(
        group
          .slice(0, number)
          .filter((one) => one.start < item.end && item.start < one.end)
          .map((one) => levels.get(one)),
      );
      let level = 0;
      while (taken.has(level)) level += 1;
      levels.set(item, level);
    }
    first = last;
  }
  return levels;
}
