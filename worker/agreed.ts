/**
 * Reads no older than any outcome answered before they began (`ReadAgreed` in spec/usher.allium): what r seats say alike, at or above the
 * highest height that a certificate proves among q answers. One seat alone may lie about its height and about the value.
 */
import { canonical } from "../objects/shared/canonical.ts";
import { commitFields } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Quorum } from "../objects/shared/quorum.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import type { Certificate } from "../objects/shared/types.ts";
import { Problem } from "./http/problems.ts";

/** What a seat said of an entity, its height proven. */
export interface Testimony {
  readonly seat: number;
  readonly height: number;
  readonly version: number;
  readonly state: string | null;
  /** Height that made the version. */
  readonly since: number;
}

/** A value and a height at which it was the agreed one. */
export interface AgreedEntity {
  readonly version: number;
  readonly state: string | null;
  readonly height: number;
}

/** The height that a fresh read must not be below, once q seats have answered. */
// Rule: ReadFloor.
export function floorOf(heard: readonly Testimony[], { q }: Quorum): number | null {
  if (new Set(heard.map(({ seat }) => seat)).size < q) return null;
  return Math.max(...heard.map(({ height }) => height));
}

/** The newest value that r distinct seats say alike at the floor or above it, or null. */
// Rule: ReadAgreed.
export function agreedValue(
  heard: readonly Testimony[],
  floor: number,
  { r }: Quorum,
): AgreedEntity | null {
  const fresh = heard.filter(({ height }) => height >= floor);
  // With the height that made it: one honest seat among r then vouches for every height from there to its own.
  const alike = Map.groupBy(fresh, ({ version, state, since }) =>
    canonical([version, state, since]),
  );
  const believed = [...alike.values()]
    .filter((group) => new Set(group.map(({ seat }) => seat)).size >= r)
    .flatMap(([first]) => (first === undefined ? [] : [first]));
  const newest = believed.toSorted((a, b) => b.since - a.since)[0];
  if (newest === undefined) return null;
  const { version, state, since } = newest;
  return { version, state, height: Math.max(floor, since) };
}

/** Asks a seat for the entity at a height of at least `atLeast`; null for one that refuses or is silent. Never rejects. */
export type AskSeat = (seat: number, atLeast: number) => Promise<EntityAnswer | null>;

/** Throws `no-quorum` when no r seats say the same within `LIMITS.readRounds`, between which it pauses. */
// Rule: RefuseUnagreedRead.
export async function readAgreed(
  quorum: Quorum,
  ask: AskSeat,
  proven: (certificate: Certificate) => boolean,
  pause: () => Promise<void>,
): Promise<AgreedEntity> {
  const seats = Array.from({ length: quorum.n }, (_, seat) => seat);
  const heard: Testimony[] = [];
  const known = new Set<string>();
  // What a seat said stays true of the height it said it at, so that a busy entity cannot keep the seats from meeting.
  const hear = async (seat: number, atLeast: number) => {
    const testimony = testimonyIn(seat, await ask(seat, atLeast), known, proven);
    if (testimony !== null) heard.push(testimony);
    return testimony !== null;
  };
  let floor: number | null = null;
  for (let round = 0; round < LIMITS.readRounds; round++) {
    if (round > 0) await pause();
    const atLeast: number = floor ?? 0;
    await firstOf(
      seats.map((seat) => hear(seat, atLeast)),
      quorum.q,
    );
    floor ??= floorOf(heard, quorum);
    const agreed = floor === null ? null : agreedValue(heard, floor, quorum);
    if (agreed !== null) return agreed;
  }
  throw new Problem("no-quorum", "Too few replicas say the same of this entity.");
}

/** Settles once `enough` of the calls came to true, or all have ended. */
async function firstOf(calls: readonly Promise<boolean>[], enough: number): Promise<void> {
  let good = 0;
  await new Promise<void>((resolve) => {
    for (const call of calls) {
      void call.then((came) => {
        if (came) good++;
        if (good === enough) resolve();
      });
    }
    void Promise.all(calls).then(() => resolve());
  });
}

/** What a seat said, if its height is proven. Never throws: a seat that lies chooses the shape of its answer too. */
function testimonyIn(
  seat: number,
  answer: EntityAnswer | null,
  known: Set<string>,
  proven: (certificate: Certificate) => boolean,
): Testimony | null {
  try {
    if (answer === null || !heightProven(answer, known, proven)) return null;
    const { height, version, state, since } = answer;
    const shaped = [height, version, since].every(Number.isSafeInteger);
    const text = state === null || typeof state === "string";
    return shaped && text ? { seat, height, version, state, since } : null;
  } catch {
    return null;
  }
}

function heightProven(
  { height, certificate }: EntityAnswer,
  known: Set<string>,
  proven: (certificate: Certificate) => boolean,
): boolean {
  if (height === 0) return true;
  if (certificate === null || certificate.height !== height) return false;
  const block = canonical(commitFields(certificate));
  // Any one valid certificate of a block proves it, whoever shows it.
  if (!known.has(block) && !proven(certificate)) return false;
  known.add(block);
  return true;
}
