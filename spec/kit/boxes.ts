/** A domain for trying the Arbiter's bounds: one event type, one entity type, every function replaceable. */
import { z } from "zod";
import type { Domain, EntityType, EventType } from "../../objects/arbiter/domain.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import type { LedgerEvent } from "../../objects/shared/types.ts";
import { START } from "../../kit/given.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "../../kit/memory.ts";

/** Event `box.run` writes `{}` to `box/p.1`; a box's partition is what precedes the point. */
export function boxes(event: Partial<EventType<object>>, entity: Partial<EntityType> = {}): Domain {
  return {
    name: "boxes",
    events: {
      "box.run": {
        schema: z.strictObject({}),
        partition: () => "p",
        entities: () => ["box/p.1"],
        decide: () => ({ accept: [{ entity: "box/p.1", state: {} }] }),
        ...event,
      },
    },
    entities: {
      box: {
        maxBytes: 64 * 1024,
        partition: (id) => /^([a-z]+)\.\d*[a-z]*$/.exec(id)?.[1] ?? null,
        ...entity,
      },
    },
  };
}

export function put(id: number, of: Partial<LedgerEvent> = {}): string {
  return textOf({ id: String(id), type: "box.run", data: {}, ...of });
}

/** Evaluates the events in one block; `codes` are reason codes, or statuses where there is no reason. */
export function run(
  domain: Domain,
  ...events: readonly string[]
): { readonly bench: Bench; readonly evaluation: Evaluation; readonly codes: readonly string[] } {
  const bench = new Bench(rulesOf(domain));
  const evaluation = bench.block(START, ...events);
  const codes = outcomesOf(evaluation).map(({ reason, status }) => reason?.code ?? status);
  return { bench, evaluation, codes };
}

/** Domain code that throws. */
export function thrown(what: string): never {
  throw new Error(what);
}
