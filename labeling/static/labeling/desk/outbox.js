// @ts-check
/* Answers on their way: written down at once, sent in their order by one tab at a time, and sent again until the
   service has said what became of each. It knows an operation by its key, so sending twice stores once.

   desk:saved    an operation left the outbox, in whichever tab: { operation, outcome }
   desk:unsent   how many are left: { unsent, refused, ofOthers, elsewhere, trouble } */
import { desk, post, Trouble } from "./http.js";
import * as store from "./idb.js";
import { afterPaint } from "./paint.js";

const MAX_OPERATIONS = 50; // operations in one call
const MAX_CHARACTERS = 50_000; // of a call that may outlive its page
const PAUSES_MS = [500, 30_000];
const whose = { person: desk.dataset.person, project: desk.dataset.project };
/** @param {Operation} operation */
const isOwn = (operation) => operation.person === whose.person && operation.project === whose.project;
const otherTabs = new BroadcastChannel("reviewqueue-desk");
const tokens = new Map(); // of leases that go on under another token since an undo
const fresh = new Map(); // operations of this page, by their keys, until they are saved
let writing = 0;

/** @type {{ unsent: number, refused: Operation[], ofOthers: number, elsewhere: number, trouble: string }} */
export const state = { unsent: 0, refused: [], ofOthers: 0, elsewhere: 0, trouble: "" };

/** Take an operation: { do, fields, key, lease, excerpt }.
   @param {Operation} operation */
export function take(operation) {
  writing += 1;
  state.unsent += 1;
  fresh.set(operation.key, operation);
  announce();
  afterPaint(() => write({ ...operation, ...whose, at: Date.now() }));
}

/** @param {Operation} operation */
async function write(operation) {
  await store.add(operation);
  writing -= 1;
  otherTabs.postMessage({});
  if (!timer) await pump();
}

/* Leases whose operations are not saved yet: the service still takes them for open. */
export async function leases() {
  return (await own()).filter((operation) => !operation.refused).map((operation) => operation.lease);
}

/** @param {IDBValidKey} id */
export async function discard(id) {
  await store.remove([id]);
  otherTabs.postMessage({});
  await count();
}

const own = async () => (await store.all()).filter(isOwn);

export async function count() {
  const all = await store.all();
  state.unsent = all.filter((one) => isOwn(one) && !one.refused).length + writing;
  state.refused = all.filter((one) => isOwn(one) && one.refused);
  state.ofOthers = all.filter((one) => one.person !== whose.person).length;
  state.elsewhere = all.filter((one) => one.person === whose.person && !isOwn(one) && !one.refused).length;
  announce();
}

const announce = () => document.dispatchEvent(new CustomEvent("desk:unsent", { detail: state }));

/* sending: until nothing is left, or something comes between */
let isPumping = false;
let isWanted = false;
let pause = 0;
let timer = 0;

export async function pump() {
  isWanted = true;
  if (isPumping) return;
  isPumping = true;
  clearTimeout(timer);
  timer = 0;
  try {
    while (isWanted) {
      isWanted = false;
      while (await alone(sendSome)) pause = 0;
    }
    state.trouble = "";
    pause = 0;
  } catch (error) {
    state.trouble = error.kind ?? "offline";
    pause = Math.min(Math.max(PAUSES_MS[0], 2 * pause), PAUSES_MS[1]);
    timer = setTimeout(pump, pause * (0.5 + Math.random() / 2));
    if (!(error instanceof Trouble)) throw error;
  } finally {
    isPumping = false;
    await count();
  }
}

/** Without Web Locks (a page without TLS) two tabs may send the same; the keys keep it single.
   @param {() => Promise<boolean>} act */
const alone = (act) => (navigator.locks ? navigator.locks.request("reviewqueue-outbox", act) : act());

/* Of this project first, then of others that the same person labeled in. */
async function sendSome() {
  const waiting = (await store.all()).filter((one) => one.person === whose.person && !one.refused);
  const { project } = waiting.find(isOwn) ?? waiting[0] ?? {};
  const batch = first(waiting.filter((one) => one.project === project));
  if (!batch.length) return false;
  /** @type {Outcome[]} */
  let outcomes;
  try {
    ({ outcomes } = await (await postAll(batch)).json());
  } catch (error) {
    if (error.kind !== "refused") throw error.kind ? error : new Trouble("offline");
    outcomes = batch.map(() => ({ status: "refused", message: error.message }));
  }
  for (const [place, operation] of batch.entries()) await settle(operation, outcomes[place]);
  if (outcomes.some(({ status }) => status === "again")) throw new Trouble("offline");
  await count();
  return true;
}

/** @param {Operation[]} batch */
function postAll(batch) {
  const operations = batch.map((operation) => ({ do: operation.do, fields: fieldsOf(operation) }));
  const body = JSON.stringify({ person: whose.person, operations });
  const address = desk.dataset.save.replace(`/${whose.project}/`, `/${batch[0].project}/`);
  return post("save", body, { keepalive: body.length < MAX_CHARACTERS, address });
}

/** As many as go into one call. An undo ends it: what follows for its document needs the token that it brings.
   @param {Operation[]} waiting */
function first(waiting) {
  const batch = [];
  let characters = 0;
  for (const operation of waiting.slice(0, MAX_OPERATIONS)) {
    characters += operation.fields.length;
    if (batch.length && characters > MAX_CHARACTERS) break;
    batch.push(operation);
    if (operation.do === "undo") break;
  }
  return batch;
}

/** @param {Operation} operation */
function fieldsOf(operation) {
  const token = tokens.get(operation.lease);
  if (!token || operation.do === "undo") return operation.fields;
  const fields = new URLSearchParams(operation.fields);
  fields.set("token", token);
  return String(fields);
}

/** @param {Operation} operation @param {Outcome} outcome */
async function settle(operation, outcome) {
  if (outcome.status === "again") return;
  fresh.delete(operation.key);
  if (outcome.status === "refused" && operation.do !== "undo")
    await store.put({ ...operation, refused: outcome.message || "-" });
  else await store.remove([operation.id]);
  if (outcome.token) await renew(operation, outcome.token);
  const detail = { operation, outcome };
  document.dispatchEvent(new CustomEvent("desk:saved", { detail }));
  otherTabs.postMessage(detail);
}

/** What waits for the same document behind an undo goes out under the new token, even from a later page.
   @param {Operation} operation @param {string} token */
async function renew({ id, lease }, token) {
  tokens.set(lease, token);
  for (const operation of await store.all()) {
    if (operation.lease === lease && operation.id > id) await store.put({ ...operation, fields: fieldsOf(operation) });
  }
}

otherTabs.addEventListener("message", ({ data }) => {
  if (data.outcome?.token) tokens.set(data.operation.lease, data.outcome.token);
  if (data.operation && isOwn(data.operation)) document.dispatchEvent(new CustomEvent("desk:saved", { detail: data }));
  count();
});
window.addEventListener("online", pump);
window.addEventListener("pagehide", () => {
  // once more, without waiting for what becomes of it
  const batch = first([...fresh.values()]);
  if (batch.length && !state.trouble) postAll(batch).catch(() => {});
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timer) pump();
});
window.addEventListener("focus", () => {
  if (timer) pump();
});
