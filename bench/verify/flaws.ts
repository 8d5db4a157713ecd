// What is wrong, and where. The list is bounded, its total is not.

export interface Place {
  readonly court?: number;
  readonly height?: number;
  /** Of an outcome in its block. */
  readonly index?: number;
  /** `type/id` */
  readonly entity?: string;
}

/** What sort of thing is wrong. */
export type Kind =
  /** The document everything starts from, or a signature under it. */
  | "genesis"
  /** A block does not follow the one below, or is missing. */
  | "chain"
  /** A text is not of the shape it must have. */
  | "shape"
  /** A digest is not that of what it stands for. */
  | "digest"
  | "certificate"
  | "seal"
  /** A Warden's writs are not in their order, or a block holds more than it may. */
  | "writ"
  | "poison"
  | "time"
  /** A control event that could not be decided, or a term it does not bring. */
  | "control"
  /** An outcome is not what the domain and the rules of evaluation make of the event. */
  | "outcome"
  | "state-root"
  /** A seat's word on what is published. */
  | "attestation"
  /** A published event, an entity or a version is not served, or not as it was agreed. */
  | "served"
  /** The export is not whole, or not in its order. */
  | "export";

export interface Flaw extends Place {
  readonly kind: Kind;
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
}

/** Of each flaw only so many characters of what was expected and found. */
const TEXT = 400;

export class Flaws {
  readonly listed: Flaw[] = [];
  total = 0;
  readonly #most: number;

  constructor(most = 100) {
    this.#most = most;
  }

  add(flaw: Flaw): void {
    this.total += 1;
    if (this.listed.length < this.#most) this.listed.push(shortened(flaw));
  }

  /** Adds a flaw unless the two are the same. */
  compare(
    kind: Kind,
    what: string,
    place: Place,
    { expected, found }: { readonly expected: string; readonly found: string },
  ): boolean {
    if (expected !== found) this.add({ kind, what, ...place, expected, found });
    return expected === found;
  }
}

function shortened(flaw: Flaw): Flaw {
  const { expected, found } = flaw;
  return {
    ...flaw,
    ...(expected === undefined ? {} : { expected: cut(expected) }),
    ...(found === undefined ? {} : { found: cut(found) }),
  };
}

function cut(text: string): string {
  return text.length <= TEXT ? text : `${text.slice(0, TEXT)}… (${text.length} characters)`;
}

/** `court 0, height 7, index 3, stock/a@w1` */
function placeText({ court, height, index, entity }: Place): string {
  return [
    court === undefined ? [] : [`court ${court}`],
    height === undefined ? [] : [`height ${height}`],
    index === undefined ? [] : [`index ${index}`],
    entity === undefined ? [] : [entity],
  ]
    .flat()
    .join(", ");
}

/** In one line, without what was expected and found. */
export function flawLine(flaw: Flaw): string {
  const place = placeText(flaw);
  return `${flaw.kind}: ${place === "" ? "" : `${place}: `}${flaw.what}`;
}
