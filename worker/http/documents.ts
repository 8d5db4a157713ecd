/** The JSON texts of reads. Outcomes and states are canonical texts already and are put in as they are. */
import type { PublishedEvent } from "../../objects/ledger/load.ts";
import { settledBody, timestamp } from "../../objects/shared/settled.ts";
import type { LedgerEvent, Outcome, Receipt } from "../../objects/shared/types.ts";

/** An event as a CloudEvent; null where the system made it. */
function cloudEvent(event: string | null): string {
  if (event === null) return "null";
  const { tenant: _, ...attributes } = JSON.parse(event) as LedgerEvent;
  return JSON.stringify({ specversion: "1.0", ...attributes });
}

/** What a submission was answered, the event itself, and whether enough seats attest it in the ledger. */
export function eventDocument(
  body: string,
  event: string | null,
  published: boolean,
  proof?: object,
): string {
  const proven = proof === undefined ? "" : `,"proof":${JSON.stringify(proof)}`;
  return `${body.slice(0, -1)},"event":${cloudEvent(event)},"published":${published}${proven}}`;
}

export function pendingDocument(event: string): string {
  const { id, source, type } = JSON.parse(event) as LedgerEvent;
  return eventDocument(JSON.stringify({ id, source, type, status: "pending" }), event, false);
}

export function publishedDocument(found: PublishedEvent, proof?: object): string {
  const { court, height, index, time, domainVersion, block, leaf } = found;
  const receipt: Receipt = {
    court,
    height,
    index,
    streamTime: timestamp(time),
    domainVersion,
    block,
    outcome: leaf,
  };
  const outcome = JSON.parse(found.outcome) as Outcome;
  const body = settledBody(outcome, receipt);
  const first = outcome.first === undefined ? "" : `,"first":${JSON.stringify(outcome.first)}`;
  return eventDocument(`${body.slice(0, -1)}${first}}`, found.event, true, proof);
}

export interface EntityDocument {
  /** `type/id` */
  readonly entity: string;
  readonly version: number;
  /** Canonical text. */
  readonly state: string;
  readonly height: number;
}

export function entityDocument(
  { entity, version, state, height }: EntityDocument,
  madeBy?: string,
): string {
  const event = madeBy === undefined ? "" : `,"event":${madeBy}`;
  return `{"entity":${JSON.stringify(entity)},"version":${version},"state":${state},"height":${height}${event}}`;
}

export function pageDocument(items: readonly string[], next: string | null): string {
  return `{"items":[${items.join(",")}],"next":${JSON.stringify(next)}}`;
}
