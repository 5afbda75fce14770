/* What was done and is not saved yet: in the browser's own database, which outlives the tab; in memory where it
   cannot be had. An operation gets an id when it is added, and keeps the order in which it was. */
const STORE = "operations";
const memory = [];
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

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

async function change(act, otherwise) {
  const open = await database();
  try {
    const transaction = open.transaction(STORE, "readwrite", { durability: "strict" });
    act(transaction.objectStore(STORE));
    await done(transaction);
  } catch {
    otherwise(); // none, or full
  }
}

export function add(operation) {
  return change(
    (store) => store.add(operation),
    () => memory.push({ ...operation, id: `memory-${operation.key}` }),
  );
}

export function put(operation) {
  const place = memory.findIndex(({ id }) => id === operation.id);
  if (place >= 0) memory[place] = operation;
  else return change((store) => store.put(operation), () => {});
}

export function remove(ids) {
  for (const id of ids) {
    const place = memory.findIndex((operation) => operation.id === id);
    if (place >= 0) memory.splice(place, 1);
  }
  return change((store) => ids.forEach((id) => store.delete(id)), () => {});
}

/* All of them, the oldest first, whoever's they are. */
export async function all() {
  const open = await database();
  if (!open) return [...memory];
  const request = open.transaction(STORE).objectStore(STORE).getAll();
  await new Promise((resolve) => { request.onsuccess = request.onerror = resolve; });
  return [...(request.result ?? []), ...memory];
}
