// @ts-check
/* Documents prefetched: a pile of parts, leased and parsed, so that the next one is there before it is wanted. As deep
   as some seconds of this person's pace; held while somebody works here, and given back when the page goes.

   desk:beat         hold now what lies here
   desk:prefetched   the pile has grown, or the service has said why it cannot: { progress, since } */
import { idle } from "./clock.js";
import { csrfToken, desk, post } from "./http.js";
import * as outbox from "./outbox.js";
import { afterPaint } from "./paint.js";

const WORTH_MS = 5000; // of labeling lie ahead
const MIN_PREFETCHED = 3;
const AWAY_MS = 300_000; // who does nothing for so long lets go of what is ahead
const PAUSES_MS = [500, 30_000];
const limit = Math.max(1, Number(desk.dataset.most));
/** @type {Part[]} */
const pile = [];
/** @type {number[]} */
const gaps = []; // milliseconds between the latest displays
let shown = document.getElementById("part");
let shownAt = 0; // 0: nothing was done yet
/** @type {Part | null} */
let end = null; // the part that says why nothing is left
let changedAt = 0; // when something was last done here, or saved: what the service said before is out of date

/** @param {Part} part */
export const tokenOf = (part) => part.querySelector("#answer [name=token]")?.value;
/** @param {Part} part */
const leaseOf = (part) => part.dataset.lease;
/** @param {Part} part */
const isReplied = (part) => part.querySelector(".reply") !== null; // what one asked about goes before the others

/* The next part, or the one that says why there is none; nothing while that is unknown. */
export function next() {
  return pile.shift() ?? (outbox.state.unsent ? undefined : take(end));
}

/** @param {Part} part */
function take(part) {
  end = null;
  return part;
}

/** @param {Part} part */
export function putBack(part) {
  if (leaseOf(part)) pile.unshift(part);
}

/** Every part of this lease that is not in view.
   @param {string} lease */
export const waiting = (lease) => pile.filter((part) => leaseOf(part) === lease);

/** This part is in view from now on.
   @param {Part} part */
export function display(part) {
  const now = performance.now();
  if (shownAt && leaseOf(part) && leaseOf(shown)) {
    gaps.push(now - shownAt);
    if (gaps.length > 8) gaps.shift();
  }
  [shown, shownAt] = [part, now];
  if (leaseOf(part)) hold(leaseOf(part)); // one that came back is this tab's again
  tell();
  clearTimeout(again);
  if (part.dataset.reload) again = setTimeout(fill, Number(part.dataset.reload) * 1000);
  if (!("empty" in part.dataset)) afterPaint(fill);
}

const tell = () => {
  desk.dataset.prefetched = String(pile.length);
};

function depth() {
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1] ?? Infinity;
  return Math.min(limit, Math.max(MIN_PREFETCHED, Math.ceil(WORTH_MS / usual)));
}

/* fetching: one call at a time, before the pile runs out */
let isAsking = false;
let pause = 0;
let again = 0;

export async function fill() {
  const wanted = depth();
  if (isAsking || (pile.length > wanted / 2 && pile.length > 1) || pile.length >= wanted) return;
  isAsking = true;
  clearTimeout(again);
  let isNews = true;
  try {
    isNews = await fetchParts(Math.max(1, wanted - pile.length));
    pause = 0;
  } catch (error) {
    if (!error.kind) throw error;
    pause = Math.min(Math.max(PAUSES_MS[0], 2 * pause), PAUSES_MS[1]);
    again = setTimeout(fill, pause * (0.5 + Math.random() / 2));
  } finally {
    isAsking = false;
  }
  if (!isNews && !outbox.state.unsent) fill();
}

/** Returns whether what the service says of an end counts: not what it said before it had the latest answer.
   @param {number} count */
async function fetchParts(count) {
  const since = performance.now();
  const wasSaved = !outbox.state.unsent;
  const elsewhere = await heldElsewhere();
  const have = [leaseOf(shown), ...pile.map(leaseOf), ...taken, ...(await outbox.leases()), ...elsewhere];
  const body = new URLSearchParams({ person: desk.dataset.person, count: String(count) });
  for (const lease of new Set(have.filter(Boolean))) body.append("have", lease);
  const answer = await (await post("ahead", body)).text();
  const found = document.adoptNode(new DOMParser().parseFromString(answer, "text/html").body);
  const isNews = wasSaved && changedAt < since;
  end = isNews ? found.querySelector(".part[data-empty]") : null;
  const parts = [...found.querySelectorAll(".part[data-lease]")];
  const isFree = await Promise.all(parts.map((part) => hold(leaseOf(part))));
  /** @param {Part} part */
  const isHere = (part) =>
    taken.has(leaseOf(part)) || [shown, ...pile].some((other) => leaseOf(other) === leaseOf(part));
  const fresh = parts.filter((part, place) => isFree[place] && !isHere(part));
  pile.unshift(...fresh.filter(isReplied));
  pile.push(...fresh.filter((part) => !isReplied(part)));
  const progress = found.querySelector("#progress");
  tell();
  document.dispatchEvent(new CustomEvent("desk:prefetched", { detail: { progress, since } }));
  return isNews;
}

/* Leases answered here whose saving nobody has confirmed: the service may still offer them. */
const taken = new Set();
/** @param {Part} part */
export function leave(part) {
  changedAt = performance.now();
  taken.add(leaseOf(part));
  releases.get(leaseOf(part))?.();
  releases.delete(leaseOf(part));
}
/** @param {string} lease */
export const comeBack = (lease) => taken.delete(lease);
document.addEventListener("desk:saved", ({ detail: { operation } }) => {
  changedAt = performance.now();
  taken.delete(operation.lease);
});

/* Two tabs of one person: a lock on each lease tells which documents another tab has. */
const LOCK = "reviewqueue-lease-";
const releases = new Map();

/** @param {string} lease */
export async function hold(lease) {
  if (!navigator.locks || releases.has(lease)) return true;
  return new Promise((answer) => {
    navigator.locks.request(LOCK + lease, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock && new Promise((release) => releases.set(lease, release));
    });
  });
}

async function heldElsewhere() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.filter(({ name }) => name.startsWith(LOCK)).map(({ name }) => name.slice(LOCK.length));
}

/* holding: what is shown counts from its first display, what waits is held while somebody works here */
setInterval(beat, Number(desk.dataset.beat) * 1000);
document.addEventListener("desk:beat", beat);

async function beat() {
  if (idle() > AWAY_MS || !(leaseOf(shown) || pile.length)) return;
  const body = new URLSearchParams({ person: desk.dataset.person });
  if (leaseOf(shown)) body.append("shown", tokenOf(shown));
  for (const part of pile) body.append("waiting", tokenOf(part));
  const { lost } = await post("holding", body)
    .then((answer) => answer.json())
    .catch(() => ({ lost: /** @type {string[]} */ ([]) }));
  for (const lease of lost.map(String)) {
    const place = pile.findIndex((part) => leaseOf(part) === lease);
    if (place >= 0) pile.splice(place, 1);
    if (leaseOf(shown) === lease) document.dispatchEvent(new CustomEvent("desk:lost"));
  }
}

window.addEventListener("pagehide", () => {
  const body = new URLSearchParams({ person: desk.dataset.person, csrfmiddlewaretoken: csrfToken() });
  if (leaseOf(shown)) body.append("shown", tokenOf(shown));
  for (const part of pile.splice(0)) body.append("back", tokenOf(part));
  if (body.has("back") || body.has("shown")) navigator.sendBeacon(desk.dataset.holding, body);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) fill();
});
window.addEventListener("online", () => {
  if (pause) fill();
});
