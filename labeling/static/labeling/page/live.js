// @ts-check
/* Parts of a page that keep themselves up to date, by htmx: <div data-live hx-get="…">. They wait while nobody
   looks and while the focus is inside, ask again after a failure, and give way to a page that says more. */
const RETRY_SECONDS = 30;
/** @param {At<Event>} event */
const part = (event) => event.target.matches?.("[data-live]"); // what is loaded inside of one is its own

/** @param {HTMLElement} element @param {() => void} ask */
const whenSeen = (element, ask) => {
  if (!element.isConnected) return;
  if (document.hidden) document.addEventListener("visibilitychange", () => whenSeen(element, ask), { once: true });
  else if (element.contains(document.activeElement)) setTimeout(whenSeen, 2000, element, ask);
  else ask();
};

document.addEventListener("htmx:confirm", (event) => {
  if (!part(event)) return;
  event.preventDefault();
  whenSeen(event.target, () => event.detail.issueRequest(true));
});

/* Signed out, or no member any more: the page itself says so. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const isPart = event.detail.serverResponse.includes("data-live");
  if (!part(event) || (event.detail.xhr.status === 200 && isPart)) return;
  event.detail.shouldSwap = false;
  if (event.detail.xhr.status < 500 && event.detail.xhr.status !== 429) location.reload();
});

/* What a reader of the screen has to know stands in data-said; it is said when it changes. */
document.addEventListener("htmx:load", () => {
  const status = document.getElementById("live-said");
  const said = document.querySelector("[data-live]")?.dataset.said ?? "";
  if (status && said !== status.textContent) status.textContent = said;
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    setTimeout(() => window.htmx.trigger(event.target, "again"), RETRY_SECONDS * 1000);
  });
}
