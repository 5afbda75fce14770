// @ts-check
/* What need not be done before the next frame is done right after it; at once where the page goes, soon where it is
   hidden and no frame comes. */
const SOON_MS = 100;
const waiting = new Set();

/** @param {() => void} act */
export function afterPaint(act) {
  const run = () => {
    if (waiting.delete(act)) act();
  };
  waiting.add(act);
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = run;
    port2.postMessage(null);
  });
  setTimeout(run, SOON_MS);
}

/** What a template holds, to be shown.
   @param {HTMLTemplateElement} template */
export const copyOf = (template) => document.importNode(template.content, true);

window.addEventListener("pagehide", () => {
  for (const act of waiting) act();
  waiting.clear();
});
