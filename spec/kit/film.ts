/** A scripted court ({@link Cluster}) as the simulator's checkers see one: what its seats did, in order, as facts. */
import { together } from "../simulator/checkers/part.ts";
import type { Options, Part } from "../simulator/checkers/part.ts";
import { History, Violation } from "../simulator/history.ts";
import type { Fact, Noted } from "../simulator/history.ts";
import type { Effect } from "../../objects/clerk/consensus/seat.ts";
import { termAt } from "../../objects/shared/terms.ts";
import { Cluster, tipOf, verifyModel } from "./cluster.ts";

export class Film {
  readonly court: Cluster;
  readonly noted: Noted[] = [];
  readonly #seen: number[];

  constructor(court = new Cluster()) {
    this.court = court;
    this.#seen = court.members.map(() => 0);
    court.members.forEach((_, seat) => this.#started(seat));
  }

  note(fact: Fact): void {
    this.noted.push({ at: this.court.now, fact });
  }

  /** Lets time pass, everything being delivered. */
  pass(ms: number): void {
    this.court.pass(ms);
    this.look();
  }

  crash(seat: number): void {
    this.look();
    this.court.crash(seat);
    this.note({ kind: "stopped", seat, how: "crash" });
  }

  restart(seat: number): void {
    this.crash(seat);
    this.court.restart(seat);
    this.#started(seat);
    this.look();
  }

  #started(seat: number): void {
    const { incarnation, quarantined } = this.court.member(seat);
    this.note({ kind: "started", seat, incarnation, voice: quarantined === null });
  }

  /** Takes up what the seats have done since it last looked. */
  look(): void {
    this.court.members.forEach(({ journal }, seat) => {
      for (const effect of journal.slice(this.#seen[seat])) {
        const fact = factOf(seat, effect);
        if (fact !== null) this.note(fact);
      }
      this.#seen[seat] = journal.length;
    });
  }

  /** The facts of one kind, with their places. */
  all<K extends Fact["kind"]>(kind: K): { place: number; fact: Extract<Fact, { kind: K }> }[] {
    return this.noted.flatMap(({ fact }, place) => (isOf(fact, kind) ? [{ place, fact }] : []));
  }
}

function isOf<K extends Fact["kind"]>(fact: Fact, kind: K): fact is Extract<Fact, { kind: K }> {
  return fact.kind === kind;
}

function factOf(seat: number, effect: Effect): Fact | null {
  switch (effect.kind) {
    case "persist":
      return { kind: "stored", seat, durable: effect.durable };
    case "agree":
      return { kind: "agreed", seat, block: effect.block, evaluation: effect.evaluation };
    case "send":
      return { kind: "said", seat, to: effect.to, message: effect.message, lie: false };
    case "quarantine":
      return { kind: "silenced", seat, reason: effect.reason };
    case "accuse":
      return { kind: "accused", seat, incident: effect.incident };
    case "arm":
    case "attempt":
    case "stage":
    case "install":
      return null;
  }
}

export function optionsOf(court: Cluster, changes: Partial<Options> = {}): Options {
  const { quorum, terms } = court.setup(0);
  const { keys, wardenKeys } = termAt(terms, 1);
  const { block, result, time } = tipOf([]);
  return {
    court: 0,
    ...quorum,
    liars: new Set(),
    genesis: { block, result, time },
    keys,
    wardenKeys,
    verify: verifyModel,
    skewMs: court.members.map(() => 0),
    parties: false,
    rootEvery: 1_000,
    retentionMs: 330_000,
    ...changes,
  };
}

/** The property that the facts break, as the checkers have it, or null; other errors pass. */
export function brokenBy(
  noted: readonly Noted[],
  parts: readonly Part[],
  liars: ReadonlySet<number> = new Set(),
): string | null {
  const history = new History();
  const checks = together(parts, liars);
  history.watch(checks.checker);
  try {
    for (const { at, fact } of noted) history.add(at, fact);
    checks.end();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error.property;
    throw error;
  }
}
