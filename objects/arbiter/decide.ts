/** One decision under the Arbiter's rules: what it may read and write, how large, and what a failure comes to. */
import { canonical, utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import type { EntityRow } from "../shared/types.ts";
import type { Decision, DecisionContext, Entities } from "./domain.ts";
import type { BlockContext, Rules } from "./evaluation.ts";
import { changeText, isDomainReason, reasonOf } from "./outcome.ts";
import type { AfterState, ArbiterCode, Reason, Verdict } from "./outcome.ts";
import { entityRow } from "./rows.ts";
import type { Overlay } from "./rows.ts";

/** What is to be decided: a submitted event, or an expiry. */
export interface Task {
  readonly tenant: string;
  readonly partition: string;
  readonly entities: readonly string[];
  readonly entitiesAfter: ((entities: Entities) => readonly string[]) | undefined;
  readonly decide: (entities: Entities, context: DecisionContext) => Decision;
  readonly invariant: ((before: Entities, after: Entities) => boolean) | undefined;
  /** The entity whose expiry this is. */
  readonly expiring: string | null;
}

/** What every decision of a block shares. */
export interface Bench {
  readonly block: BlockContext;
  readonly rules: Rules;
  readonly overlay: Overlay;
}

/** Ends a decision with a rejection of the Arbiter's. */
class Rejection extends Error {
  override readonly name = "Rejection";
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.code);
    this.reason = reason;
  }
}

export function refuse(code: ArbiterCode): never {
  throw new Rejection(reasonOf(code));
}

/** What domain code returns; whatever it throws is the same rejection on every engine. */
// Rule: RejectDomainError.
export function fromDomain<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Rejection) throw error;
    return refuse("domain_error");
  }
}

/** What the work gives, or the rejection that ended it. Other errors are not the domain's and pass. */
export function judged<T>(work: () => T): T | Verdict {
  try {
    return work();
  } catch (error) {
    if (error instanceof Rejection) return { status: "rejected", reason: error.reason };
    throw error;
  }
}

/** Decides, and writes the accepted changes to the overlay. Throws only what the state's reader throws. */
// Rules: ApplyAcceptedChanges, RecordDomainRejection.
export function undertake(task: Task, bench: Bench): Verdict {
  return judged(() => {
    const changes = decided(task, bench);
    if ("code" in changes) return { status: "rejected", reason: changes };
    for (const { row } of changes) bench.overlay.write(row);
    return { status: "accepted", changes: changes.map(({ after }) => after) };
  });
}

interface Change {
  readonly after: AfterState;
  readonly row: EntityRow;
}

function decided(task: Task, bench: Bench): readonly Change[] | Reason {
  const access = new Access(task, bench);
  access.declare(task.entities);
  const { entitiesAfter } = task;
  if (entitiesAfter !== undefined) {
    access.declare(access.ask(() => [...entitiesAfter(access.read)]));
  }
  const { time, domainVersion } = bench.block;
  const writes = access.ask(() => checked(task.decide(access.read, { time, domainVersion })));
  if ("code" in writes) return writes;
  const changes = writes
    .map(({ entity, state }) => changed(entity, state, access, bench))
    .toSorted((a, b) => (a.after.entity < b.after.entity ? -1 : 1));
  checkTogether(changes, task);
  checkInvariants(changes, access, task, bench);
  return changes;
}

/** What is to be written, in canonical texts, or why nothing is. */
function checked(decision: Decision): readonly { entity: string; state: string }[] | Reason {
  if ("accept" in decision) {
    return decision.accept.map(({ entity, state }) => ({ entity, state: canonical(state) }));
  }
  const { code, detail } = decision.reject;
  return isDomainReason({ code, detail }) ? { code, detail } : refuse("domain_error");
}

