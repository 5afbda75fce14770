/* The spans as the form sends them: span_class, span_start and span_end once for each, in code points. */
const NAMES = ["span_class", "span_start", "span_end"];

export class SpanFields {
  #boxes = new Map(); // of items

  constructor(form, text) {
    Object.assign(this, { form, text, box: form.querySelector("#span-fields") });
  }

  /* [class, start, end] of each span that the page came with: rows of the table, which then goes, or hidden fields. */
  read() {
    const columns = NAMES.map((name) => [...this.form.querySelectorAll(`[name=${name}]`)].map((field) => field.value));
    this.form.querySelector("#span-rows")?.remove();
    this.box.replaceChildren();
    return columns[0].map((label, row) => [label, Number(columns[1][row]), Number(columns[2][row])]).filter(([label]) => label);
  }

  /* What was marked before the model's opinion was seen. */
  remember(items) {
    const value = JSON.stringify(items.map((item) => [this.text.point(item.start), this.text.point(item.end), item.label]));
    this.form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "first_spans", value }));
  }

  write(items) {
    const wanted = new Set(items);
    for (const [item, box] of this.#boxes) if (!wanted.has(item) && this.#boxes.delete(item)) box.remove();
    for (const item of items) if (!this.#boxes.has(item)) {
      const box = document.createElement("span");
      const values = [item.label, this.text.point(item.start), this.text.point(item.end)];
      box.append(...NAMES.map((name, place) => Object.assign(document.createElement("input"), { type: "hidden", name, value: values[place] })));
      this.#boxes.set(item, box);
      this.box.append(box);
    }
  }
}
