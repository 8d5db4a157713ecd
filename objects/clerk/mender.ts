/** What a seat does about rows of the Ledger that are not what it agreed: an incident, and where it holds the block, the repair. */
import { flawsAt, genesisFlaw } from "../ledger/flaws.ts";
import { repair, repairsAt } from "../ledger/repair.ts";
import type { Flaw } from "../ledger/repair.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Press } from "./publisher.ts";

/**
 * `mended`: rows were exchanged. `sound`: nothing is wrong any more. `left`: to another seat, for now or, where this one lacks the
 * block, for good.
 */
export type Mended = "mended" | "sound" | "left";

export class Mender {
  readonly #press: Press;
  /** Since when a height is known to be wrong. */
  readonly #since = new Map<number, number>();

  constructor(press: Press) {
    this.#press = press;
  }

  /** Heights to be looked at again, the one longest not looked at first. */
  get wrong(): IterableIterator<number> {
    return this.#since.keys();
  }

  /** Whether a height has been wrong for so short a time that another seat may be mending it. */
  waits(): boolean {
    const now = this.#press.clock.now();
    return [...this.#since.values()].some((since) => now - since < LIMITS.damageAwakeMs);
  }

  /** Nothing is wrong with a height any more. */
  sound(height: number): void {
    this.#since.delete(height);
  }

  /** For a height that failed the audit, or whose block stands in the way (`now`). Rejects when D1 fails. */
  // Rules: LeaveRepairToLeader, KeepDamageWithoutBlock.
  async mend(height: number, what: string, now = false): Promise<Mended> {
    const since = await this.#noted(height, what);
    const { chain, clock, leads } = this.#press;
    if (height < chain.lowest() || height > chain.height()) return "left";
    // The leader first: of two that repair at once, one would only find it done.
    if (!now && !leads() && clock.now() - since < LIMITS.publishPatienceMs) return "left";
    return this.#exchanged(height);
  }

  /** The same for the row of the genesis, by the seats of the first court: one deployment has one. */
  async mendGenesis(): Promise<Mended> {
    const { court, ledger, genesis, clock, leads } = this.#press;
    if (court !== 0) return "left";
    const flaw = await genesisFlaw(ledger, genesis);
    if (flaw === null) {
      this.sound(0);
      return "sound";
    }
    const since = await this.#noted(0, "the genesis is missing or not its own");
    if (!leads() && clock.now() - since < LIMITS.publishPatienceMs) return "left";
    return (await this.exchange([flaw])) ? "mended" : "left";
  }

  /** Says once what was found, however many lives find it again, until rows of the height are repaired. */
  // Rule: ReportDamageOnce.
  async report(height: number, detail: string): Promise<void> {
    const { ledger, court, incidents, clock } = this.#press;
    const repairs = await repairsAt(ledger, court, height);
    incidents.recordOnce({ kind: "ledger-damaged", height, detail, repairs }, clock.now());
  }

  /** False where another seat came first. */
  // Rule: RepairDamagedRow.
  async exchange(flaws: readonly Flaw[]): Promise<boolean> {
    const { ledger, seat, sign, incidents, clock, voice } = this.#press;
    const [first] = flaws;
    if (first === undefined || !voice()) return false;
    try {
      await repair(ledger, flaws, { seat, sign });
    } catch (error) {
      if (String(error).includes("a repair out of turn")) return false;
      throw error;
    }
    const rows = flaws.map(({ part, place, number, old }) => ({ part, place, number, old }));
    incidents.recordOnce({ kind: "repair", height: first.height, finder: seat, rows }, clock.now());
    return true;
  }

  async #noted(height: number, what: string): Promise<number> {
    const known = this.#since.get(height);
    const since = known ?? this.#press.clock.now();
    if (known === undefined) await this.report(height, what);
    // To the end of the line.
    this.#since.delete(height);
    if (this.#since.size < LIMITS.damagesKept) this.#since.set(height, since);
    return since;
  }

  async #exchanged(height: number): Promise<Mended> {
    const { chain, ledger } = this.#press;
    const block = chain.block(height);
    if (block === undefined) return "left";
    for (let pass = 0; pass < LIMITS.repairPasses; pass++) {
      const flaws = await flawsAt(ledger, block);
      if (flaws.length === 0) {
        this.sound(height);
        return pass === 0 ? "sound" : "mended";
      }
      if (!(await this.exchange(flaws))) return "left";
    }
    return "left";
  }
}
