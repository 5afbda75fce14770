// @ts-check
/* What was decided here: the latest parts, to take back one by one; the strip of decisions; the count of the day. */
import { copyOf } from "./paint.js";

const MAX_PAST = 20;
/** @type {{ part: Part, key: string }[]} */
const past = [];
/** @template {string} K @param {K} id */
const by = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat(document.documentElement.lang);
let changedAt = 0; // when a count last changed here

/** @param {Part} part @param {string} key */
export function remember(part, key) {
  past.push({ part, key });
  if (past.length > MAX_PAST) past.shift();
}

/* The latest { part, key }, taken off; undefined where nothing was decided on this page. */
export const takeLatest = () => past.pop();
/** @param {string} lease */
export const waiting = (lease) => past.map(({ part }) => part).filter((part) => part.dataset.lease === lease);
/** @param {string} key */
export function forget(key) {
  const place = past.findIndex((entry) => entry.key === key);
  if (place >= 0) past.splice(place, 1);
}

/** The answer that a form is about to send: [{ name, sign, color }] of its classes.
   @param {Part} part @param {URLSearchParams} fields */
export function chosen(part, fields) {
  const ids = [...fields.getAll("label_class"), ...fields.getAll("span_class")].filter(Boolean);
  return [...new Set(ids)].map((id) => {
    const card = part.querySelector(`[data-card="${CSS.escape(id)}"]`);
    const name = card?.querySelector("b")?.textContent ?? "";
    return {
      name,
      sign: card?.querySelector("kbd:not(.word)")?.textContent || name.slice(0, 2),
      color: card?.dataset.color,
    };
  });
}

/** @param {string} key @param {Choice[]} classes @param {string} excerpt */
export function decide(key, classes, excerpt) {
  const strip = by("strip");
  const item = copyOf(by("decision")).querySelector("li");
  const link = item.querySelector("a");
  const names = classes.map(({ name }) => name).join(", ") || link.dataset.none;
  item.dataset.key = key;
  if (CSS.supports("color", classes[0]?.color)) link.style.setProperty("--c", classes[0].color);
  link.title = `${excerpt} · ${names}`;
  link.firstElementChild.textContent =
    classes
      .map(({ sign }) => sign)
      .join("")
      .slice(0, 4) || "0";
  link.lastElementChild.textContent = `${names}: ${excerpt}`;
  strip.append(item);
  while (strip.children.length > MAX_PAST) strip.firstElementChild.remove();
  showNewest();
  count("today", 1);
}

/** The decision is taken back, or was refused.
   @param {string} key */
export function withdraw(key) {
  decided(key)?.remove();
  showNewest();
  count("today", -1);
}

/** The decision is saved: it leads to the page that changes it.
   @param {string} key @param {Outcome} outcome */
export function saved(key, { url, settled }) {
  const link = decided(key)?.querySelector("a");
  if (link && url) {
    link.href = url;
    link.classList.remove("is-unsent");
  }
  if (!settled) return;
  count("resolved", 1);
  count("left", -1);
  const bar = document.querySelector("#progress progress");
  if (bar) bar.value += 1;
}

/** More decisions than fit scroll; the side that hides some fades. The newest are in view whenever the strip changes.
   @param {HTMLElement} strip */
const mark = (strip) => {
  const hidden = strip.scrollWidth - strip.clientWidth;
  strip.classList.toggle("has-older", strip.scrollLeft > 1);
  strip.classList.toggle("has-newer", strip.scrollLeft < hidden - 1);
};
function showNewest() {
  const strip = by("strip");
  if (!strip) return;
  strip.scrollLeft = strip.scrollWidth;
  mark(strip);
}
document.addEventListener("scroll", ({ target }) => target.id === "strip" && mark(target), true);
window.addEventListener("resize", showNewest);
showNewest();

/** @param {string} key */
const decided = (key) => by("strip").querySelector(`[data-key="${CSS.escape(key)}"]`);

/** @param {string} what @param {number} step */
function count(what, step) {
  const place = document.querySelector(`#progress [data-count=${what}]`);
  if (!place) return;
  const number = Number(place.dataset.value ?? place.textContent.replace(/\D/g, "")) + step;
  place.dataset.value = String(Math.max(0, number));
  place.textContent = numbers.format(Math.max(0, number));
  changedAt = performance.now();
}

/** What the service counted, where nothing has changed since it was asked.
   @param {HTMLElement} progress @param {number} since */
export function refresh(progress, since) {
  if (!progress || changedAt > since || by("strip").querySelector(".is-unsent")) return;
  const strip = by("strip");
  const left = strip.scrollLeft; // a box that is moved forgets it
  progress.querySelector("#strip").replaceWith(strip);
  by("progress").replaceWith(progress);
  strip.scrollLeft = left;
  mark(strip);
}
