// @ts-check
/* Focused seconds on the document in view: a hidden page and a person who is away do not count. */
const IDLE_MS = 30_000; // a longer pause is no work on the document
let lastSign = performance.now(); // of the document's time: also its beginning, and coming back
let lastMove = lastSign; // of the person
let spent = 0;

function sign() {
  const now = performance.now();
  if (!document.hidden) spent += Math.min(now - lastSign, IDLE_MS);
  lastSign = now;
}

/* From now on another document is in view. */
export function begin() {
  lastSign = performance.now();
  spent = 0;
}

/* Seconds since `begin`, as the form sends them. */
export function seconds() {
  sign();
  return (spent / 1000).toFixed(1);
}

/* Milliseconds since the person last did anything here. */
export const idle = () => performance.now() - lastMove;

for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
  document.addEventListener(
    kind,
    () => {
      sign();
      lastMove = lastSign;
    },
    { capture: true, passive: true },
  );
}
window.addEventListener("blur", sign);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) spent += Math.min(performance.now() - lastSign, IDLE_MS);
  lastSign = performance.now();
});
window.addEventListener("focus", () => {
  lastSign = performance.now();
});
