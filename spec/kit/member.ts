/** A seat's object in a scripted court: its memory for disks, and what its state comes to. */
import type { Durable, Effect, Incident } from "../../objects/clerk/consensus/seat.ts";
import { StateRoots } from "../../objects/clerk/roots.ts";
import { known } from "../../objects/shared/assert.ts";
import { canonical } from "../../objects/shared/canonical.ts";
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

export function progressOf(chain: readonly Block[]): WritProgress[] {
  const rows = new Map<number, WritProgress>();
  for (const { writ, first, count } of chain.flatMap((block) => block.entries)) {
    const next = first + count;
    const { warden, number, events } = writ;
    rows.set(warden, { warden, number, next, complete: next === events.length });
  }
  return [...rows.values()];
}

export function batchOf(member: Member, header: Header): Batch {
  const entries = header.entries.map(([digested, first, count]) => {
    return { writ: known(member.writs.get(digested), "a vote has its writs"), first, count };
  });
  return { header, entries };
}
