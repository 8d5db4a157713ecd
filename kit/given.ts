/**
 * Given these events, when that one happens, then this comes of it: tests of a domain, run by the real evaluation.
 *
 *     const stocked = given(inventory, ["stock.received", { item: "a", warehouse: "w", quantity: 5 }]);
 *     const move = { item: "a", from: "w", to: "x", quantity: 2 };
 *     expect(stocked.when("stock.moved", move)).toEqual(
 *       accepted({ "stock/a@w": { onHand: 3, reserved: 0 }, "stock/a@x": { onHand: 2, reserved: 0 } }),
 *     );
 */
import type { Domain } from "../objects/arbiter/domain.ts";
import { assert } from "../objects/shared/assert.ts";
import type { Json } from "../objects/shared/canonical.ts";
import type { Outcome } from "../objects/shared/types.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "./memory.ts";

/** Block time of the given events, Unix milliseconds. */
export const START = 1_800_000_000_000;

export type Happening = readonly [type: string, data: Json];

type States = { readonly [entity: string]: Json };

/** What came of an event: the states it left, or the code it was rejected with. */
type Result = { readonly accepted: States } | { readonly rejected: string };

export const accepted = (states: States): Result => ({ accepted: states });
export const rejected = (code: string): Result => ({ rejected: code });

class Given {
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

  when(type: string, data: Json): Result {
    const event = textOf({ id: "when", type, data });
    const outcomes = outcomesOf(this.#bench().block(START + this.#later, event));
    return resultOf(outcomes.at(-1));
  }

  /** The system events that the passing of time alone brings. */
  expiries(): Result[] {
    return outcomesOf(this.#bench().block(START + this.#later)).map(resultOf);
  }

  #bench(): Bench {
    const bench = new Bench(rulesOf(this.#domain));
    for (const [at, [type, data]] of this.#past.entries()) {
      const [outcome] = outcomesOf(bench.block(START, textOf({ id: `given-${at}`, type, data })));
      assert(outcome?.status === "accepted", `${type} is given, so it is accepted`);
    }
    return bench;
  }
}

function resultOf(outcome: Outcome | undefined): Result {
  assert(outcome !== undefined, "every event has an outcome");
  const { changes, reason } = outcome;
  if (reason === undefined) {
    return accepted(Object.fromEntries(changes.map(({ entity, state }) => [entity, state])));
  }
  assert(changes.length === 0, "a rejection changes nothing");
  return rejected(reason.code);
}

export function given(domain: Domain, ...past: readonly Happening[]): Given {
  return new Given(domain, past);
}