// Rule: RejectTooLargeEntity.
function changed(entity: string, state: string, access: Access, bench: Bench): Change {
  const { type, key, row } = access.writable(entity);
  if (utf8Length(state) > type.maxBytes) refuse("entity_too_large");
  const after: AfterState = { entity, version: (row?.version ?? 0) + 1, state };
  const by = access.task.expiring === entity ? "own-expiry" : "other";
  return {
    after,
    row: fromDomain(() => entityRow({ key, after, by }, bench.block, bench.rules.registry)),
  };
}

// Rule: RejectTooLargeOutcome.
function checkTogether(changes: readonly Change[], { expiring }: Task): void {
  const names = new Set(changes.map(({ after }) => after.entity));
  if (names.size !== changes.length) refuse("domain_error");
  if (expiring !== null && !names.has(expiring)) refuse("domain_error");
  const bytes = fromDomain(() =>
    changes.reduce((sum, { after }) => sum + utf8Length(changeText(after)), 0),
  );
  if (bytes > LIMITS.changesBytes) refuse("outcome_too_large");
}

// Rule: RejectFailedInvariant.
function checkInvariants(
  changes: readonly Change[],
  access: Access,
  task: Task,
  { rules }: Bench,
): void {
  const states = new Map(changes.map(({ after }) => [after.entity, after]));
  const after: Entities = (entity) => {
    const state = states.get(entity);
    return state === undefined
      ? access.read(entity)
      : { version: state.version, state: JSON.parse(state.state) };
  };
  const holds = access.ask(
    () =>
      changes.every(({ after: { entity, state } }) => {
        const invariant = rules.registry.entity(entity)?.type.invariant;
        return invariant === undefined || invariant(JSON.parse(state));
      }) &&
      (task.invariant === undefined || task.invariant(access.read, after)),
  );
  if (!holds) refuse("invariant");
}

/** The declared entities of one decision. */
class Access {
  readonly task: Task;
  readonly #bench: Bench;
  readonly #declared = new Map<
    string,
    { readonly type: { readonly maxBytes: number }; readonly key: string }
  >();
  #trespassed = false;

  constructor(task: Task, bench: Bench) {
    this.task = task;
    this.#bench = bench;
  }

  /** Allows further entities and reads their rows now, so that a reader's failure is never taken for the domain's. */
  // Rules: RejectForeignEntity, RejectTooManyEntities.
  declare(entities: readonly string[]): void {
    for (const entity of entities) {
      if (this.#declared.has(entity)) continue;
      const located = fromDomain(() => this.#bench.rules.registry.entity(entity));
      if (located?.partition !== this.task.partition) refuse("foreign_entity");
      if (this.#declared.size === LIMITS.entitiesPerEvent) refuse("too_many_entities");
      const key = `${this.task.tenant}/${entity}`;
      this.#declared.set(entity, { type: located.type, key });
      this.#bench.overlay.row(key);
    }
  }

  // Rule: RejectUndeclaredEntity.
  readonly read: Entities = (entity) => {
    const declared = this.#declared.get(entity);
    if (declared === undefined) {
      this.#trespassed = true;
      return refuse("undeclared_entity");
    }
    const row = this.#bench.overlay.row(declared.key);
    // Parsed anew each time: what a decision does to its copy stays there.
    return row === undefined ? undefined : { version: row.version, state: JSON.parse(row.state) };
  };

  // Rule: RejectUndeclaredEntity.
  writable(entity: string): {
    readonly type: { readonly maxBytes: number };
    readonly key: string;
    readonly row: EntityRow | undefined;
  } {
    const declared = this.#declared.get(entity);
    if (declared === undefined) return refuse("undeclared_entity");
    return { ...declared, row: this.#bench.overlay.row(declared.key) };
  }

  /** Asks the domain. It may swallow the refusal of a read; its decision falls all the same. */
  ask<T>(call: () => T): T {
    try {
      return fromDomain(call);
    } finally {
      if (this.#trespassed) refuse("undeclared_entity");
    }
  }
}
