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
  #count = 1;
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
  }

  /** Why a control cannot be decided now, or null. */
  objection(control: Control): string | null {
    const { keys, wardenKeys, domainVersion } = this.now;
    if (this.#count >= MOST) return `there have been ${MOST} terms already`;
    if (control.kind === "version")
      return control.domainVersion === domainVersion ? "that version is the active one" : null;
    if (this.#faulty === 0) return "without a faulty seat to spare no key is changed";
    const { officer, key } = control;
    const held = officer.kind === "clerk" ? keys[officer.seat] : wardenKeys[officer.warden];
    if (held === undefined) return "there is no such officer";
    return keys.includes(key) || wardenKeys.includes(key) ? "the key is in use" : null;
  }

  /** The control is decided: the next height has the next term. */
  follow(control: Control): void {
    const { now } = this;
    this.#count += 1;
    if (control.kind === "version") {
      this.now = { ...now, domainVersion: control.domainVersion };
      return;
    }
    const { officer, key } = control;
    const epoch = now.epoch + 1;
    this.now =
      officer.kind === "clerk"
        ? { ...now, epoch, keys: replaced(now.keys, officer.seat, key) }
        : { ...now, epoch, wardenKeys: replaced(now.wardenKeys, officer.warden, key) };
  }
}

function replaced(keys: readonly string[], place: number, key: string): readonly string[] {
  return keys.map((held, at) => (at === place ? key : held));
}
