/**
 * What makes stored rows believable, with no database: header, result and leaves by the certificate, an outcome by its
 * leaf, an event by its whole writ. Everything here throws {@link LedgerCorrupt} for rows that do not prove themselves.
 */
import { z } from "zod";
import { utf8Length } from "../shared/canonical.ts";
import { controlOutcome, controlShape } from "../shared/control.ts";
import {
  batchDigest,
  blockDigest,
  leafDigest,
  merklePath,
  merkleRoot,
  poisonDigest,
  resultDigest,
  writDigest,
} from "../shared/digests.ts";
import type {
  Block,
  Certificate,
  Entry,
  Header,
  Outcome,
  ResultParts,
  Writ,
} from "../shared/types.ts";
import { poisonValid, sealValid } from "../shared/verify.ts";
import type { BlockRow, BlockRows, EventRow, WritRow } from "./rows.ts";
import { certified, LedgerCorrupt, sealKeyOf, seatsOf } from "./trust.ts";
import type { Trust } from "./trust.ts";

/** A proven block without its events: what every outcome and event of it is checked against. */
export interface Head {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
  readonly leaves: readonly string[];
  /** Effects of the system: they come before the submitted events and have no writ. */
  readonly system: number;
}

const natural = z.number().int().min(0);
const hex = z.string().regex(/^[0-9a-f]+$/);
// Strict: a member that the digests do not cover would be served unproven.
const votes = z.strictObject({
  seat: natural,
  incarnation: natural,
  sequence: natural,
  signature: hex,
});
const headerShape = z.strictObject({
  court: natural,
  epoch: natural,
  height: natural,
  parent: hex,
  time: natural,
  domainVersion: natural,
  control: controlShape.nullable(),
  entries: z.array(z.tuple([hex, natural, natural, hex.nullable()])),
});
const certificateShape = z.strictObject({
  court: natural,
  epoch: natural,
  height: natural,
  view: natural,
  batch: hex,
  result: hex,
  block: hex,
  signatures: z.array(votes),
});
const poisonShape = z.discriminatedUnion("reason", [
  z.strictObject({
    reason: z.literal("nondeterministic"),
    view: natural,
    header: headerShape,
    prepares: z.array(votes.extend({ result: hex })),
  }),
  z.strictObject({
    reason: z.literal("unable"),
    view: natural,
    header: headerShape,
    rejects: z.array(votes),
  }),
]);
const keyShape = z.object({
  tenant: z.string(),
  source: z.string(),
  id: z.string(),
  type: z.string(),
});

/** The block of a row, proven by its certificate. */
export function headOf(row: BlockRow, trust: Trust): Head {
  const demand = demandsOf(row);
  const header = parsed(row, headerShape, row.header);
  const certificate = parsed(row, certificateShape, row.certificate);
  const result = { prior: row.prior, count: row.outcomes, root: row.root, state: row.state };
  const leaves = row.leaves.match(/.{64}/g) ?? [];
  const at = [row.court, row.height, header.epoch].join();
  demand([header.court, header.height, header.epoch].join() === at, "a header of another block");
  demand(
    [certificate.court, certificate.height, certificate.epoch].join() === at,
    "a certificate of another block",
  );
  demand(batchDigest(header) === certificate.batch, "a header that is not the certified one");
  demand(resultDigest(result) === certificate.result, "a result that is not the certified one");
  const block = blockDigest(header.height, header.parent, certificate.batch, certificate.result);
  demand(block === certificate.block, "a block hash that is not its own");
  demand(certified(trust, certificate), "a certificate that does not verify");
  demand(
    row.leaves.length === 64 * row.outcomes && leaves.length === row.outcomes,
    "leaves that are not its outcomes'",
  );
  demand(merkleRoot(leaves) === result.root, "leaves that are not the root's");
  const submitted = header.entries.reduce((sum, [, , count]) => sum + count, 0);
  demand(submitted <= leaves.length, "fewer outcomes than events");
  return { header, result, certificate, leaves, system: leaves.length - submitted };
}

/** The outcome of a row, proven by its leaf. */
export function outcomeOf(row: EventRow, head: Head): Outcome {
  const demand = demandsOf(row);
  demand(
    leafDigest(row.outcome) === head.leaves[row.idx],
    `an outcome at ${row.idx} that is not the agreed one`,
  );
  // What a quorum signed, the Arbiter made.
  return JSON.parse(row.outcome) as Outcome;
}

