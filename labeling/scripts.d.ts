// What our scripts take for granted of the pages and of each other; `./run check` reads it, no browser does.

/** One document of the desk with its form: leased, or empty with the reason why. */
type Part = HTMLElement;

/** What the outbox keeps until the service has said what became of it. */
interface Operation {
  do: string;
  fields: string;
  key: string;
  lease: string;
  excerpt: string;
  person?: string;
  project?: string;
  at?: number;
  id?: IDBValidKey;
  /** Why the service did not take it; "-" where it gave no reason. */
  refused?: string;
}

/** What the service says became of an operation. */
interface Outcome {
  status: "ok" | "again" | "refused";
  message?: string;
  token?: string;
  url?: string;
  settled?: boolean;
}

/** A class as the strip of decisions shows it. */
interface Choice {
  name: string;
  sign: string;
  color?: string;
}

/** offline, another person, signed out, refused: see http.js. */
type TroubleKind = "offline" | "another" | "signedOut" | "refused";

interface PostOptions {
  headers?: Record<string, string>;
  keepalive?: boolean;
  address?: string;
}

/** A key as it is pressed again. */
type PressedKey = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "repeat"> & {
  modifierAltGraph: boolean;
};

/** Start and end of a stretch of the text, in UTF-16 units unless said otherwise. */
type Extent = [start: number, end: number];
type Edge = "start" | "end";

/** A marked span, or a suggested one, which has a probability too. */
interface Span {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly probability?: number;
}

/** A span as the form has it: class, start and end in code points, and the probability of a suggested one. */
type Row = [label: string, start: number, end: number, probability?: number];

/** How the spans of a class look. */
type Look = Partial<Record<"name" | "color", string>>;

/** A stretch between two places where spans begin or end: how it has to look, and as it is drawn. */
interface Stretch {
  start: number;
  end: number;
  key: string;
  over: Span[];
  levels: Map<Span, number>;
  current: Span | null;
}
interface Piece extends Pick<Stretch, "start" | "end" | "key"> {
  node: Text | HTMLElement;
  text: Text;
}

/** A pointer that was pressed on the text, and what was selected before; then where it was released. */
interface Press {
  x: number;
  y: number;
  from: number | null;
  isTouch: boolean;
  before: Extent | null;
}
interface Release extends Press {
  isByCharacter: boolean;
  count: number;
  isStill: boolean;
}

type SpanEditor = import("./static/labeling/spans/editor.js").SpanEditor;
type SpanText = import("./static/labeling/spans/text.js").SpanText;

/** What happens on our pages happens at HTML elements. */
type At<E extends Event> = E & {
  readonly target: E extends SubmitEvent ? HTMLFormElement : E extends ToggleEvent ? HTMLDetailsElement : HTMLElement;
};

interface HtmxDetail {
  elt: Element;
  xhr: XMLHttpRequest;
  serverResponse: string;
  shouldSwap: boolean;
  issueRequest(skipsConfirmation?: boolean): void;
}

interface PageEvents extends DocumentEventMap {
  "desk:prefetched": CustomEvent<{ progress: HTMLElement; since: number }>;
  "desk:saved": CustomEvent<{ operation: Operation; outcome: Outcome }>;
  "htmx:beforeSwap": CustomEvent<HtmxDetail>;
  "htmx:confirm": CustomEvent<HtmxDetail>;
  "htmx:load": CustomEvent<HtmxDetail>;
}

type Listening = boolean | AddEventListenerOptions;
interface Document {
  addEventListener<K extends keyof PageEvents>(type: K, act: (event: At<PageEvents[K]>) => void, how?: Listening): void;
  addEventListener(type: string, act: (event: At<Event>) => void, how?: Listening): void;
  getElementById<K extends string>(id: K): WithId<K> | null;
}
interface HTMLElement {
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    act: (event: At<HTMLElementEventMap[K]>) => void,
    how?: Listening,
  ): void;
}
declare function addEventListener<K extends keyof WindowEventMap>(
  type: K,
  act: (event: At<WindowEventMap[K]>) => void,
  how?: Listening,
): void;
declare function removeEventListener<K extends keyof WindowEventMap>(
  type: K,
  act: (event: At<WindowEventMap[K]>) => void,
  how?: Listening,
): void;
interface Window {
  addEventListener<K extends keyof WindowEventMap>(
    type: K,
    act: (event: At<WindowEventMap[K]>) => void,
    how?: Listening,
  ): void;
  removeEventListener<K extends keyof WindowEventMap>(
    type: K,
    act: (event: At<WindowEventMap[K]>) => void,
    how?: Listening,
  ): void;
  htmx: { trigger(element: EventTarget, name: string): void };
}

/** The elements of our pages by their identifiers, where they are of a kind of their own. */
interface Identified {
  answer: HTMLFormElement;
  decision: HTMLTemplateElement;
  filter: HTMLInputElement;
  "keys-help": HTMLDialogElement;
  waiting: HTMLTemplateElement;
}
type WithId<K extends string> = K extends keyof Identified ? Identified[K] : HTMLElement;

/** The elements that our selectors find: by the tag's name, by the attribute that only fields have, by our classes. */
type Selected<S extends string> = S extends keyof HTMLElementTagNameMap
  ? HTMLElementTagNameMap[S]
  : S extends `#${infer K extends keyof Identified}`
    ? Identified[K]
    : S extends `${string}[name=${string}` | `input[${string}` | "button, input"
      ? HTMLInputElement
      : S extends `details${string}` | `main details${string}` | `.panel${string}` | "#span-list"
        ? HTMLDetailsElement
        : S extends `${string}[data-beside]` | ".top .mark"
          ? HTMLAnchorElement
          : S extends `form${string}`
            ? HTMLFormElement
            : S extends `${string} progress`
              ? HTMLProgressElement
              : HTMLElement;
interface ParentNode {
  querySelector<S extends string>(selectors: S): Selected<S> | null;
  querySelectorAll<S extends string>(selectors: S): NodeListOf<Selected<S>>;
}
interface Element {
  closest<S extends string>(selectors: S): Selected<S> | null;
}
