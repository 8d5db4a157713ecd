/** A seat's state in memory, moved forward block by block by the real evaluation. */
import { evaluateBlock } from "../objects/arbiter/evaluate.ts";
import type { BlockContext, Rules, StateReader } from "../objects/arbiter/evaluation.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Domain } from "../objects/arbiter/domain.ts";
import { canonical } from "../objects/shared/canonical.ts";
import type { Evaluation } from "../objects/shared/evaluation.ts";
import type { EntityRow, KeyRow, LedgerEvent, Outcome } from "../objects/shared/types.ts";

const WINDOW_MS = 300_000;
const CLOCK_BOUND_MS = 30_000;

/** Rules of a deployment with one court. */
export function rulesOf(...domains: Domain[]): Rules {
  return {
    registry: registryOf(domains),
    windowMs: WINDOW_MS,
    clockBoundMs: CLOCK_BOUND_MS,
    courtOf: () => 0,
  };
}

/** Keys live for so long by block time. */
export const RETENTION_MS = WINDOW_MS + CLOCK_BOUND_MS;

export class MemoryState implements StateReader {
  readonly entities = new Map<string, EntityRow>();
  readonly keys = new Map<string, KeyRow>();
  /** Every row asked for, of entities and of used keys, in order. */
  readonly asked: string[] = [];

  entityRows(keys: readonly string[]): EntityRow[] {
    this.asked.push(...keys);
    return keys.flatMap((key) => this.entities.get(key) ?? []);
  }

  keyRows(keys: readonly string[]): KeyRow[] {
    this.asked.push(...keys);
    return keys.flatMap((key) => this.keys.get(key) ?? []);
  }

  due(time: number, limit: number): readonly string[] {
    return [...this.entities.values()]
      .flatMap(({ key, expires }) =>
        expires !== null && expires <= time ? [{ key, expires }] : [],
      )
      .toSorted((a, b) => a.expires - b.expires || (a.key < b.key ? -1 : 1))
      .slice(0, limit)
      .map(({ key }) => key);
  }

  apply({ entities, keys }: Pick<Evaluation, "entities" | "keys">): void {
    for (const row of entities) this.entities.set(row.key, row);
    for (const row of keys) this.keys.set(row.key, row);
  }
}

/** A court of one seat: blocks follow one another, and what they come to becomes its state. */
export class Bench {
  readonly state = new MemoryState();
  readonly rules: Rules;
  height = 0;

  constructor(rules: Rules) {
    this.rules = rules;
  }

  block(time: number, ...events: readonly string[]): Evaluation {
    return this.#evaluate({ time }, events);
  }

  /** A block of one event that the court cannot decide. */
  condemn(time: number, condemned: "nondeterministic" | "unable", event: string): Evaluation {
    return this.#evaluate({ time, condemned }, [event]);
  }

  #evaluate(
    block: Pick<BlockContext, "time" | "condemned">,
    events: readonly string[],
  ): Evaluation {
    this.height += 1;
    const context = { court: 0, height: this.height, domainVersion: 1, ...block };
    const evaluation = evaluateBlock(context, events, this.state, this.rules);
    this.state.apply(evaluation);
    return evaluation;
  }

  /** State of an entity of tenant `t`. */
  stateOf(entity: string): unknown {
    const row = this.state.entities.get(`t/${entity}`);
    return row === undefined ? undefined : JSON.parse(row.state);
  }
}

export function textOf(
  event: Partial<LedgerEvent> & Pick<LedgerEvent, "id" | "type" | "data">,
): string {
  return canonical({ tenant: "t", source: "/", ...event });
}

export function outcomesOf({ outcomes }: Evaluation): Outcome[] {
  return outcomes.map((outcome) => JSON.parse(outcome) as Outcome);
}
