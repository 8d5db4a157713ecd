/** A ledger's records as its server shows them and an export holds them, by the server's own documents. */
import { Verifier } from "../../bench/verify/verifier.ts";
import type { Report } from "../../bench/verify/verifier.ts";
import type { PublishedEvent } from "../../objects/ledger/load.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import { leafDigest } from "../../objects/shared/digests.ts";
import type { Block, Outcome } from "../../objects/shared/types.ts";
import { entityDocument, publishedDocument } from "../../worker/http/documents.ts";
import type { Annals } from "./annals.ts";

/** A record, as JSON has it. */
// oxlint-disable-next-line typescript/no-explicit-any -- whoever plants a flaw reaches into it wherever he likes
export type Shown = any;

interface Made {
  readonly version: number;
  readonly state: string;
  readonly by: PublishedEvent;
}

/** All records but for the last, which {@link ended} adds. */
export function shown(annals: Annals, tenant = "dev"): Shown[] {
  const courts = annals.courts.map((blocks, court) => {
    return { court, height: blocks.length, words: annals.words(court) };
  });
  const { genesis } = annals;
  const head = { record: "ledger", format: 1, genesis, tenant, histories: "all", courts };
  const entities = new Map<string, Made[]>();
  const chains = annals.courts.flatMap((blocks, court) =>
    blocks.flatMap((block) => [
      { record: "block", court, block },
      ...published(block)
        .filter(({ outcome }) => (JSON.parse(outcome) as Outcome).tenant === tenant)
        .map((event) => {
          note(entities, event);
          return { record: "event", event: JSON.parse(publishedDocument(event)) as object };
        }),
    ]),
  );
  const rows = [...entities].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const states = rows.flatMap(([entity, made]) => [
    ...made.slice(-1).map((last) => {
      return { record: "entity", entity: documentOf(entity, last), history: true };
    }),
    ...made.map((each) => {
      return { record: "version", version: documentOf(entity, each, true) };
    }),
  ]);
  return JSON.parse(JSON.stringify([head, ...chains, ...states])) as Shown[];
}

/** Entities as of the end, of a ledger that was announced up to a height. */
export function goingOn(annals: Annals, height: number): Shown[] {
  const [head, ...rest] = shown(annals);
  const heightOf = ({ block, event, version }: Shown): number =>
    block?.header.height ?? event?.receipt.height ?? version?.height ?? 0;
  const later = rest.filter((each) => each.record === "block" && heightOf(each) > height);
  const before = rest.filter((each) => heightOf(each) <= height);
  const court = { court: 0, height, words: annals.words(0, height) };
  return [{ ...head, courts: [court] }, ...before, ...later];
}

export function verified(records: readonly Shown[], pinned: string | null = null): Report {
  const verifier = new Verifier(pinned);
  for (const record of records) verifier.take(record);
  return verifier.report();
}

export function ended(records: readonly Shown[]): Shown[] {
  return [...records, { record: "end", records: records.length }];
}

function note(entities: Map<string, Made[]>, by: PublishedEvent): void {
  for (const { entity, version, state } of (JSON.parse(by.outcome) as Outcome).changes)
    entities.set(entity, [
      ...(entities.get(entity) ?? []),
      { version, state: canonical(state), by },
    ]);
}

function documentOf(entity: string, { version, state, by }: Made, withEvent = false): object {
  const row = { entity, version, state, height: by.height };
  return JSON.parse(entityDocument(row, withEvent ? publishedDocument(by) : undefined)) as object;
}

function published({ header, entries, outcomes, certificate }: Block): PublishedEvent[] {
  const events = entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count),
  );
  const { court, height, time, domainVersion } = header;
  return outcomes.map((outcome, index) => ({
    court,
    height,
    index,
    event: events[index - outcomes.length + events.length] ?? null,
    outcome,
    leaf: leafDigest(outcome),
    time,
    domainVersion,
    block: certificate.block,
  }));
}
