// @ts-check
/* One way to ask the service for something, and what can come between: `Trouble` says which.

   offline    it did not answer, or has an error of its own: later      another   somebody else is signed in here
   signedOut  nobody is signed in, in this browser                      refused   it answered no, and says why */
const TOKEN = "#sending [name=csrfmiddlewaretoken]";
const LONGEST_MS = 30_000;
export const desk = document.getElementById("desk");

export class Trouble extends Error {
  /** @param {TroubleKind} kind @param {string=} message */
  constructor(kind, message = "") {
    super(message);
    this.kind = kind;
  }
}

/** Posts to the address in data-`name` of the desk; form fields, or JSON as text.
   @param {string} name @param {BodyInit} body @param {PostOptions=} options */
export async function post(name, body, options = {}) {
  let answer = await send(name, body, options);
  if (answer.status === 403) {
    if (!(await renewed())) throw new Trouble("signedOut");
    answer = await send(name, body, options);
  }
  if (answer.ok) return answer;
  if (answer.type === "opaqueredirect" || answer.status === 403) throw new Trouble("signedOut");
  if (answer.status === 409) throw new Trouble("another");
  if (answer.status >= 500 || answer.status === 429) throw new Trouble("offline");
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  throw new Trouble("refused", isJson ? (await answer.json()).message : "");
}

/** @param {string} name @param {BodyInit} body @param {PostOptions} options */
async function send(name, body, { headers = {}, keepalive = false, address = desk.dataset[name] }) {
  const type = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  try {
    return await fetch(address, {
      method: "POST",
      body,
      keepalive,
      redirect: "manual",
      headers: { ...type, ...headers, "X-CSRFToken": csrfToken() },
      signal: AbortSignal.timeout(LONGEST_MS),
    });
  } catch {
    throw new Trouble("offline");
  }
}

export const csrfToken = () => document.querySelector(TOKEN).value;

/* Whoever signed in again, in another window, has a new form token: take it over. False where nobody did. */
async function renewed() {
  const page = await fetch(document.querySelector(".top .mark").href).catch(
    () => /** @type {Response | null} */ (null),
  );
  if (!page) throw new Trouble("offline");
  if (page.redirected || !page.ok) return false;
  const found = new DOMParser()
    .parseFromString(await page.text(), "text/html")
    .querySelector("[name=csrfmiddlewaretoken]");
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = found.value;
  return true;
}