/** The entry of a writ row and its events in this block, proven by the writ digest in the header. */
export function entryOf(row: WritRow, events: readonly EventRow[], head: Head): Entry {
  const demand = demandsOf(row);
  const wrong = `a writ at ${row.position} that is not the agreed one`;
  const [digest, first, count, condemned] = head.header.entries[row.position] ?? ["", 0, 0, null];
  const start = head.header.entries
    .slice(0, row.position)
    .reduce((sum, [, , before]) => sum + before, head.system);
  demand(row.start === start && row.count === count && events.length === count, wrong);
  const here = events.map(({ idx, writ, event }, at) => {
    demand(idx === start + at && writ === row.position && event !== null, wrong);
    return event ?? "";
  });
  const rest = parsed(row, z.array(z.string()), row.rest);
  demand(first <= rest.length, wrong);
  const all = [...rest.slice(0, first), ...here, ...rest.slice(first)];
  const writ: Writ = {
    court: row.court,
    warden: row.warden,
    number: row.number,
    events: all,
    seal: row.seal,
  };
  demand(writDigest(writ) === digest, wrong);
  const poison = row.poison === null ? undefined : parsed(row, poisonShape, row.poison);
  demand((poison === undefined ? null : poisonDigest(poison)) === condemned, wrong);
  return { writ, first, count, ...(poison === undefined ? {} : { poison }) };
}

/** Whether a proven event is the one that a proven outcome speaks of. */
export function demandSameKey(row: EventRow, event: string, outcome: Outcome): void {
  const { tenant, source, id, type } = parsed(row, keyShape, event);
  const same =
    tenant === outcome.tenant &&
    source === outcome.source &&
    id === outcome.id &&
    type === outcome.type;
  demandsOf(row)(same, `an outcome at ${row.idx} of another event`);
}

/** The block of all its rows, which must be in order. Every digest, signature and seal is checked. */
export function blockOf({ block, writs, events }: BlockRows, trust: Trust): Block {
  const demand = demandsOf(block);
  const head = headOf(block, trust);
  const { header, result, certificate, system } = head;
  demand(events.length === block.outcomes, "not every event is there");
  demand(writs.length === header.entries.length, "not every writ is there");
  let start = system;
  const entries = writs.map((row, position) => {
    demand(row.position === position, "not every writ is there");
    const entry = entryOf(row, events.slice(start, start + row.count), head);
    const bytes = entry.writ.events
      .slice(entry.first, entry.first + entry.count)
      .reduce((sum, event) => sum + utf8Length(event), 0);
    demand(row.bytes === bytes, `a writ at ${position} of another size`);
    start += entry.count;
    const sealed = sealValid(entry.writ, sealKeyOf(trust, header, row.warden), trust.verify);
    demand(sealed, `a writ at ${position} whose seal does not verify`);
    const { poison } = entry;
    demand(
      poison === undefined || poisonValid(poison, header, seatsOf(trust, header), trust.verify),
      `a writ at ${position} that is not proven poison`,
    );
    return entry;
  });
  const { control } = header;
  if (control !== null) {
    const decided = system > 0 && events[system - 1]?.outcome === controlOutcome(control);
    demand(decided && writs.length === 0, "a control event without its outcome, or not alone");
  }
  events.forEach((row, index) => {
    demand(row.idx === index, "not every event is there");
    const outcome = outcomeOf(row, head);
    if (index < system)
      demand(row.event === null && row.writ === null, `an event at ${index} that nobody sent`);
    else demandSameKey(row, row.event ?? "", outcome);
  });
  return { header, entries, result, outcomes: events.map(({ outcome }) => outcome), certificate };
}

/** Enough, with the genesis, to verify an outcome offline, and by its fingerprint the event: README.md beside this file says how. */
export interface Inclusion {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
  readonly index: number;
  /** Canonical text of the outcome: its leaf hash is the receipt's `outcome`. */
  readonly outcome: string;
  /** RFC 6962 audit path of the outcome's leaf, from the leaf upward; its shape depends on `result.count`. */
  readonly path: readonly string[];
}

export function inclusionOf(
  head: Pick<Head, "header" | "result" | "certificate" | "leaves">,
  index: number,
  outcome: string,
): Inclusion {
  const { header, result, certificate, leaves } = head;
  return { header, result, certificate, index, outcome, path: merklePath(index, leaves) };
}

interface Place {
  readonly court: number;
  readonly height: number;
}

function demandsOf({ court, height }: Place): (condition: boolean, what: string) => void {
  return (condition, what) => {
    if (!condition) throw new LedgerCorrupt(court, height, what);
  };
}

function parsed<T>(place: Place, shape: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LedgerCorrupt(place.court, place.height, "a text that is no JSON");
  }
  const result = shape.safeParse(value);
  if (!result.success)
    throw new LedgerCorrupt(place.court, place.height, "a text of another shape");
  return result.data;
}
