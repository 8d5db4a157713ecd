/**
 * Whoever runs the court: asks every seat to take in again an officer whose storage went, until they have; and may err: ask some
 * seats only, ask for what nobody else was asked for, or for a version of the domain that not every build carries.
 */
import { termNow } from "../../objects/clerk/consensus/office.ts";
import type { Control } from "../../objects/shared/control.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import type { Officer, VirtualCourt } from "./court.ts";
import type { SeatReplica } from "./replica.ts";

const PAUSE_MS = 2_000;
const NEXT_VERSION = 2;

/** What an operator does besides: a version, a hundred things at one seat, or half of its requests only. */
export const WHIMS = ["another version", "too much of one seat", "some seats only"] as const;
/** Never drawn: asked for until it is decided, once the seat that is to miss it hears nothing. */
const SURELY = "another version, surely";
export type Whim = (typeof WHIMS)[number] | typeof SURELY;

export class Operator {
  /** Requests made, by what for. */
  readonly counts = new Map<string, number>();
  readonly #court: VirtualCourt;
  readonly #whim: Whim | null;
  readonly #lost = new Map<string, Officer>();
  #patient = true;

  constructor(court: VirtualCourt, whim: Whim | null) {
    this.#court = court;
    this.#whim = whim;
  }

  /** From now on it follows its whims. */
  begin(): void {
    if (this.#whim === "another version") this.#later(() => this.#another());
    if (this.#whim === "too much of one seat") this.#later(() => this.#tooMuch());
    if (this.#whim === SURELY) this.#surely();
  }

  /** The officer has another key from now on. */
  readmit(officer: Officer): void {
    const name = JSON.stringify(officer);
    if (this.#lost.has(name)) return;
    this.#lost.set(name, officer);
    this.#next(name, officer);
  }

  /** The faults end: nothing is put off. */
  calm(): void {
    this.#patient = false;
  }

  /** Officers that the court has not taken in again, as far as most of it knows. */
  pending(): string[] {
    const outside = [...this.#lost.values()].filter((officer) => !this.#court.knows(officer));
    return [
      ...outside.map((officer) => `${JSON.stringify(officer)} is not taken in again`),
      ...(this.#whim === SURELY && !this.#renewed() ? ["the version is not decided"] : []),
    ];
  }

  #next(name: string, officer: Officer): void {
    const { world } = this.#court;
    const pause = this.#patient ? world.dice.below(2 * PAUSE_MS) : PAUSE_MS;
    world.after(1 + pause, () => {
      if (this.#court.knows(officer)) {
        this.#lost.delete(name);
        return;
      }
      const control: Control = { kind: "key", officer, key: this.#court.keyOf(officer) };
      this.#ask(`operator asked for a ${officer.kind}`, control, this.#asked(officer));
      this.#next(name, officer);
    });
  }

  /** Every seat but the one that it is about. */
  #asked(officer: Officer): SeatReplica[] {
    const { replicas, world } = this.#court;
    const others = replicas.filter(({ seat }) => officer.kind !== "clerk" || seat !== officer.seat);
    if (this.#whim !== "some seats only" || !this.#patient) return others;
    return others.filter(() => world.dice.percent(50));
  }

  #another(): void {
    this.#askVersion();
    this.#later(() => this.#another());
  }

  #surely(): void {
    const { world } = this.#court;
    world.after(2 * PAUSE_MS + world.dice.below(PAUSE_MS), () => {
      if (this.#renewed()) return;
      this.#askVersion();
      this.#surely();
    });
  }

  #renewed(): boolean {
    return this.#court.replicas.some(
      (replica) => replica.life > 0 && termNow(replica.core()).domainVersion === NEXT_VERSION,
    );
  }

  #askVersion(): void {
    this.#ask(
      "operator asked for a version",
      { kind: "version", domainVersion: NEXT_VERSION },
      this.#court.replicas,
    );
  }

  /** One seat alone cannot have any of it. */
  #tooMuch(): void {
    const { deployment, replicas, world } = this.#court;
    const officers: Officer[] = [
      ...replicas.map(({ seat }): Officer => ({ kind: "clerk", seat })),
      ...Array.from({ length: deployment.wardens }, (_, warden): Officer => ({
        kind: "warden",
        warden,
      })),
    ];
    const one = world.dice.one(replicas);
    for (const officer of officers) {
      const key = sha256(`key at ${world.now} of ${JSON.stringify(officer)}`);
      this.#ask("operator asked too much", { kind: "key", officer, key }, [one]);
    }
    this.#later(() => this.#tooMuch());
  }

  #ask(what: string, control: Control, of: readonly SeatReplica[]): void {
    for (const replica of of) replica.control(control);
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #later(work: () => void): void {
    const { world } = this.#court;
    world.after(1 + world.dice.below(3 * PAUSE_MS), () => {
      if (this.#patient) work();
    });
  }
}
