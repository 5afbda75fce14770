// @ts-check
/* "?" shows all keys: those that stand on the page's buttons, and the list #span-keys where there are spans. */
const help = () => document.getElementById("keys-help");

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-opens=keys-help]") && !help().open) show();
  else if (event.target === help() || event.target.closest?.("[data-closes]")) help().close();
});

function show() {
  const dialog = help();
  for (const list of dialog.querySelectorAll("[data-list]")) list.replaceChildren();
  for (const element of document.querySelectorAll("#part [data-key]:not(input[type=search])")) {
    const name = nameOf(element);
    if (name) add(element.closest(".class") ? "classes" : "actions", element.dataset.key, name);
  }
  for (const item of document.querySelectorAll("#span-keys > li")) add("spans", item.dataset.keyName, item.textContent);
  for (const list of dialog.querySelectorAll("[data-list]")) list.parentElement.hidden = !list.children.length;
  dialog.showModal();
}

/** @param {HTMLElement} element */
function nameOf(element) {
  const label = element.closest(".class")?.querySelector("b") ?? element;
  const words = [...label.childNodes].filter((node) => node.nodeName !== "KBD").map((node) => node.textContent);
  return element.getAttribute("aria-label") ?? words.join("").trim();
}

/** @param {string} list @param {string} keys @param {string} name */
function add(list, keys, name) {
  const row = document.createElement("li");
  const key = document.createElement("kbd");
  const text = document.createElement("span");
  [key.textContent, text.textContent, text.dir] = [keys, name, "auto"];
  row.append(key, text);
  help().querySelector(`[data-list=${list}]`).append(row);
}
