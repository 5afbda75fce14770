// @ts-check
/* What was done and is not saved yet: in the browser's own database, which outlives the tab; in memory where it
   cannot be had. An operation gets an id when it is added, and keeps the order in which it was. */
const STORE = "operations";
/** @type {Operation[]} */
const memory = [];
/** @type {Promise<IDBDatabase | null> | undefined} */
let opening;

function database() {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open("reviewqueue-desk", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null); // a browser that keeps nothing
    }
  });
  return opening;
}

/** @param {IDBTransaction} transaction */
function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

/** The store in a new transaction; browsers may close a database under a page, which is opened again then. Null
   where there is none.
   @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => T} act @returns {Promise<T | null>} */
async function within(mode, act) {
  for (let times = 0; times < 2; times += 1) {
    const open = await database();
    if (!open) return null;
    try {
      return act(open.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE));
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error;
      opening = undefined;
    }
  }
  return null;
}

/** @param {(store: IDBObjectStore) => void} act @param {() => void} otherwise */
async function change(act, otherwise) {
  try {
    await done(
      await within("readwrite", (store) => {
        act(store);
        return store.transaction;
      }),
    );
  } catch {
    otherwise(); // none, or full
  }
}

/** @param {Operation} operation */
export function add(operation) {
  return change(
    (store) => store.add(operation),
    () => memory.push({ ...operation, id: `memory-${operation.key}` }),
  );
}

/** @param {Operation} operation */
export function put(operation) {
  const place = memory.findIndex(({ id }) => id === operation.id);
  if (place >= 0) memory[place] = operation;
  else
    return change(
      (store) => store.put(operation),
      () => {},
    );
}

/** @param {IDBValidKey[]} ids */
export function remove(ids) {
  for (const id of ids) {
    const place = memory.findIndex((operation) => operation.id === id);
    if (place >= 0) memory.splice(place, 1);
  }
  return change(
    (store) => {
      for (const id of ids) store.delete(id);
    },
    () => {},
  );
}

/* All of them, the oldest first, whoever's they are. */
export async function all() {
  const request = await within("readonly", (store) => store.getAll());
  if (!request) return [...memory];
  await new Promise((resolve) => {
    request.onsuccess = request.onerror = resolve;
  });
  return [...(request.result ?? []), ...memory];
}
