/** Evaluation of one block: what every seat computes on its own and votes on. */
import { known } from "../shared/assert.ts";
import { utf8Length } from "../shared/canonical.ts";
import { controlOutcome } from "../shared/control.ts";
import { leafDigest, merkleRoot } from "../shared/digests.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { LIMITS } from "../shared/limits.ts";
import { withoutAmbient } from "./ambient.ts";
import { undertake } from "./decide.ts";
import type { Bench, Task } from "./decide.ts";
import type { BlockContext, Rules, StateReader } from "./evaluation.ts";
import { expire } from "./expiry.ts";
import { causalGroups } from "./groups.ts";
import { Intake } from "./intake.ts";
import type { Submitted } from "./intake.ts";
import { outcomeText } from "./outcome.ts";
import type { Verdict } from "./outcome.ts";
import { Overlay, sortedByKey } from "./rows.ts";

/**
 * Evaluates canonical event texts in block order over agreed state, expiries due first. Pure; throws only what the reader
 * throws, whatever the texts say and the domains do.
 */
export function evaluateBlock(
  context: BlockContext,
  events: readonly string[],
  reader: StateReader,
  rules: Rules,
): Evaluation {
  return withoutAmbient(() => {
    const bench: Bench = { block: context, rules, overlay: new Overlay(reader) };
    const expiries = expire(bench, reader.due(context.time, LIMITS.expiriesPerBlock));
    const { control = null } = context;
    const system = control === null ? expiries : [...expiries, controlOutcome(control)];
    const intake = new Intake(context, rules);
    const submitted = intake.submitted(events, system.length, reader);
    const verdicts = verdictsOf(submitted, bench);
    const texts = submitted.map(({ identity }, at) =>
      outcomeText(identity, known(verdicts[at], "every event has a verdict")),
    );
    const outcomes = [...system, ...texts];
    const leaves = outcomes.map(leafDigest);
    return {
      outcomes,
      system: system.length,
      fits: fitting(system, texts),
      leaves,
      root: merkleRoot(leaves),
      entities: bench.overlay.written(),
      keys: sortedByKey(intake.keys()),
    };
  });
}

/** Decides group by group; which group goes first does not matter. */
function verdictsOf(submitted: readonly Submitted[], bench: Bench): Verdict[] {
  const verdicts: Verdict[] = [];
  const tasks: { readonly at: number; readonly task: Task }[] = [];
  submitted.forEach(({ step }, at) => {
    if ("status" in step) verdicts[at] = step;
    else tasks.push({ at, task: step });
  });
  bench.overlay.load(tasks.flatMap(({ task }) => namedBy(task)));
  for (const group of causalGroups(touchedBy(tasks.map(({ task }) => task)))) {
    for (const index of group) {
      const { at, task } = known(tasks[index], "a group holds tasks");
      verdicts[at] = undertake(task, bench);
    }
  }
  return verdicts;
}

/** Keys of what a task names before it runs; whether it may have them is found out when it does. */
function namedBy({ tenant, entities }: Task): string[] {
  return entities.slice(0, LIMITS.entitiesPerEvent).map((entity) => `${tenant}/${entity}`);
}

/**
 * Entity keys, and the partition where some event of it names entities only once it runs: those lie in its partition, so
 * that whoever might touch them is in its group.
 */
// Rule: PartitionIntoCausalGroups.
function touchedBy(tasks: readonly Task[]): string[][] {
  const late = new Set(tasks.filter((task) => task.entitiesAfter !== undefined).map(partitionOf));
  return tasks.map((task) => {
    const keys = task.entities.map((entity) => `${task.tenant}/${entity}`);
    return late.size > 0 && late.has(partitionOf(task)) ? [...keys, partitionOf(task)] : keys;
  });
}

/** No entity type is empty, so no entity key looks like this. */
function partitionOf({ tenant, partition }: Task): string {
  return `${tenant}//${partition}`;
}

// Rule: CutToFittingOutcomes.
function fitting(expiries: readonly string[], outcomes: readonly string[]): number {
  let bytes = expiries.reduce((sum, outcome) => sum + utf8Length(outcome), 0);
  const beyond = outcomes.findIndex(
    (outcome) => (bytes += utf8Length(outcome)) > LIMITS.outcomesBytes,
  );
  return beyond === -1 ? outcomes.length : beyond;
}
