/** What is shown of a court, from what its seats say: pure, and believing certificates, not seats. */
import { z } from "zod";
import { LIMITS } from "../../objects/shared/limits.ts";
import type {
  DecidedOfLate,
  Glimpse,
  IncidentOfLate,
  SecondOfLate,
  VotesOfLate,
} from "../../objects/shared/rpc.ts";
import type { CourtView } from "../court.ts";

/** What a seat did about a block: its signature is in the certificate, it signed another result, or it was not needed. */
export type Mark = "signed" | "dissented" | "missing";

export interface ShownBlock extends Omit<DecidedOfLate, "certificate"> {
  readonly view: number;
  /** By seat. */
  readonly marks: readonly Mark[];
}

/** What seats noted of one thing, together. */
export interface Charge {
  readonly kind: string;
  readonly height: number;
  /** The seat it is about; null where it is about none. */
  readonly about: number | null;
  readonly notedBy: readonly number[];
  /** RFC 3339, by the first that noted it. */
  readonly at: string;
  readonly detail: string | null;
  /** Results: the one that was signed, the one that was agreed. */
  readonly dissent: { readonly said: string; readonly agreed: string } | null;
  /** A dissent by its signatures; whatever else is said of a seat, by more seats saying it than may lie. */
  readonly proven: boolean;
  /** Where the evidence lies. */
  readonly evidence: { readonly seat: number; readonly id: number };
}

/** What only an operator is shown. */
export interface Inside {
  readonly votes: VotesOfLate | null;
  /** Newest first. */
  readonly blocks: readonly ShownBlock[];
  /** Newest first. */
  readonly charges: readonly Charge[];
  readonly seconds: readonly SecondOfLate[];
  /** Unix seconds up to which `seconds` was counted. */
  readonly upTo: number;
}

export interface Scene {
  readonly court: CourtView;
  /** Null without the scope `operate`. */
  readonly inside: Inside | null;
}

const seat = z.int().min(0).max(6);
const natural = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{0,128}$/);
const vote = z.object({ seat, incarnation: natural, sequence: natural, signature: hex });
const certificate = z.object({
  court: natural,
  epoch: natural,
  height: natural,
  view: natural,
  batch: hex,
  result: hex,
  block: hex,
  signatures: z.array(vote).max(7),
});
const glimpse: z.ZodType<Glimpse> = z.object({
  votes: z
    .object({
      height: natural,
      view: natural,
      prepares: z.array(z.object({ seat, result: hex })).max(7),
      commits: z.array(seat).max(7),
    })
    .nullable(),
  blocks: z
    .array(
      z.object({
        height: natural,
        parent: hex,
        time: natural,
        events: natural,
        effects: natural,
        control: z.boolean(),
        certificate,
        tookMs: natural.nullable(),
      }),
    )
    .max(LIMITS.glimpseBlocks),
  seconds: z
    .array(
      z.object({
        second: natural,
        blocks: natural,
        events: natural,
        tookMs: natural,
        slowestMs: natural,
      }),
    )
    .max(LIMITS.glimpseSeconds + 1),
  incidents: z
    .array(
      z.object({
        id: natural,
        at: z.iso.datetime(),
        kind: z.string().max(64),
        height: natural,
        seat: seat.nullable(),
        detail: z.string().nullable(),
        dissent: z
          .object({ vote: vote.extend({ view: natural, batch: hex, result: hex }), certificate })
          .nullable(),
      }),
    )
    .max(LIMITS.glimpseIncidents),
});

/** Null for what has not the shape: a seat that lies chooses that too. */
export function glimpseIn(text: string | null): Glimpse | null {
  try {
    return text === null ? null : (glimpse.safeParse(JSON.parse(text)).data ?? null);
  } catch {
    return null;
  }
}

/** An incident of one seat, and whether what it says was proven here. */
export interface Noted extends IncidentOfLate {
  readonly by: number;
  readonly proven: boolean;
}

/** Those of one kind, height and seat are one charge; newest first. */
// Rules: ShowOutvoted, ShowUnprovenCharge.
export function chargesOf(noted: readonly Noted[], f: number): Charge[] {
  const alike = Map.groupBy(noted, ({ kind, height, seat: about, by, detail }) =>
    // What a seat notes of itself alone is its own.
    JSON.stringify([
      kind,
      height,
      about,
      about === null && kind !== "view-change" ? [by, detail] : 0,
    ]),
  );
  return [...alike.values()]
    .flatMap((all) => {
      const sorted = all.toSorted(
        (a, b) => Number(b.proven) - Number(a.proven) || a.at.localeCompare(b.at),
      );
      const [first] = sorted;
      return first === undefined ? [] : [chargeOf(first, all, f)];
    })
    .toSorted(
      (a, b) => b.at.localeCompare(a.at) || b.height - a.height || a.kind.localeCompare(b.kind),
    );
}

function chargeOf(first: Noted, all: readonly Noted[], f: number): Charge {
  const { kind, height, seat: about, detail, dissent, by, id } = first;
  const notedBy = [...new Set(all.map((each) => each.by))].toSorted((a, b) => a - b);
  const others = notedBy.filter((each) => each !== about);
  const proven = first.proven || (kind !== "dissent" && about !== null && others.length > f);
  return {
    kind,
    height,
    about,
    notedBy,
    at: all.map((each) => each.at).toSorted()[0] ?? first.at,
    detail,
    dissent:
      dissent === null ? null : { said: dissent.vote.result, agreed: dissent.certificate.result },
    proven,
    evidence: { seat: by, id },
  };
}

/** A block that was proven, with what each seat did about it. */
// Rule: ShowProvenBlock.
export function shownBlock(
  { certificate: { signatures, view }, ...block }: DecidedOfLate,
  charges: readonly Charge[],
  seats: number,
): ShownBlock {
  const signed = new Set(signatures.map((each) => each.seat));
  const dissented = new Set(
    charges
      .filter(({ kind, height, proven }) => kind === "dissent" && proven && height === block.height)
      .map(({ about }) => about),
  );
  const marks = Array.from({ length: seats }, (_, at): Mark => {
    if (dissented.has(at)) return "dissented";
    return signed.has(at) ? "signed" : "missing";
  });
  return { ...block, view, marks };
}

/** Seats that were outvoted within the last few heights. */
export function outvotedLately({ court, inside }: Scene): number[] {
  const near = (inside?.charges ?? []).filter(
    ({ kind, proven, height }) => kind === "dissent" && proven && height > court.height - RECENT,
  );
  return [...new Set(near.flatMap(({ about }) => about ?? []))].toSorted((a, b) => a - b);
}

const RECENT = 4;

export interface Rates {
  readonly eventsPerSecond: number;
  readonly blocksPerSecond: number;
  /** Of all blocks decided; null where none was. */
  readonly meanMs: number | null;
  readonly slowestMs: number;
}

/** Over the whole seconds before the one that is running. */
export function ratesOf({ seconds, upTo }: Inside, over: number): Rates {
  const last = seconds.filter(({ second }) => second < upTo && second >= upTo - over);
  const sum = (of: (second: SecondOfLate) => number) =>
    last.reduce((all, each) => all + of(each), 0);
  const blocks = sum((each) => each.blocks);
  return {
    eventsPerSecond: sum((each) => each.events) / over,
    blocksPerSecond: blocks / over,
    meanMs: blocks === 0 ? null : sum((each) => each.tookMs) / blocks,
    slowestMs: Math.max(0, ...last.map((each) => each.slowestMs)),
  };
}
