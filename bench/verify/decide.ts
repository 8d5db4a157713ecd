// One decision by the rules of evaluation (objects/ledger/README.md, "What an event comes to"): what it may read and write, how
// large, and what a failure comes to.
import type { Decision, DecisionContext, Entities } from "../../objects/arbiter/domain.ts";
import { canonical, utf8Length } from "../../objects/shared/canonical.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { Domains } from "./domains.ts";
import type { State } from "./state.ts";

const REASONS = {
  key_reused: "the key belongs to another event",
  invalid_event: "not an event of a known type with data that fits its schema",
  foreign_entity: "an entity lies outside the event's partition, or the event outside this court",
  undeclared_entity: "an entity was used that the event does not declare",
  too_many_entities: `more than ${LIMITS.entitiesPerEvent} entities`,
  entity_too_large: "an after-state is larger than its entity type allows",
  outcome_too_large: `the changes exceed ${LIMITS.changesBytes} bytes`,
  domain_error: "the domain failed",
  invariant: "an invariant of the domain does not hold",
  nondeterministic: "the seats of the court came to different outcomes",
  unable: "the seats of the court could not evaluate the event",
} as const;

export type Code = keyof typeof REASONS;

export interface Reason {
  readonly code: string;
  readonly detail: string;
}

export function reasonOf(code: Code): Reason {
  return { code, detail: REASONS[code] };
}

/** One entity after an event. */
export interface After {
  readonly entity: string;
  readonly version: number;
  /** Canonical text. */
  readonly state: string;
  /** Block time at which it lapses, or null. */
  readonly expires: number | null;
}

/** What is to be decided: a submitted event, or an expiry. */
export interface Task {
  readonly domains: Domains;
  readonly tenant: string;
  readonly partition: string;
  readonly entities: readonly string[];
  readonly entitiesAfter?: ((entities: Entities) => readonly string[]) | undefined;
  readonly decide: (entities: Entities, context: DecisionContext) => Decision;
  readonly invariant?: ((before: Entities, after: Entities) => boolean) | undefined;
  /** The entity whose expiry this is. */
  readonly expiring?: string;
}

/** The first rule that a decision breaks. */
class Broken extends Error {
  readonly code: Code;
  constructor(code: Code) {
    super(code);
    this.code = code;
  }
}

export function broken(code: Code): never {
  throw new Broken(code);
}

/** What the work gives, or the reason it was rejected for. */
export function judged<T>(work: () => T): T | { readonly rejected: Reason } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Broken) return { rejected: reasonOf(error.code) };
    throw error;
  }
}

/** What domain code gives; whatever it throws is the same rejection. */
export function asked<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Broken) throw error;
    return broken("domain_error");
  }
}

/** The changes in the order of their entities, or why there are none. Nothing is written. */
export function decided(
  task: Task,
  state: State,
  context: DecisionContext,
): readonly After[] | { readonly rejected: Reason } {
  return judged(() => {
    const reach = new Reach(task, state);
    reach.declare(task.entities);
    const { entitiesAfter } = task;
    if (entitiesAfter !== undefined) reach.declare(reach.ask(() => [...entitiesAfter(reach.read)]));
    const wanted = reach.ask(() => wantedBy(task.decide(reach.read, context)));
    if ("rejected" in wanted) return wanted;
    const changes = wanted.changes
      .map(({ entity, text }) => reach.after(entity, text, context.time))
      .toSorted((one, other) => (one.entity < other.entity ? -1 : 1));
    demandTogether(changes, task);
    demandInvariants(changes, reach);
    return changes;
  });
}

function wantedBy(
  decision: Decision,
):
  | { readonly rejected: Reason }
  | { readonly changes: readonly { readonly entity: string; readonly text: string }[] } {
  if ("accept" in decision) {
    const changes = decision.accept.map(({ entity, state }) => ({
      entity,
      text: canonical(state),
    }));
    return { changes };
  }
  const { code, detail } = decision.reject;
  const fits =
    typeof code === "string" &&
    /^[a-z][a-z0-9_]{0,63}$/.test(code) &&
    !Object.hasOwn(REASONS, code) &&
    typeof detail === "string" &&
    utf8Length(canonical(detail)) <= LIMITS.reasonBytes;
  return fits ? { rejected: { code, detail } } : broken("domain_error");
}

function demandTogether(changes: readonly After[], { expiring }: Task): void {
  const names = new Set(changes.map(({ entity }) => entity));
  if (names.size !== changes.length) broken("domain_error");
  if (expiring !== undefined && !names.has(expiring)) broken("domain_error");
  const bytes = asked(() =>
    changes.reduce((sum, change) => sum + utf8Length(changeText(change)), 0),
  );
  if (bytes > LIMITS.changesBytes) broken("outcome_too_large");
}

export function changeText({ entity, version, state }: Omit<After, "expires">): string {
  return `{"entity":${canonical(entity)},"state":${state},"version":${version}}`;
}

function demandInvariants(changes: readonly After[], reach: Reach): void {
  const made = new Map(changes.map((change) => [change.entity, change]));
  const after: Entities = (entity) => {
    const change = made.get(entity);
    if (change === undefined) return reach.read(entity);
    return { version: change.version, state: JSON.parse(change.state) };
  };
  const holds = reach.ask(
    () =>
      changes.every(({ entity, state }) => {
        const { invariant } = reach.task.domains.located(entity)?.type ?? {};
        return invariant === undefined || invariant(JSON.parse(state));
      }) &&
      (reach.task.invariant?.(reach.read, after) ?? true),
  );
  if (!holds) broken("invariant");
}

/** The entities that one decision declares. */
class Reach {
  readonly task: Task;
  readonly #state: State;
  readonly #bounds = new Map<string, number>();
  #trespassed = false;

  constructor(task: Task, state: State) {
    this.task = task;
    this.#state = state;
  }

  declare(entities: readonly string[]): void {
    for (const entity of entities) {
      if (this.#bounds.has(entity)) continue;
      const found = asked(() => this.task.domains.located(entity));
      if (found?.partition !== this.task.partition) return broken("foreign_entity");
      if (this.#bounds.size === LIMITS.entitiesPerEvent) broken("too_many_entities");
      this.#bounds.set(entity, found.type.maxBytes);
    }
  }

  readonly read: Entities = (entity) => {
    if (!this.#bounds.has(entity)) {
      this.#trespassed = true;
      return broken("undeclared_entity");
    }
    const row = this.#state.entities.get(`${this.task.tenant}/${entity}`);
    return row === undefined ? undefined : { version: row.version, state: JSON.parse(row.state) };
  };

  /** The domain may swallow the refusal of a read: the decision falls all the same. */
  ask<T>(call: () => T): T {
    try {
      return asked(call);
    } finally {
      if (this.#trespassed) broken("undeclared_entity");
    }
  }

  after(entity: string, state: string, time: number): After {
    const bound = this.#bounds.get(entity) ?? broken("undeclared_entity");
    const { task } = this;
    const before = this.#state.entities.get(`${task.tenant}/${entity}`);
    if (utf8Length(state) > bound) broken("entity_too_large");
    const due = asked(() => dueOf(task.domains, entity, state));
    // Its own expiry has had its turn: left due, it would come again in every block.
    const past = task.expiring === entity && due !== null && due <= time;
    return { entity, version: (before?.version ?? 0) + 1, state, expires: past ? null : due };
  }
}

function dueOf(domains: Domains, entity: string, state: string): number | null {
  const due = domains.located(entity)?.type.expires?.(JSON.parse(state)) ?? null;
  if (due !== null && !Number.isSafeInteger(due)) throw new TypeError("no time");
  return due;
}
