// @ts-check
/* Which spans are there? Marked ones and suggested ones, in the order of the text, with a history of their own.
   An item is { label, start, end } in units and never changes; a suggested one has `probability` too. */
/** @param {Span} a @param {Span} b */
const inOrder = (a, b) => a.start - b.start || b.end - a.end;
/** @param {Span} a @param {Span} b */
const meet = (a, b) => a.start < b.end && b.start < a.end;
/** @param {Span} a @param {Span} b */
const isSamePlace = (a, b) => a.start === b.start && a.end === b.end;
/** @param {Span} item */
export const isSuggested = (item) => item.probability !== undefined;

export class SpanSet {
  /** @type {Span[][]} */
  #before = [];
  /** @type {Span[][]} */
  #undone = [];

  /** @param {Span[]} items @param {boolean} allowsOverlap */
  constructor(items, allowsOverlap) {
    this.items = items.toSorted(inOrder);
    this.allowsOverlap = allowsOverlap;
  }

  get marked() {
    return this.items.filter((item) => !isSuggested(item));
  }
  get suggested() {
    return this.items.filter(isSuggested);
  }

  /** @param {Span[]} items */
  #become(items) {
    this.#before.push(this.items);
    this.#undone = [];
    this.items = items.toSorted(inOrder);
  }

  /** The marked item that keeps this one out; null where there is room.
     @param {Span} wanted @param {Span=} besides */
  obstacle(wanted, besides = null) {
    return (
      this.items.find(
        (item) =>
          item !== besides &&
          !isSuggested(item) &&
          meet(item, wanted) &&
          (this.allowsOverlap ? isSamePlace(item, wanted) && item.label === wanted.label : true),
      ) ?? null
    );
  }

  /** What stays beside a new item: suggestions that it answers go, and so do those that it leaves no room for.
     @param {Span} added @param {Span[]} items */
  #beside(added, items) {
    return items.filter(
      (item) => !isSuggested(item) || !meet(item, added) || (this.allowsOverlap && !isSamePlace(item, added)),
    );
  }

  /** Put one item in the place of another (null: of none). Returns what keeps it out, or null.
     @param {Span} item @param {Span=} old @returns {Span | null} */
  put(item, old = null) {
    const rest = this.items.filter((one) => one !== old);
    const other = this.obstacle(item, old);
    if (other && isSamePlace(other, item) && !this.allowsOverlap && other.label !== item.label && !old) {
      return this.put(item, other); // the same words again: another class for them
    }
    if (other) return other;
    this.#become([...this.#beside(item, rest), item]);
    return null;
  }

  /** As many of these items as there is room for, in one step. Returns them.
     @param {Span[]} items */
  putAll(items) {
    const added = [];
    const [kept, before] = [this.items, this.#before.length];
    for (const item of items)
      if (!this.obstacle(item)) {
        this.items = [...this.#beside(item, this.items), item];
        added.push(item);
      }
    const all = this.items;
    this.items = kept;
    if (added.length) this.#become(all);
    return this.#before.length > before ? added : [];
  }

  /** A suggestion becomes a marked item, in the place of those that it leaves no room for.
     @param {Span} suggestion */
  take({ label, start, end }) {
    const item = { label, start, end };
    /** @param {Span} one */
    const isSame = (one) => isSamePlace(one, item) && one.label === label;
    const items = this.items.filter(
      (one) => !(isSame(one) || (!this.allowsOverlap && !isSuggested(one) && meet(one, item))),
    );
    this.#become([...this.#beside(item, items), item]);
  }

  /** @param {...Span} gone */
  remove(...gone) {
    this.#become(this.items.filter((item) => !gone.includes(item)));
  }

  /** Suggestions of what is not there yet: how many these are. They are no step that could be taken back.
     @param {Span[]} items */
  suggest(items) {
    /** @param {Span} item */
    const isThere = (item) => this.items.some((one) => isSamePlace(one, item) && one.label === item.label);
    const added = items.filter((item) => !isThere(item));
    this.items = [...this.items, ...added].toSorted(inOrder);
    return added.length;
  }

  undo() {
    return this.#turn(this.#before, this.#undone);
  }
  redo() {
    return this.#turn(this.#undone, this.#before);
  }
  /** @param {Span[][]} from @param {Span[][]} to */
  #turn(from, to) {
    if (!from.length) return false;
    to.push(this.items);
    this.items = from.pop();
    return true;
  }

  /** The shortest item over a place, marked or suggested.
     @param {number} place */
  at(place) {
    return (
      this.items
        .filter((item) => item.start <= place && place < item.end)
        .toSorted((a, b) => a.end - a.start - (b.end - b.start))[0] ?? null
    );
  }

  /** The item before or behind this one (or behind this place), around the ends.
     @param {Span} item @param {number} direction @param {number} place */
  beside(item, direction, place) {
    if (!this.items.length) return null;
    const number = this.items.indexOf(item);
    if (number >= 0) return this.items.at((number + direction) % this.items.length);
    if (direction > 0) return this.items.find((one) => one.start >= place) ?? this.items[0];
    return this.items.findLast((one) => one.end <= place) ?? this.items.at(-1);
  }
}
