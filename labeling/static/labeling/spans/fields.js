// @ts-check
/* The spans as the form sends them: span_class, span_start and span_end once for each, in code points. */
const NAMES = ["span_class", "span_start", "span_end"];

export class SpanFields {
  /** @type {Map<Span, HTMLElement>} */
  #boxes = new Map();

  /** @param {HTMLFormElement} form @param {SpanText} text */
  constructor(form, text) {
    this.form = form;
    this.text = text;
    this.box = form.querySelector("#span-fields");
  }

  /** @returns {Row[]} [class, start, end] of each span that the page came with: rows of the table, which then goes, or hidden fields. */
  read() {
    const columns = NAMES.map((name) => [...this.form.querySelectorAll(`[name=${name}]`)].map((field) => field.value));
    this.form.querySelector("#span-rows")?.remove();
    this.box.replaceChildren();
    /** @type {(label: string, row: number) => Row} */
    const row = (label, number) => [label, Number(columns[1][number]), Number(columns[2][number])];
    return columns[0].map(row).filter(([label]) => label);
  }

  /** What was marked before the model's opinion was seen.
     @param {Span[]} items */
  remember(items) {
    const value = JSON.stringify(
      items.map((item) => [this.text.point(item.start), this.text.point(item.end), item.label]),
    );
    this.form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "first_spans", value }));
  }

  /** @param {Span[]} items */
  write(items) {
    const wanted = new Set(items);
    for (const [item, box] of this.#boxes) if (!wanted.has(item) && this.#boxes.delete(item)) box.remove();
    for (const item of items)
      if (!this.#boxes.has(item)) {
        const box = document.createElement("span");
        const values = [item.label, this.text.point(item.start), this.text.point(item.end)];
        box.append(
          ...NAMES.map((name, place) =>
            Object.assign(document.createElement("input"), { type: "hidden", name, value: values[place] }),
          ),
        );
        this.#boxes.set(item, box);
        this.box.append(box);
      }
  }
}
