// @ts-check
/* The line under the text: what is selected or at hand, said to screen readers too, and what can be done with it.
   Its words are the data of its element, so that they can be translated. */
import { isSuggested } from "./set.js";

const LONGEST = 48; // signs of a span that are repeated

export class SpanLine {
  /** @param {HTMLElement} element @param {SpanEditor} editor */
  constructor(element, editor) {
    this.element = element;
    this.editor = editor;
    this.said = element.querySelector("#span-said");
    this.list = element.querySelector("#span-list");
    this.element.addEventListener("pointerdown", (event) => event.target.closest("button") && event.preventDefault());
    this.element.addEventListener("click", (event) => {
      const deed = event.target.closest("[data-deed]")?.dataset.deed;
      if (deed) DEEDS[deed](this.editor);
    });
    this.list.addEventListener("toggle", () => this.#fill());
  }

  get isOff() {
    return "off" in this.element.dataset;
  } // this person's single keys
  /** @param {string} deed */
  keyOf(deed) {
    return this.element.querySelector(`[data-deed="${deed}"]`)?.dataset.key;
  }

  /** @param {string} name @param {Record<string, string | number>=} facts */
  words(name, facts = {}) {
    return this.element.dataset[name].replace(/\{(\w+)\}/g, (_all, fact) =>
      fact === "text" ? short(String(facts.text)) : String(facts[fact]),
    );
  }

  /** @param {string} name @param {Record<string, string | number>=} facts */
  say(name, facts) {
    this.element.classList.toggle("is-refused", name === "refused");
    const words = this.words(name, facts);
    if (this.said.textContent !== words) this.said.textContent = words;
  }
  /** @param {Span} other */
  refuse(other) {
    this.say("refused", { text: this.#text(other), name: this.#name(other) });
  }

  /** @param {Span} item */
  #text(item) {
    return this.editor.text.of([item.start, item.end]);
  }
  /** @param {Span} item */
  #name(item) {
    return this.editor.buttons.get(item.label).dataset.name;
  }

  update() {
    const { current, chosen, active, set } = this.editor;
    const suggested = set.suggested.length;
    const same = current ? this.editor.same().length : 0;
    const isAsked = current && isSuggested(current);
    if (isAsked)
      this.say("suggestion", {
        text: this.#text(current),
        name: this.#name(current),
        probability: percent(current.probability),
      });
    else if (current) this.say("current", { text: this.#text(current), name: this.#name(current) });
    else if (chosen) this.say("selected", { text: this.editor.text.of(chosen) });
    else if (active) this.say("picked", { name: this.editor.buttons.get(active).dataset.name });
    else if (suggested) this.say("waiting", { n: suggested });
    else this.say("idle");
    this.#offer({
      take: isAsked,
      drop: isAsked,
      all: suggested > 1 && (isAsked || !current),
      same,
      edges: current,
      remove: current && !isAsked,
    });
    const samePlaces = this.element.querySelector("[data-deed=same] span");
    if (same) samePlaces.title = samePlaces.textContent = this.words("more", { n: same, text: this.#text(current) });
    this.list.querySelector("summary").textContent = this.words("count", { n: set.marked.length });
    this.list.hidden = !set.items.length;
    this.#fill();
  }

  /** @param {Record<string, unknown>} wanted */
  #offer(wanted) {
    for (const element of this.element.querySelectorAll("[data-for]")) element.hidden = !wanted[element.dataset.for];
  }

  /* All spans in the order of the text, where somebody looks. */
  #fill() {
    if (!this.list.open) return;
    const { set, current } = this.editor;
    this.list.querySelector("ul").replaceChildren(...set.items.map((item) => this.#entry(item, item === current)));
  }
  /** @param {Span} item @param {boolean} isCurrent */
  #entry(item, isCurrent) {
    const entry = document.createElement("li");
    entry.style.setProperty("--c", this.editor.buttons.get(item.label).dataset.color);
    const name = `${this.#name(item)}${isSuggested(item) ? "?" : ""}`;
    const go = button(`${short(this.#text(item))} · ${name}`, () => this.editor.go(item));
    go.dir = "auto";
    if (isCurrent) go.setAttribute("aria-current", "true");
    const remove = button("×", () => {
      this.editor.go(item);
      this.editor.remove();
    });
    remove.setAttribute("aria-label", `${this.element.dataset.remove}: ${short(this.#text(item))} · ${name}`);
    entry.append(go, remove);
    return entry;
  }
}

/** @type {Record<string, (editor: SpanEditor) => void>} */
const DEEDS = {
  take: (editor) => editor.answer(true),
  drop: (editor) => editor.answer(false),
  all: (editor) => editor.takeAll(),
  same: (editor) => editor.markSame(),
  remove: (editor) => editor.remove(),
  "start-back": (editor) => editor.move("start", -1),
  "start-forth": (editor) => editor.move("start", 1),
  "end-back": (editor) => editor.move("end", -1),
  "end-forth": (editor) => editor.move("end", 1),
};

/** @param {string} words @param {() => void} deed */
function button(words, deed) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: words });
  made.addEventListener("click", deed);
  return made;
}

/** The words on one line, the middle of long ones left out; apart from what surrounds them in whatever direction.
   @param {string} text */
function short(text) {
  const signs = [...text.replace(/\s+/g, " ")];
  const cut = signs.length > LONGEST ? [...signs.slice(0, LONGEST - 16), "…", ...signs.slice(-15)] : signs;
  return `\u2068${cut.join("")}\u2069`;
}

/** @param {number} share */
function percent(share) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", { style: "percent" }).format(share);
}
