/* Every page: colours of classes outside the palette, menus that close, and forms that are sent once. */
document.documentElement.classList.add("scripted");

const colours = (root) => {
  for (const element of root.querySelectorAll("[data-colour]")) {
    if (CSS.supports("color", element.dataset.colour)) element.style.setProperty("--c", element.dataset.colour);
  }
};
colours(document);
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
document.addEventListener("desk:shown", (event) => colours(event.target));

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* A second click before the answer is there sends nothing; coming back to the page allows it again. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.target) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
