// @ts-check
/* What is a text made of? Whole characters, tokens, sentences. Places are UTF-16 units, as the browser counts;
   `point` and `unit` are the only bridge to the code points that the server stores. */
const OPENING = "([{<«‹“„‘‚\"'¿¡（［｛「『《〈【";
const CLOSING = ")]}>»›”“’‘\"'.,;:!?…‥、。，．；：！？）］｝」』》〉】।॥؟،؛";
/** @type {Record<string, string>} */
const PARTNER = {
  ")": "(",
  "]": "[",
  "}": "{",
  ">": "<",
  "»": "«",
  "›": "‹",
  "”": "“",
  "“": "„",
  "’": "‘",
  "‘": "‚",
  '"': '"',
  "'": "'",
  "）": "（",
  "］": "［",
  "｝": "｛",
  "」": "「",
  "』": "『",
  "》": "《",
  "〉": "〈",
  "】": "【",
};
const POSSESSIVE = /^.+(?=['’]s$)/iu;
const STOP = /[\p{L}\p{N}\p{S}\p{M}\p{Extended_Pictographic}%&#@§†]/u; // where the arrow keys rest
const LETTER = /\p{L}/u;
const RIGHTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u; // read from the right
const LONGEST = 2000; // units that are searched for a first letter
const segmenters = new Map();

/** @param {Intl.SegmenterOptions["granularity"]} granularity */
function segmenter(granularity) {
  const language = document.documentElement.lang || "en";
  if (!segmenters.has(granularity)) segmenters.set(granularity, new Intl.Segmenter(language, { granularity }));
  return segmenters.get(granularity);
}

export class SpanText {
  /** @type {Uint32Array | null} of each unit, and the units of each point; null while they are the same */
  #points = null;
  /** @type {number[] | null} */
  #units = null;
  /** @type {Extent[] | null} */
  #tokens = null;
  /** @type {Intl.Segments | null} */
  #characters = null;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.length = text.length;
    if (!/[\ud800-\udfff]/.test(text)) return;
    this.#units = [];
    this.#points = new Uint32Array(text.length + 1);
    for (let unit = 0; unit < text.length; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) {
      this.#points.fill(this.#units.length, unit, unit + 2);
      this.#units.push(unit);
    }
    this.#points[text.length] = this.#units.length;
    this.#units.push(text.length);
  }

  /** @param {number} unit */
  point(unit) {
    return this.#points ? this.#points[unit] : unit;
  }
  /** NaN for a point outside the text
     @param {number} point */
  unit(point) {
    return this.#units ? (this.#units[point] ?? NaN) : point <= this.length ? point : NaN;
  }
  /** @param {Extent} extent */
  of([start, end]) {
    return this.text.slice(start, end);
  }

  /* All of [start, end] that are no blanks. Words are as Unicode cuts them (in every script), without their ’s;
     every other sign stands alone. */
  get tokens() {
    if (this.#tokens) return this.#tokens;
    this.#tokens = [];
    for (const { segment, index } of segmenter("word").segment(this.text)) {
      if (!segment.trim()) continue;
      const end = index + segment.length;
      const cut = POSSESSIVE.test(segment) ? end - 2 : end;
      this.#tokens.push([index, cut]);
      if (cut < end) this.#tokens.push([cut, end]);
    }
    return this.#tokens;
  }

  /** Number of the first token that ends behind this place.
     @param {number} place */
  #after(place) {
    let [low, high] = [0, this.tokens.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tokens[middle][1] > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The token at a place, or the one that ends there; null between blanks.
     @param {number} place @returns {Extent | null} */
  tokenAt(place) {
    const number = this.#after(place);
    const [here, before] = [this.tokens[number], this.tokens[number - 1]];
    if (here && here[0] <= place) return here;
    return before && before[1] === place ? before : null;
  }

  /** Where the arrow keys go from a place: the next token at or behind it, the last one that ends at or before it.
     @param {number} place @returns {Extent | null} */
  next(place) {
    for (let number = this.#after(place); number < this.tokens.length; number += 1) {
      if (this.tokens[number][0] >= place && STOP.test(this.of(this.tokens[number]))) return this.tokens[number];
    }
    return null;
  }
  /** @param {number} place @returns {Extent | null} */
  previous(place) {
    for (let number = this.#after(place); number >= 0; number -= 1) {
      const token = this.tokens[number];
      if (token && token[1] <= place && STOP.test(this.of(token))) return token;
    }
    return null;
  }

  /** The next beginning (side 0) or end (side 1) of such a token in a direction; the place itself where there is none.
     @param {number} place @param {number} direction @param {0 | 1} side */
  edge(place, direction, side) {
    for (let number = this.#after(place); number >= 0 && number <= this.tokens.length; number += direction) {
      const token = this.tokens[number];
      if (token && direction * (token[side] - place) > 0 && STOP.test(this.of(token))) return token[side];
    }
    return place;
  }

  /** Where the loose end of a selection goes; the tokens that it began with stay inside.
     @param {Extent} extent @param {number} edge @param {number} direction */
  stretched([start, end], edge, direction) {
    const isBehind = edge >= end;
    if (direction > 0) {
      const place = this.edge(edge, 1, isBehind ? 1 : 0);
      return isBehind || place < start ? place : end;
    }
    return edge > end ? Math.max(this.edge(edge, -1, 1), end) : this.edge(Math.min(edge, start), -1, 0);
  }

  /** The same by whole characters.
     @param {number} place @param {number} direction */
  character(place, direction) {
    this.#characters ??= segmenter("grapheme").segment(this.text);
    const found = this.#characters.containing(direction > 0 ? place : place - 1);
    if (!found) return place;
    return direction > 0 ? found.index + found.segment.length : found.index;
  }

  /** A selection as whole tokens, trimmed; null where nothing is left.
     @param {number} start @param {number} end @returns {Extent | null} */
  snapped(start, end) {
    const [first, last] = [this.tokens[this.#after(start)], this.tokens[this.#after(end - 1)]];
    if (first && first[0] < start) start = first[0];
    if (last && last[0] < end && end < last[1]) end = last[1];
    return this.trimmed(start, end);
  }

  /** Without blanks and final punctuation at both ends. A bracket or quote whose partner is inside stays, unless
     the two hold all of the rest.
     @param {number} start @param {number} end @returns {Extent | null} */
  trimmed(start, end) {
    const whole = this.exact(start, end);
    if (!whole) return null;
    [start, end] = whole;
    for (;;) {
      const inside = this.text.slice(start, end);
      const [first, last] = [inside[0], inside.at(-1)];
      if (inside.length < 2) break;
      if (PARTNER[last] === first && !inside.slice(1, -1).includes(last)) [start, end] = [start + 1, end - 1];
      else if (CLOSING.includes(last) && !inside.slice(0, -1).includes(PARTNER[last] ?? "\0")) end -= 1;
      else if (OPENING.includes(first) && !isClosed(first, inside)) start += 1;
      else break;
      const rest = this.exact(start, end);
      if (!rest) return whole;
      [start, end] = rest;
    }
    return STOP.test(this.text.slice(start, end)) ? [start, end] : whole;
  }

  /** A selection by characters: without blanks at its ends, never half an emoji or a letter without its marks.
     @param {number} start @param {number} end @returns {Extent | null} */
  exact(start, end) {
    const chosen = this.text.slice(start, end);
    start += chosen.length - chosen.trimStart().length;
    end = Math.max(start, end - (chosen.length - chosen.trimEnd().length));
    if (start >= end) return null;
    return [this.character(start + 1, -1), this.character(end - 1, 1)];
  }

  /** @param {number} place @returns {Extent | null} */
  sentenceAt(place) {
    const found = segmenter("sentence")
      .segment(this.text)
      .containing(Math.min(place, this.length - 1));
    return found ? this.trimmed(found.index, found.index + found.segment.length) : null;
  }

  /** Other places of the same words: whole tokens wherever these are.
     @param {Extent} extent @returns {Extent[]} */
  same([start, end]) {
    const [isFromStart, isToEnd] = [this.#isEdge(start), this.#isEdge(end)];
    const words = this.text.slice(start, end);
    /** @type {Extent[]} */
    const found = [];
    for (let at = this.text.indexOf(words); at >= 0; at = this.text.indexOf(words, at + words.length)) {
      const fits = (!isFromStart || this.#isEdge(at)) && (!isToEnd || this.#isEdge(at + words.length));
      if (at !== start && fits) found.push([at, at + words.length]);
    }
    return found;
  }
  /** @param {number} place */
  #isEdge(place) {
    const token = this.tokens[this.#after(place)];
    return !token || token[0] >= place;
  }

  /** Whether the paragraph at this place is read from right to left.
     @param {number} place */
  isFromRight(place) {
    const start = this.text.lastIndexOf("\n", place - 1) + 1;
    return isFromRight(this.text.slice(start, start + LONGEST));
  }
}

/** Whether the first letter is of a script that is written from right to left.
   @param {string} words */
export function isFromRight(words) {
  return RIGHTWARD.test(LETTER.exec(words)?.[0] ?? "");
}

/** @param {string} opening @param {string} inside */
function isClosed(opening, inside) {
  return [...inside.slice(1)].some((sign) => PARTNER[sign] === opening);
}
