/**
 * Given these events, when that one happens, then this comes of it: tests of a domain, run by the real evaluation.
 *
 *     given(inventory, { "stock.received": { item: "a", warehouse: "w", quantity: 5 } })
 *       .when("stock.moved", { item: "a", from: "w", to: "x", quantity: 2 })
 *       .accepts({ "stock/a@w": { onHand: 3, reserved: 0 }, "stock/a@x": { onHand: 2, reserved: 0 } });
 */
import { expect } from "vitest";
import type { Domain } from "../../objects/arbiter/domain.ts";
import type { Json } from "../../objects/shared/canonical.ts";
import type { Outcome } from "../../objects/shared/types.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "./memory.ts";

/** Block time of the given events, Unix milliseconds. */
export const START = 1_800_000_000_000;

/** One event, as its type and data. */
export type Happening = { readonly [type: string]: Json };

export type States = { readonly [entity: string]: Json };

export class Given {
  readonly #domain: Domain;
  readonly #past: readonly Happening[];
  readonly #later: number;

  constructor(domain: Domain, past: readonly Happening[], later = 1) {
    this.#domain = domain;
    this.#past = past;
    this.#later = later;
  }

  /** What follows happens so many milliseconds of block time after the given events. */
  after(ms: number): Given {
    return new Given(this.#domain, this.#past, ms);
  }

  when(type: string, data: Json): Then {
    const bench = this.#bench();
    const [outcome] = outcomesOf(
      bench.block(START + this.#later, textOf({ id: "when", type, data })),
    ).slice(-1);
    return new Then(outcome, bench);
  }

  /** The system events that the passing of time alone brings, each as the states it leaves. */
  expires(...expected: readonly States[]): void {
    const outcomes = outcomesOf(this.#bench().block(START + this.#later));
    expect(outcomes.map(statesOf)).toEqual(expected);
  }

  #bench(): Bench {
    const bench = new Bench(rulesOf(this.#domain));
    const events = this.#past.flatMap((happening) => Object.entries(happening));
    for (const [at, [type, data]] of events.entries()) {
      const [outcome] = outcomesOf(bench.block(START, textOf({ id: `given-${at}`, type, data })));
      expect(outcome, "what is given was accepted").toMatchObject({ status: "accepted" });
    }
    return bench;
  }
}

export class Then {
  readonly #outcome: Outcome | undefined;
  readonly #bench: Bench;

  constructor(outcome: Outcome | undefined, bench: Bench) {
    this.#outcome = outcome;
    this.#bench = bench;
  }

  /** Exactly these entities changed, to these states. */
  accepts(states: States): void {
    expect(this.#outcome).toMatchObject({ status: "accepted" });
    expect(this.#outcome?.reason).toBeUndefined();
    expect(statesOf(this.#outcome)).toEqual(states);
  }

  /** Refused with this code, and nothing changed. */
  rejects(code: string): void {
    expect(this.#outcome).toMatchObject({ status: "rejected", reason: { code }, changes: [] });
  }

  /** An entity afterwards; undefined if it never existed. */
  state(entity: string): unknown {
    return this.#bench.stateOf(entity);
  }
}

function statesOf(outcome: Outcome | undefined): States {
  return Object.fromEntries((outcome?.changes ?? []).map(({ entity, state }) => [entity, state]));
}

export function given(domain: Domain, ...past: readonly Happening[]): Given {
  return new Given(domain, past);
}
