// @ts-check
/* The panels under the answer (skip, ask, note): one is open at a time, and its field has the focus before the next
   key arrives. Escape closes it, and so does Enter in a note. */
const rest = () =>
  (document.getElementById("document") ?? document.getElementById("content"))?.focus({ preventScroll: true });

document.addEventListener("click", (event) => {
  const panel = event.target.closest?.(".panel > summary")?.closest(".panel");
  if (!panel) return;
  event.preventDefault();
  const opens = !panel.open;
  for (const other of document.querySelectorAll(".panel[open]")) other.open = false;
  panel.open = opens;
  if (opens) panel.querySelector("[data-first]").focus();
});

document.addEventListener("keydown", (event) => {
  const panel = event.target.closest?.(".panel") ?? document.querySelector(".panel[open]");
  if (!panel?.open || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const isWritten = event.key === "Enter" && !event.shiftKey && event.target.id === "note";
  if (event.key !== "Escape" && !isWritten) return;
  event.preventDefault();
  panel.open = false;
  rest();
});
