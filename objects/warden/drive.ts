/** Gives one court's sealed writs to its seats until their outcomes are proven. */
import { LIMITS } from "../shared/limits.ts";
import { leaderOf } from "../shared/quorum.ts";
import type { Writ } from "../shared/types.ts";
import { roundOf } from "./core/rounds.ts";
import { judge } from "./core/settlement.ts";
import type { CourtKeys, Judgement, Settlement } from "./core/settlement.ts";
import { called, pause, within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import type { Court } from "./ports.ts";

export interface DriveReports {
  /** Once per driven writ: a settlement per event, in order. */
  readonly decided: (writ: Writ, settlements: readonly Settlement[]) => void;
  /** The same, of a writ of ours that the court has decided in its place: see README.md, "Numbers in doubt". */
  readonly decidedInstead: (instead: Writ, settlements: readonly Settlement[]) => void;
  /** Writs of ours among what a seat says it holds. */
  readonly ours: (text: string) => readonly Writ[];
  /** `count` answers of this court were dropped so far in this life of the object. */
  readonly unproven: (seat: number, reason: string, count: number) => void;
  /** What a seat shows of the court's terms, to be taken up as far as it is proven. */
  readonly terms: (text: string) => void;
}

/** One writ on its way. `decided` turns true with the first proven answer, from whatever round it comes. */
interface Errand {
  readonly writ: Writ;
  readonly text: string;
  decided: boolean;
}

export class Drive {
  readonly #court: Court;
  readonly #keys: CourtKeys;
  readonly #clock: Clock;
  readonly #reports: DriveReports;
  readonly #calls: number[];
  #view = 0;
  #failedView: number | null = null;
  #unproven = 0;

  constructor(court: Court, keys: CourtKeys, clock: Clock, reports: DriveReports) {
    this.#court = court;
    this.#keys = keys;
    this.#clock = clock;
    this.#reports = reports;
    this.#calls = Array.from({ length: keys.n }, () => 0);
  }

  /** RedriveSameWrit: the same bytes under the same number until they are decided; never fails. Call in order of number. */
  // Rule: RedriveSameWrit.
  async drive(writ: Writ): Promise<void> {
    const errand = { writ, text: JSON.stringify(writ), decided: false };
    for (let round = 0; !errand.decided; round++) {
      const view = this.#view;
      const plan = roundOf(round, this.#calls.length, { view, failedView: this.#failedView });
      await this.#ask(errand, plan.seats);
      if (errand.decided) return;
      if (round === 0) this.#failedView = view;
      if (plan.pauseMs > 0) await pause(this.#clock, plan.pauseMs);
    }
  }

  /** Returns with the first proven answer, when all seats have answered otherwise, or after their silence. */
  #ask(errand: Errand, seats: readonly number[]): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(LIMITS.writSilenceMs, resolve);
      const done = (): void => {
        cancel();
        resolve();
      };
      let left = seats.length;
      for (const seat of seats) {
        void this.#give(errand, seat).then(() => {
          left -= 1;
          if (errand.decided || left === 0) done();
        });
      }
    });
  }

  async #give(errand: Errand, seat: number): Promise<void> {
    const calls = this.#calls[seat] ?? 0;
    if (calls >= LIMITS.callsPerSeat) return;
    this.#calls[seat] = calls + 1;
    const answer = await this.#submit(errand, seat);
    this.#calls[seat] = (this.#calls[seat] ?? 1) - 1;
    if (answer === undefined) return;
    const failed =
      this.#failedView !== null && seat === leaderOf(this.#failedView, this.#calls.length);
    if (errand.decided && !failed) return;
    const { writ, judged } = await this.#judged(answer, errand.writ, seat);
    if (judged.kind === "unproven") this.#reports.unproven(seat, judged.reason, ++this.#unproven);
    if (judged.kind !== "decided") return;
    // A leader that failed is asked alone again once it has proven something, if late.
    if (failed) this.#failedView = null;
    if (errand.decided) return;
    errand.decided = true;
    this.#view = Math.max(this.#view, judged.view);
    if (writ === errand.writ) this.#reports.decided(writ, judged.settlements);
    else this.#reports.decidedInstead(writ, judged.settlements);
  }

  /** Of the writ, or of another of ours under its number; which, the certificates tell. */
  async #judged(
    answer: string,
    writ: Writ,
    seat: number,
  ): Promise<{ readonly writ: Writ; readonly judged: Judgement }> {
    const judged = await this.#proven(answer, writ, seat);
    if (judged.kind !== "other-writ") return { writ, judged };
    const { warden, number } = writ;
    const shown = await within(
      this.#clock,
      LIMITS.statusMs,
      this.#court.writs(seat, warden, number),
    );
    for (const other of this.#reports.ours(shown ?? "null")) {
      const decided = other.number === number ? judge(answer, other, this.#keys) : judged;
      if (decided.kind === "decided") return { writ: other, judged: decided };
    }
    return {
      writ,
      judged: { kind: "unproven", reason: "the block does not hold this part of the writ" },
    };
  }

  /** Keys may have changed: the seat that answers under others can prove them. */
  async #proven(answer: string, writ: Writ, seat: number): Promise<Judgement> {
    const judged = judge(answer, writ, this.#keys);
    if (judged.kind !== "later-epoch") return judged;
    const shown = await within(this.#clock, LIMITS.statusMs, this.#court.terms(seat));
    if (shown !== undefined) this.#reports.terms(shown);
    const again = judge(answer, writ, this.#keys);
    return again.kind === "later-epoch"
      ? { kind: "unproven", reason: "of an unknown epoch" }
      : again;
  }

  #submit(errand: Errand, seat: number): Promise<string | undefined> {
    const submitted = called(() => this.#court.submit(seat, errand.text, LIMITS.writSilenceMs));
    return within(this.#clock, LIMITS.callLostMs, submitted);
  }
}
