/** One object of a scripted court: what survives it, and what its blocks come to. */
import type { Durable, Effect, Incident, Tip } from "../../objects/clerk/consensus/seat.ts";
import { StateRoots } from "../../objects/clerk/roots.ts";
import { known } from "../../objects/shared/assert.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import { leafDigest, merkleRoot, resultDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import type {
  Batch,
  Block,
  EntityRow,
  Header,
  Writ,
  WritProgress,
} from "../../objects/shared/types.ts";
import { MemoryNotes, RowStore } from "./row-store.ts";

const KEYS_LIVE_MS = 5_000;

/** One object: what survives it, and the core that runs in it. */
export class Member {
  readonly chain: Block[] = [];
  readonly incidents: Incident[] = [];
  /** Effects of every step, in order. */
  readonly journal: Effect[] = [];
  quarantined: string | null = null;
  durable: Durable | null = null;
  readonly writs = new Map<string, Writ>();
  incarnation = 0;
  armed: number | null = null;
  down = false;
  /** Its evaluation is wrong. */
  corrupt = false;
  /** What was certified does not fit what it has. */
  unadoptable = false;
  evaluations = 0;
  /** What it noted in storage before evaluating it, not yet answered. */
  noted: string | null = null;
  immune = false;
  /** Lives that ended in an evaluation. */
  deaths = 0;
  /** Versions of the domain that its build carries. */
  versions: readonly number[] = [1];
  /** Storages it has lost: each time its key went too. */
  wiped = 0;
  readonly rows: RowStore;
  readonly roots: StateRoots;

  constructor(rootEvery: number) {
    this.rows = new RowStore(rootEvery);
    this.roots = new StateRoots(this.rows.source(), new MemoryNotes(), rootEvery);
  }
}

/** Each event changes the entity of its first letter, and uses up a key. */
export function rowsAfter(
  rows: RowStore,
  { header, entries }: Batch,
): Pick<Evaluation, "entities" | "keys"> {
  const { height, time } = header;
  const events = entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((event, at) => ({ event, writ, at: first + at })),
  );
  const entities = new Map<string, EntityRow>();
  for (const { event } of events) {
    const key = `t/item/${event.slice(0, 1)}`;
    const version = ((entities.get(key) ?? rows.entities.get(key))?.version ?? 0) + 1;
    entities.set(key, { key, version, state: canonical({ event }), height, expires: null });
  }
  const keys = events.map(({ event, writ, at }, index) => {
    const key = sha256(`${writ.warden}/${writ.number}/${at}`);
    return { key, fingerprint: sha256(event), height, index, expires: time + KEYS_LIVE_MS };
  });
  return {
    entities: [...entities.values()],
    keys: keys.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

export function tipOf(chain: readonly Block[]): Tip {
  const last = chain.at(-1);
  if (last === undefined) {
    const result = resultDigest({ prior: sha256("genesis"), count: 0, root: "", state: null });
    return { height: 0, block: sha256("genesis"), batch: "", result, time: 0, certificate: null };
  }
  const { header, certificate } = last;
  const { height, block, batch, result } = certificate;
  return { height, block, batch, result, time: header.time, certificate };
}

export function progressOf(chain: readonly Block[]): WritProgress[] {
  const rows = new Map<number, WritProgress>();
  for (const { header, entries } of chain) {
    for (const { writ, first, count } of entries) {
      const next = first + count;
      const { warden, number, events } = writ;
      rows.set(warden, { warden, number, next, complete: next === events.length });
    }
    const { control } = header;
    if (control?.kind === "key" && control.officer.kind === "warden")
      rows.delete(control.officer.warden);
  }
  return [...rows.values()];
}

export function batchOf(member: Member, header: Header): Batch {
  const entries = header.entries.map(([digested, first, count]) => {
    return { writ: known(member.writs.get(digested), "a vote has its writs"), first, count };
  });
  return { header, entries };
}

export function evaluationOf(outcomes: readonly string[]): Evaluation {
  const leaves = outcomes.map(leafDigest);
  const root = merkleRoot(leaves);
  return { outcomes, leaves, system: 0, fits: outcomes.length, root, entities: [], keys: [] };
}
