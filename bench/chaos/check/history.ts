// Whether what clients saw, and when, can be of a ledger that decides one event after the other, each between the moment
// it was first sent and the moment it was first answered, and whose reads are of such moments too.
import { notBefore, textOf } from "./types.ts";
import type { Change, Place } from "./types.ts";

/** Times are milliseconds of one clock, that of the process all clients run in. */
export interface Write extends Place {
  readonly what: string;
  /** When it was first sent; null for what nobody sent, like an expiry. */
  readonly invoked: number | null;
  /** When it was first answered; null if it never was. */
  readonly answered: number | null;
  readonly changes: readonly Change[];
}

/** An agreed read; version 0 and no state where there was no such entity. */
export interface Read {
  readonly entity: string;
  readonly invoked: number;
  readonly answered: number;
  readonly version: number;
  readonly state: unknown;
  /** The height it is said to be the value at; null where there was no such entity. */
  readonly height: number | null;
}

export interface History {
  readonly writes: readonly Write[];
  readonly reads: readonly Read[];
  /** Versions that entities had before it began. */
  readonly before: ReadonlyMap<string, number>;
}

/** A version of an entity, and the write that made it. */
interface Made {
  readonly version: number;
  readonly state: unknown;
  readonly by: Write;
}

export function historyFlaws({ writes, reads, before }: History): string[] {
  const inOrder = writes.toSorted((a, b) => a.height - b.height || a.index - b.index);
  const made = madeBy(inOrder);
  const readOf = Map.groupBy(reads, ({ entity }) => entity);
  return [
    ...placesShared(inOrder),
    ...orderBroken(writes),
    ...[...made].flatMap(([entity, versions]) =>
      versionsBroken(entity, versions, before.get(entity) ?? 0),
    ),
    ...[...readOf].flatMap(([entity, of]) =>
      readsBroken(of, made.get(entity) ?? [], before.get(entity) ?? 0),
    ),
  ];
}

const at = ({ what, height, index }: Write): string => `${what} at ${height}.${index}`;

function madeBy(inOrder: readonly Write[]): Map<string, Made[]> {
  const made = new Map<string, Made[]>();
  for (const by of inOrder) {
    for (const { entity, version, state } of by.changes) {
      const versions = made.get(entity) ?? [];
      versions.push({ version, state, by });
      made.set(entity, versions);
    }
  }
  return made;
}

function placesShared(inOrder: readonly Write[]): string[] {
  return inOrder.flatMap((write, index) => {
    const before = inOrder[index - 1];
    const shared = before?.height === write.height && before.index === write.index;
    return shared ? [`${at(write)} has the place of ${before.what}`] : [];
  });
}

interface Past<T> {
  readonly at: number;
  readonly of: T;
}

/**
 * For each of `later` in turn of its beginning, the greatest of those that had ended before it began. The sweep is what
 * makes it n log n.
 */
function greatestEnded<E, L>(
  earlier: readonly Past<E>[],
  later: readonly Past<L>[],
  greater: (a: E, b: E) => boolean,
): { readonly one: L; readonly floor: E | undefined }[] {
  const ended = earlier.toSorted((a, b) => a.at - b.at);
  let next = 0;
  let floor: E | undefined;
  return later
    .toSorted((a, b) => a.at - b.at)
    .map(({ at: begun, of: one }) => {
      for (; (ended[next]?.at ?? Infinity) < begun; next += 1) {
        const candidate = ended[next]?.of;
        if (candidate !== undefined && (floor === undefined || greater(candidate, floor)))
          floor = candidate;
      }
      return { one, floor };
    });
}

const begun = (writes: readonly Write[]): Past<Write>[] =>
  writes.flatMap((of) => (of.invoked === null ? [] : [{ at: of.invoked, of }]));

const ended = (writes: readonly Write[]): Past<Write>[] =>
  writes.flatMap((of) => (of.answered === null ? [] : [{ at: of.answered, of }]));

/** What was answered before something was sent stands before it: of one item, and of all others. */
function orderBroken(writes: readonly Write[]): string[] {
  const swept = greatestEnded(ended(writes), begun(writes), notBefore);
  return swept.flatMap(({ one, floor }) =>
    floor !== undefined && notBefore(floor, one)
      ? [`${at(one)} was sent after ${at(floor)} had been answered`]
      : [],
  );
}

function versionsBroken(entity: string, versions: readonly Made[], before: number): string[] {
  return versions.flatMap(({ version, by }, index) => {
    const last = versions[index - 1]?.version ?? before;
    return version === last + 1
      ? []
      : [`${entity} has version ${version} after ${last}: ${at(by)}`];
  });
}

const greater = (a: number, b: number): boolean => a > b;

function readsBroken(reads: readonly Read[], made: readonly Made[], before: number): string[] {
  const makes = made.map((one) => ({ ...one, invoked: one.by.invoked, answered: one.by.answered }));
  const answered = makes.flatMap(({ answered: when, version }) =>
    when === null ? [] : [{ at: when, of: version }],
  );
  const sent = makes.flatMap((one) => (one.invoked === null ? [] : [{ at: one.invoked, of: one }]));
  const begins = reads.map((of) => ({ at: of.invoked, of }));
  const ends = reads.map((of) => ({ at: of.answered, of: of.version }));
  const told = (read: Read): string => `${read.entity} was read as version ${read.version}`;
  return [
    ...greatestEnded(answered, begins, greater).flatMap(({ one, floor = 0 }) =>
      one.version < floor ? [`${told(one)} after version ${floor} had been answered`] : [],
    ),
    ...greatestEnded(ends, begins, greater).flatMap(({ one, floor = 0 }) =>
      one.version < floor ? [`${told(one)} after version ${floor} had been read`] : [],
    ),
    ...greatestEnded(ends, sent, greater).flatMap(({ one, floor = 0 }) =>
      one.version <= floor
        ? [
            `${at(one.by)} made version ${one.version}, and was sent after version ${floor} was read`,
          ]
        : [],
    ),
    ...reads.flatMap((read) =>
      valueBroken(read, made, before).map((why) => `${told(read)}, ${why}`),
    ),
  ];
}

/** Of the height that it is said to be of, and what was made then. */
function valueBroken(read: Read, made: readonly Made[], before: number): string[] {
  if (read.height === null) return read.version === 0 ? [] : ["of no height"];
  const { height } = read;
  const then = made.findLast(({ by }) => by.height <= height);
  const known = made.find(({ version }) => version === read.version);
  if (known === undefined) return read.version === before ? [] : ["which nobody made"];
  const wrong = then?.version === read.version ? [] : [`not the one of height ${height}`];
  const same = textOf(known.state) === textOf(read.state);
  return same ? wrong : [...wrong, `with the state ${textOf(read.state)}`];
}
