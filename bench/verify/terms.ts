// Who holds which key and which version of the domain is active, by the control events of a court's own chain.
import { numbers, quorumOf, seatName, wardenName } from "./genesis.ts";
import type { Control, GenesisDocument } from "./shapes.ts";

/** Changes of one court, the genesis among them. */
const MOST = 256;

export interface Term {
  readonly epoch: number;
  /** Public keys by seat and by Warden. */
  readonly keys: readonly string[];
  readonly wardenKeys: readonly string[];
  readonly domainVersion: number;
}

export class Terms {
  /** That of the next height. */
  now: Term;
  /** All so far with their first heights, in order. */
  readonly #all: { readonly from: number; readonly term: Term }[];
  readonly #faulty: number;

  constructor(document: GenesisDocument, court: number) {
    const keyOf = (name: string): string => document.keys[name] ?? "";
    this.#faulty = quorumOf(document).f;
    this.now = {
      epoch: 1,
      keys: numbers(document.seats).map((seat) => keyOf(seatName(document, court, seat))),
      wardenKeys: numbers(document.wardens).map((warden) => keyOf(wardenName(document, warden))),
      domainVersion: document.domainVersion,
    };
    this.#all = [{ from: 1, term: this.now }];
  }

  /** The keys that a seat had at a height or has had since. */
  seatKeysSince(height: number, seat: number): string[] {
    return this.#all
      .filter((_, at) => (this.#all[at + 1]?.from ?? Infinity) > height)
      .flatMap(({ term }) => term.keys[seat] ?? []);
  }

  /** Why a control cannot be decided now, or null. */
  objection(control: Control): string | null {
    const { keys, wardenKeys, domainVersion } = this.now;
    if (this.#all.length >= MOST) return `there have been ${MOST} terms already`;
    if (control.kind === "version")
      return control.domainVersion === domainVersion ? "that version is the active one" : null;
    if (this.#faulty === 0) return "without a faulty seat to spare no key is changed";
    const { officer, key } = control;
    const held = officer.kind === "clerk" ? keys[officer.seat] : wardenKeys[officer.warden];
    if (held === undefined) return "there is no such officer";
    return keys.includes(key) || wardenKeys.includes(key) ? "the key is in use" : null;
  }

  /** A control is decided at a height: the next one has the next term. */
  follow(control: Control, height: number): void {
    this.now = termAfter(this.now, control);
    this.#all.push({ from: height + 1, term: this.now });
  }
}

function termAfter(term: Term, control: Control): Term {
  if (control.kind === "version") return { ...term, domainVersion: control.domainVersion };
  const { officer, key } = control;
  const epoch = term.epoch + 1;
  return officer.kind === "clerk"
    ? { ...term, epoch, keys: replaced(term.keys, officer.seat, key) }
    : { ...term, epoch, wardenKeys: replaced(term.wardenKeys, officer.warden, key) };
}

function replaced(keys: readonly string[], place: number, key: string): readonly string[] {
  return keys.map((held, at) => (at === place ? key : held));
}
