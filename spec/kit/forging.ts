/** Statements and certificates made by hand and signed by whom the script says: what liars may send, and honest seats would. */
import type {
  Justification,
  Prepared,
  Proposal,
  ViewChange,
} from "../../objects/clerk/consensus/messages.ts";
import { groundsOf, voteSignature } from "../../objects/clerk/consensus/messages.ts";
import type { Seat } from "../../objects/clerk/consensus/seat.ts";
import {
  batchDigest,
  blockDigest,
  entryDigests,
  resultDigest,
} from "../../objects/shared/digests.ts";
import type { Batch, Certificate, Entry, Header, Writ } from "../../objects/shared/types.ts";
import { controlOutcome } from "../../objects/shared/control.ts";
import { termAt } from "../../objects/shared/terms.ts";
import { evaluationOf } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";

export function whole(writ: Writ): Entry {
  return { writ, first: 0, count: writ.events.length };
}

/** A batch that continues a seat's chain now, unless told otherwise. */
export function batchOn(
  court: Cluster,
  seat: Seat,
  entries: readonly Entry[],
  otherwise: Partial<Header> = {},
): Batch {
  const height = seat.tip.height + 1;
  const { epoch, domainVersion } = termAt(seat.setup.terms, height);
  const header = {
    court: 0,
    epoch,
    height,
    parent: seat.tip.block,
    time: court.now,
    domainVersion,
    control: null,
    entries: entryDigests(entries),
    ...otherwise,
  };
  return { header, entries };
}

/** What an uncorrupted seat of the court comes to for a batch on this tip. */
export function resultOn(seat: Seat, batch: Batch): string {
  const { control } = batch.header;
  const system = control === null ? [] : [controlOutcome(control)];
  const submitted = batch.entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((event) => `outcome of ${event}`),
  );
  const outcomes = [...system, ...submitted];
  const { root } = evaluationOf(outcomes);
  return resultDigest({ prior: seat.tip.result, count: outcomes.length, root, state: null });
}

export interface Voted {
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly result: string;
  readonly block: string;
}

/** The fields of every vote on a batch by whoever comes to the right result. */
export function votedOn(seat: Seat, batch: Batch, view: number): Voted {
  const { height, parent } = batch.header;
  const digested = batchDigest(batch.header);
  const result = resultOn(seat, batch);
  const block = blockDigest(height, parent, digested, result);
  return { height, view, batch: digested, result, block };
}

export function certificateOf(
  court: Cluster,
  voted: Voted,
  signers: readonly number[],
): Certificate {
  const commits = signers.map((from) => court.said(from, { kind: "commit", ...voted }));
  return { court: 0, epoch: court.epoch, ...voted, signatures: commits.map(voteSignature) };
}

export function preparedBy(court: Cluster, voted: Voted, signers: readonly number[]): Prepared {
  const { height, view, batch, result } = voted;
  const prepares = signers.map((from) =>
    court.said(from, { kind: "prepare", height, view, batch, result }),
  );
  return { height, view, batch, result, signatures: prepares.map(voteSignature) };
}

/** A view change as a seat at this tip would say it. */
export function changeBy(
  court: Cluster,
  from: number,
  view: number,
  tip: Seat["tip"],
  prepared: Prepared | null = null,
): ViewChange {
  const { height, certificate } = tip;
  return court.said(from, {
    kind: "view-change",
    view,
    height: height + 1,
    certificate,
    prepared,
  });
}

export function byChanges(changes: readonly ViewChange[]): Justification {
  return { by: "changes", changes };
}

export function byCertificate(certificate: Certificate | null): Justification {
  return { by: "certificate", certificate };
}

export function proposalBy(
  court: Cluster,
  from: number,
  view: number,
  batch: Batch,
  justification: Justification,
): Proposal {
  const grounds = groundsOf(justification);
  return court.said(from, { kind: "proposal", view, batch, justification, grounds });
}
