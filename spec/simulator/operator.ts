/** Whoever runs the court: asks every seat to take a seat in again whose storage went, until they have. */
import type { Control } from "../../objects/shared/control.ts";
import { termAt } from "../../objects/shared/terms.ts";
import type { VirtualCourt } from "./court.ts";
import type { SeatReplica } from "./replica.ts";

const PAUSE_MS = 2_000;

export class Operator {
  /** Requests made. */
  asked = 0;
  readonly #court: VirtualCourt;
  readonly #wiped = new Set<number>();
  #patient = true;

  constructor(court: VirtualCourt) {
    this.#court = court;
  }

  /** The seat has another key from now on. */
  readmit(seat: number): void {
    this.#wiped.add(seat);
    this.#next(seat);
  }

  /** The faults end: nothing is put off. */
  calm(): void {
    this.#patient = false;
  }

  /** Seats that the court has not taken in again, as far as most of it knows. */
  pending(): string[] {
    return [...this.#wiped]
      .filter((seat) => !this.#takenIn(seat))
      .map((seat) => `seat ${seat} is not taken in again`);
  }

  #next(seat: number): void {
    const { world } = this.#court;
    const pause = this.#patient ? world.dice.below(2 * PAUSE_MS) : PAUSE_MS;
    world.after(1 + pause, () => {
      if (this.#takenIn(seat)) return;
      const { key } = this.#court.setup(seat);
      const control: Control = { kind: "key", officer: { kind: "clerk", seat }, key };
      for (const replica of this.#others(seat)) replica.control(control);
      this.asked += 1;
      this.#next(seat);
    });
  }

  #others(seat: number): SeatReplica[] {
    return this.#court.replicas.filter((replica) => replica.seat !== seat);
  }

  #takenIn(seat: number): boolean {
    const { key } = this.#court.setup(seat);
    return this.#others(seat).some((replica) => {
      if (replica.life === 0) return false;
      const { setup, tip } = replica.core();
      return termAt(setup.terms, tip.height + 1).keys[seat] === key;
    });
  }
}
