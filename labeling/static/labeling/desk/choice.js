// @ts-check
/* What happens between a choice and its answer: "Save" says when nothing is chosen, and where the model's suggestion
   comes after the first choice, it comes here. */
const answer = () => document.getElementById("answer");
/** @param {string} id */
const named = (id) => document.querySelector(`#classes > [data-card="${CSS.escape(id)}"] b`)?.textContent ?? "";

/* "Save" with nothing chosen is an answer too, and says so. Enter may have been pressed by mistake, so that the key
   asks once before it saves that; whoever presses the button with pointer or finger means it. */
const isNothing = () => !document.querySelector("#answer :checked, #answer [name=span_class][type=hidden]");
/** @type {HTMLFormElement | null} */
let asked = null; // the form in which Enter asked
function nameSave() {
  const save = document.querySelector("[data-enter][data-sure]");
  if (!save?.firstChild) return;
  save.dataset.name ??= save.firstChild.textContent;
  const { name, none = name, sure } = save.dataset;
  const words = asked === answer() ? sure : isNothing() ? none : name;
  save.firstChild.textContent = `${words.trim()} `;
}
function begin() {
  asked = null;
  nameSave();
}
for (const moment of ["change", "desk:shown", "spans:changed"]) document.addEventListener(moment, begin);
begin();

document.addEventListener(
  "click",
  (event) => {
    const save = event.target.closest?.("[data-enter][data-sure]");
    if (!save || event.detail > 0 || asked === answer() || !isNothing()) return;
    if (isAfter() && (isTold() || suggestion().chosen.length)) return; // the model's other opinion asks as well
    event.preventDefault();
    event.stopImmediatePropagation();
    asked = answer();
    nameSave();
    const said = document.getElementById("said");
    if (said) said.textContent = save.dataset.sure;
  },
  true,
);

/* The suggestion after the first choice: what was chosen first is sent along. Where it is what the model would choose,
   it is saved at once; else the model's choice is told, and the next choice (or Enter) saves. */
const signed = () => answer().querySelector("[name=suggestion]").value;
function suggestion() {
  const [data] = signed().split(":");
  const bytes = Uint8Array.from(atob(data.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
const isAfter = () =>
  answer()?.dataset.policy === "after" && answer().querySelector(".advice") && !document.getElementById("span-line");
const isTold = () => answer().querySelector("[name=first]") !== null;
/** @param {string[]} some @param {string[]} others */
const isSame = (some, others) => some.length === others.length && some.every((id) => others.includes(id));
let toldAt = 0;

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("#answer button[name=label_class], [data-enter][form=answer]");
    if (!button || !isAfter()) return;
    if (isTold()) {
      if (event.detail > 0 && performance.now() - toldAt < 250) event.preventDefault(); // the second half of a double click
      return;
    }
    const chosen = button.name === "label_class" ? [button.value] : checked();
    if (!chosen.length && answer().querySelector("[type=radio]")) return; // the form says that a class is missing
    const { chosen: model, top } = suggestion();
    remember(chosen);
    if (isSame(chosen, model)) return;
    event.preventDefault();
    toldAt = performance.now();
    tell(chosen, model, new Map(top));
  },
  true,
);

const checked = () => [...answer().querySelectorAll("[name=label_class]:checked")].map((box) => box.value);

/** @param {string[]} chosen */
function remember(chosen) {
  for (const value of chosen.length ? chosen : ["none"]) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "first", value });
    answer().append(field);
  }
}

/** @param {string[]} chosen @param {string[]} model @param {Map<string, number>} probabilities */
function tell(chosen, model, probabilities) {
  const advice = answer().querySelector(".advice");
  const isSingle =
    advice.dataset.says && chosen.length === 1 && model.length === 1 && !answer().querySelector("[type=checkbox]");
  const share = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(
    probabilities.get(model[0]),
  );
  advice.textContent = (isSingle ? advice.dataset.says : advice.dataset.several)
    .replace("{model}", model.map(named).join(", ") || advice.dataset.nothing)
    .replace("{probability}", share)
    .replace("{mine}", chosen.map(named).join(", "));
  advice.hidden = false;
  for (const choice of document.querySelectorAll("#classes > .class")) {
    const id = choice.dataset.card;
    choice.classList.toggle("is-suggested", model.includes(id));
    if (choice.localName === "button") choice.setAttribute("aria-pressed", String(chosen.includes(id)));
  }
}
