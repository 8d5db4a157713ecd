// What is sent, as pure functions of an index: a contender gets the same movements as every other, in the same order.
import type { Movement, Status } from "./movement.ts";

/** What each item has before anything is measured; more than any run takes. */
const PLENTY = 1_000_000_000;
/** One movement in so many asks for more than there can be, and must be rejected. */
const REJECTED_EVERY = 20;
const TOO_MUCH = 1_000_000_000_000;
/** One movement in so many is new in the workload of replays; the others repeat one of so many new ones before it. */
const NEW_EVERY = 10;
const REMEMBERED = 50;
/** A prime above any number of items, so that neighbours in time are no neighbours in the key. */
const STRIDE = 15_485_863;
/** As many as the demo has tills. A request has one, unless it repeats what others sent. */
const PRODUCERS = 8;
const PREPARED = 1000;

export interface Drawn {
  readonly movement: Movement;
  /** Null where it depends on what came before. */
  readonly expect: Status | null;
}

export interface Workload {
  readonly name: string;
  readonly what: string;
  /** How many there are, and what each has at first. */
  readonly items: number;
  readonly initial: number;
  readonly item: (index: number) => string;
  readonly draw: (index: number) => Drawn;
}

export interface Scale {
  /** Items that distinct movements go round. */
  readonly items: number;
  readonly entities: number;
}

interface Recipe {
  readonly name: string;
  readonly what: string;
  readonly items: (scale: Scale) => number;
  /** Characters of the note. */
  readonly note?: number;
  readonly replays?: boolean;
  readonly scarce?: number;
  /** Nobody gave an item anything before. */
  readonly fresh?: boolean;
}

const RECIPES: readonly Recipe[] = [
  { name: "distinct", what: "each movement is of another item", items: ({ items }) => items },
  { name: "hot", what: "every movement is of one item", items: () => 1 },
  { name: "entities", what: "distinct, among a million items", items: ({ entities }) => entities },
  { name: "new", what: "each movement is the first of an item", items: () => 0, fresh: true },
  {
    name: "replays",
    what: "nine in ten were sent before",
    items: ({ items }) => items,
    replays: true,
  },
  {
    name: "payload-200",
    what: "distinct, with 200 B each",
    items: ({ items }) => items,
    note: 200,
  },
  {
    name: "payload-8k",
    what: "distinct, with 8 KiB each",
    items: ({ items }) => items,
    note: 8192,
  },
  { name: "scarce", what: "one item, of which there is too little", items: () => 1, scarce: 50 },
];

export const WORKLOADS: readonly { readonly name: string; readonly what: string }[] = RECIPES;

/**
 * `run` stands in ids and items, so that one measurement's are not another's; `size` movements go into a request. Throws for a
 * name that there is not.
 */
export function workloadOf(name: string, run: string, scale: Scale, size = 1): Workload {
  const recipe = RECIPES.find((one) => one.name === name);
  if (recipe === undefined) throw new Error(`there is no workload ${name}`);
  const items = recipe.items(scale);
  const note = "n".repeat(recipe.note ?? 0);
  const item = (index: number): string => `${run}-${items === 0 ? index : index % items}`;
  const first = (index: number): Drawn => {
    const producer = Math.floor(index / size) % PRODUCERS;
    // Not 1: an audit sends the id again with one less, which must be a movement too.
    const movement = { id: `${run}.${index}`, item: item(index), delta: 2, note, producer };
    return { movement, expect: "accepted" };
  };
  const fresh = (index: number): Drawn => {
    const rejected = recipe.scarce === undefined && index % REJECTED_EVERY === REJECTED_EVERY - 1;
    const expect = recipe.scarce === undefined ? (rejected ? "rejected" : "accepted") : null;
    const delta = rejected ? -TOO_MUCH : -1;
    const at = item((index * STRIDE) % items);
    const producer = Math.floor(index / size) % PRODUCERS;
    return { movement: { id: `${run}.${index}`, item: at, delta, note, producer }, expect };
  };
  const known = recipe.replays === true ? (index: number) => fresh(repeated(index)) : fresh;
  const draw = recipe.fresh === true ? first : known;
  const initial = recipe.fresh === true ? 0 : (recipe.scarce ?? PLENTY);
  return { name, what: recipe.what, items, initial, item, draw };
}

/** The number of the new movement that is sent at an index: the next one, or one of those before it. */
function repeated(index: number): number {
  const newest = Math.floor(index / NEW_EVERY);
  if (index % NEW_EVERY === 0) return newest;
  return Math.max(0, newest - ((index * STRIDE) % REMEMBERED));
}

/** Gives every item what it has at first. */
export function preparationOf(
  { items, initial, item }: Workload,
  from: number,
  to: number,
): Movement[] {
  const count = Math.max(0, Math.min(to, items) - from);
  return Array.from({ length: count }, (_, offset) => {
    const at = item(from + offset);
    const producer = Math.floor((from + offset) / PREPARED) % PRODUCERS;
    return { id: `${at}.prepared`, item: at, delta: initial, note: "", producer };
  });
}
