// @ts-check
/* Many classes: "/" goes to a field that finds them by name, whatever their accents. Enter takes the marked one, the
   arrow keys mark another, Escape goes back to the text. */
const MAX_RECENT = 5;
/** @template {string} K @param {K} id */
const by = (id) => document.getElementById(id);
/** @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
/** @param {HTMLElement} choice */
const nameOf = (choice) => choice.querySelector("b").textContent;
const choices = () => [...document.querySelectorAll("#classes > .class")];
const marked = () => document.querySelector("#classes > .is-first");

/** 0: the name begins with it, 1: a word of it does, 2: it stands within; higher: it does not
   @param {string} name @param {string} wanted */
function rank(name, wanted) {
  const at = plain(name).indexOf(wanted);
  if (at <= 0) return at < 0 ? 3 : 0;
  return ` ${plain(name)}`.includes(` ${wanted}`) ? 1 : 2;
}

function narrow() {
  const wanted = plain(by("filter").value);
  let best = null;
  for (const choice of choices()) {
    const place = wanted ? rank(nameOf(choice), wanted) : 0;
    choice.hidden = place > 2;
    if (wanted && place < (best?.place ?? 3)) best = { choice, place };
  }
  mark(best?.choice);
  if (wanted && !best) by("filter-found").textContent = by("filter-found").dataset.none;
}

/** @param {HTMLElement=} choice */
function mark(choice) {
  marked()?.classList.remove("is-first");
  choice?.classList.add("is-first");
  choice?.scrollIntoView({ block: "nearest" });
  const found = by("filter-found");
  found.textContent = choice ? found.dataset.first.replace("{name}", nameOf(choice)) : "";
}

/** @param {number} by_ */
function step(by_) {
  const seen = choices().filter((choice) => !choice.hidden);
  const at = seen.indexOf(marked());
  mark(seen[(at + by_ + seen.length) % seen.length] ?? seen[0]);
}

function close() {
  by("filter").value = "";
  narrow();
  (by("document") ?? by("content")).focus({ preventScroll: true });
}

document.addEventListener("input", (event) => {
  if (event.target.id === "filter") narrow();
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "filter" || event.isComposing) return;
  const deed = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: take, Escape: close }[event.key];
  if (!deed) return;
  event.preventDefault(); // Enter in a field of a form would take the form's first button
  event.stopPropagation();
  deed();
});

function take() {
  const choice = marked();
  if (!choice) return;
  close();
  (choice.querySelector("input") ?? choice).click();
}

/* The classes that were chosen last come after the likely ones, where the project lets the model be heard at all. */
const memory = `recent:${location.pathname}`;
/** @type {() => string[]} */
const recent = () => JSON.parse(sessionStorage.getItem(memory) ?? "[]");
document.addEventListener("click", ({ target }) => {
  const id = target.closest?.("#classes > .class")?.dataset.card;
  if (id)
    sessionStorage.setItem(memory, JSON.stringify([id, ...recent().filter((r) => r !== id)].slice(0, MAX_RECENT)));
});
function order() {
  const box = document.querySelector("#classes[data-likely]");
  if (!box) return;
  const all = choices();
  const rest = all.slice(Number(box.dataset.likely));
  const latest = recent()
    .map((id) => rest.find((choice) => choice.dataset.card === id))
    .filter(Boolean);
  for (const choice of latest.reverse())
    box.insertBefore(
      choice,
      all[Number(box.dataset.likely)] === choice ? choice : box.children[Number(box.dataset.likely)],
    );
}
document.addEventListener("desk:shown", order);
order();
