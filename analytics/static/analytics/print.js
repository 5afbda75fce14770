// @ts-check
/* What is folded on the screen is open on paper. */
/** @type {HTMLDetailsElement[]} */
const folded = [];
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open])")) {
    folded.push(details);
    details.open = true;
  }
});
window.addEventListener("afterprint", () => {
  for (const details of folded.splice(0)) details.open = false;
});
