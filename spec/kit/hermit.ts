/**
 * A seat's storage without its court: a chain of real blocks, certified by drawn keys, applied as the object applies them. Whatever
 * is done to it in a trial is rolled back.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { evaluateBlock } from "../../objects/arbiter/evaluate.ts";
import { contextOf, eventsOf } from "../../objects/arbiter/evaluation.ts";
import { Bench } from "../../objects/clerk/bench.ts";
import type { Setup } from "../../objects/clerk/consensus/seat.ts";
import { keepVotes } from "../../objects/clerk/restore.ts";
import { RowDamaged } from "../../objects/clerk/rows.ts";
import { rulesOf } from "../../objects/clerk/rules.ts";
import { applyBlock } from "../../objects/clerk/source.ts";
import { firstTerms } from "../../objects/shared/terms.ts";
import type { Block } from "../../objects/shared/types.ts";
import { Scribe } from "./blocks.ts";
import type { Told } from "./blocks.ts";
import { clerkObject, deployment } from "./deployment.ts";

const NOW = 1_750_000_000_000;
const EVERY = deployment.rootEvery;
const MOST_SLICES = 400;

export interface Hermit {
  readonly sql: SqlStorage;
  readonly blocks: readonly Block[];
  /** What the seat is after another start. */
  readonly begin: () => Bench;
  /** Runs, and leaves nothing behind. */
  readonly trial: <T>(work: () => T) => T;
}

class Undone extends Error {}

/** Runs in a seat's storage with so many blocks, the items of which are changed by turns. */
export function inHermitage<T>(
  heights: number,
  events: (height: number) => readonly Told[],
  work: (hermit: Hermit) => T,
): Promise<T> {
  const scribe = new Scribe("hermitage");
  return runInDurableObject(clerkObject(3), (_, ctx) => {
    const { storage } = ctx;
    const { sql } = storage;
    const setup: Setup = {
      court: 0,
      seat: 3,
      key: "",
      quorum: deployment.quorum,
      rootEvery: EVERY,
      terms: firstTerms(scribe.genesis.document, 0),
    };
    const begin = () => {
      const bench = new Bench(ctx, env);
      bench.repairs.verifyBy(() => setup);
      return bench;
    };
    const blocks = grow(begin(), scribe, heights, events);
    const trial = <R>(tried: () => R): R => {
      let came: { readonly of: R } | null = null;
      try {
        storage.transactionSync(() => {
          came = { of: tried() };
          throw new Undone();
        });
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
      }
      if (came === null) throw new Error("a trial comes to something");
      return (came as { readonly of: R }).of;
    };
    return work({ sql, blocks, begin, trial });
  });
}

function grow(
  bench: Bench,
  scribe: Scribe,
  heights: number,
  events: (height: number) => readonly Told[],
): Block[] {
  const { roots, state } = bench;
  const rules = rulesOf(deployment);
  bench.stand(NOW);
  bench.notes.put("incarnation", "1");
  keepVotes(bench.notes, null);
  return Array.from({ length: heights }, (_, at) => {
    const height = at + 1;
    const told = events(height);
    let evaluation = null as ReturnType<typeof evaluateBlock> | null;
    const root = height > EVERY && height % EVERY === 0 ? roots.root(height - EVERY) : null;
    const block = scribe.extend(0, [{ sealed: scribe.seal(0, told, height % 2) }], {
      state: height === EVERY ? roots.root(0) : root,
      evaluated: (batch) => {
        evaluation = evaluateBlock(contextOf(batch), eventsOf(batch), state, rules);
        return evaluation.outcomes;
      },
    });
    if (evaluation === null) throw new Error("a block is evaluated");
    applyBlock(bench, block, evaluation);
    return block;
  });
}

/** What became of a seat in which something was damaged. */
export type Fate = "nothing" | "repaired" | "fetched" | "retaken" | "silent";

/** Scrubs a whole pass, and on until what was found is mended, as the object and its session do. */
export function scrubbed(bench: Bench, blocks: readonly Block[]): Fate {
  const { scrubber, repairs, standing, chain } = bench;
  let fetched = false;
  const whole = scrubber.passes + 2;
  for (let slice = 0; slice < MOST_SLICES && scrubber.passes < whole; slice++) {
    try {
      repairs.mending(() => scrubber.slice());
    } catch (error) {
      if (!(error instanceof RowDamaged)) throw error;
      bench.hurt(error, NOW);
    }
    if (standing.now.lasting) return "silent";
    if (standing.now.rebuild) return "retaken";
    for (const height of new Set(standing.now.wounds.map((wound) => wound.height))) {
      const block = blocks[height - 1];
      if (block === undefined || !repairs.believes(block)) continue;
      chain.rewrite(block);
      bench.mended(height, NOW);
      fetched = true;
    }
  }
  if (fetched) return "fetched";
  return bench.incidents.after(0).some(({ kind }) => kind === "repair") ? "repaired" : "nothing";
}
