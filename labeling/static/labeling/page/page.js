// @ts-check
/* Every page: colors of classes outside the palette, menus that close, forms that are sent once, and the page
   that waits for the database. */
document.documentElement.classList.add("scripted");

/** @param {ParentNode} root */
const colors = (root) => {
  for (const element of root.querySelectorAll("[data-color]")) {
    if (CSS.supports("color", element.dataset.color)) element.style.setProperty("--c", element.dataset.color);
  }
};
colors(document);
/* On a phone the project's pages are behind one button. */
const menuButton = document.querySelector(".menu-button");
/** @param {boolean} isOpen */
const showMenu = (isOpen) => menuButton?.setAttribute("aria-expanded", String(isOpen));
menuButton?.addEventListener("click", () => showMenu(menuButton.getAttribute("aria-expanded") !== "true"));
for (const moment of ["desk:shown", "rules:shown"]) document.addEventListener(moment, (event) => colors(event.target));
document.addEventListener("htmx:load", (event) => colors(event.detail.elt));

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (menuButton?.getAttribute("aria-expanded") === "true") {
    showMenu(false);
    menuButton.focus();
  }
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

/* <form data-shows>: what is chosen is shown at once; with the keys, which pass every choice on the way, after a pause.
   The field has the focus again when the page is back. */
const PAUSE = 700; // ms
let isByKeys = false;
/** @type {{ send: () => void, timer: number } | null} */
let showing = null;
document.addEventListener(
  "pointerdown",
  () => {
    isByKeys = false;
  },
  true,
);
document.addEventListener(
  "keydown",
  () => {
    isByKeys = true;
    clearTimeout(showing?.timer);
    if (showing) showing.timer = setTimeout(showing.send, PAUSE);
  },
  true,
);
document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-shows]");
  if (!form || !target.matches("select, [type=checkbox]")) return;
  const send = () => {
    showing = null;
    sessionStorage.setItem("shown-by", target.id);
    form.requestSubmit();
  };
  clearTimeout(showing?.timer);
  showing = { send, timer: setTimeout(send, isByKeys ? PAUSE : 0) };
});
const shownBy = sessionStorage.getItem("shown-by");
sessionStorage.removeItem("shown-by");
if (shownBy) document.getElementById(shownBy)?.focus({ preventScroll: true });

/* <p data-retry="/readyz">: this page again as soon as that address says yes; asked more and more rarely, every ten seconds in the end. */
const away = document.querySelector("[data-retry]");
/** @param {number} seconds */
const retry = async (seconds) => {
  const answer = document.hidden
    ? null
    : await fetch(away.dataset.retry, { cache: "no-store" }).catch(() => /** @type {Response | null} */ (null));
  if (answer?.ok) location.reload();
  else setTimeout(retry, seconds * 1000, Math.min(seconds * 1.5, 10));
};
if (away) setTimeout(retry, 3000, 3);
