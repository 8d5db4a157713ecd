/** A run's facts as text: a digest of all of them, and the last ones to read. */
import { createHash } from "node:crypto";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Durable, Incident } from "../../objects/clerk/consensus/seat.ts";
import type { Fact, Noted } from "./history.ts";
import { START } from "./world.ts";

const KEPT = 60;
const FLUSH = 512;

export class Trace {
  facts = 0;
  readonly #hash = createHash("sha256");
  #unhashed: string[] = [];
  readonly #last: Noted[] = [];

  add(noted: Noted): void {
    this.#last[this.facts % KEPT] = noted;
    this.facts += 1;
    this.#unhashed.push(identity(noted));
    if (this.#unhashed.length >= FLUSH) this.#flush();
  }

  /** SHA-256 over the facts so far. */
  digest(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }

  /** The last facts, oldest first. */
  lines(): string[] {
    const from = this.facts % KEPT;
    return [...this.#last.slice(from), ...this.#last.slice(0, from)].map(lineOf);
  }

  #flush(): void {
    this.#hash.update(this.#unhashed.join("\n"));
    this.#unhashed = [];
  }
}

/** How one member of a union is written; of the others their kind stands for them. */
type Writers<Union extends { readonly kind: string }> = {
  readonly [K in Union["kind"]]?: (one: Extract<Union, { kind: K }>) => string;
};

function written<Union extends { readonly kind: string }>(
  writers: Writers<Union>,
  one: Union,
): string | undefined {
  const write = writers[one.kind as Union["kind"]] as ((one: Union) => string) | undefined;
  return write?.(one);
}

/** Short, and different wherever the fact is: signatures stand for what they are over. */
const IDENTITIES: Writers<Fact> = {
  said: ({ seat, to, message, lie }) => `said ${seat} ${to} ${message.signature} ${lie ? 1 : 0}`,
  stored: ({ seat, durable }) => `stored ${seat} ${storedIdentity(durable)}`,
  agreed: ({ seat, block }) => `agreed ${seat} ${block.certificate.block}`,
  accused: ({ seat, incident }) => `accused ${seat} ${incidentText(incident)}`,
};

function identity({ at, fact }: Noted): string {
  return `${at} ${written(IDENTITIES, fact) ?? JSON.stringify(fact)}`;
}

function storedIdentity({ view, viewStart, vote, commit, change, dissents }: Durable): string {
  const signed = [vote?.prepare, commit, change].map((said) => said?.signature ?? "-");
  return [view, viewStart, dissents, ...signed].join(" ");
}

function lineOf({ at, fact }: Noted): string {
  const text = written(FACTS, fact) ?? JSON.stringify(fact);
  return `${String(at - START).padStart(8)} ms  ${text}`;
}

const FACTS: Writers<Fact> = {
  said: ({ seat, to, message, lie }) =>
    `${seat} → ${to}  ${messageText(message)}${lie ? "  (a lie)" : ""}`,
  stored({ seat, durable: { view, vote, commit, change } }) {
    const prepare = vote === null ? "" : ` prepare ${vote.prepare.height}/${vote.prepare.view}`;
    const committed = commit === null ? "" : ` commit ${commit.height}/${commit.view}`;
    const changed = change === null ? "" : ` change ${change.height}/${change.view}`;
    return `${seat} stored view ${view}${prepare}${committed}${changed}`;
  },
  agreed({ seat, block: { certificate, entries, outcomes } }) {
    const { height, view, block, signatures } = certificate;
    const signers = signatures.map((vote) => vote.seat).join(",");
    const content = `${entries.length} writs, ${outcomes.length} outcomes`;
    return `${seat} agreed height ${height} view ${view} block ${short(block)} by ${signers}: ${content}`;
  },
  accused: ({ seat, incident }) => `${seat} noted ${incidentText(incident)}`,
  started: ({ seat, incarnation, voice }) =>
    `${seat} started, incarnation ${incarnation}${voice ? "" : ", without a voice"}`,
  stopped: ({ seat, how }) => `${seat} stopped: ${how}`,
  silenced: ({ seat, reason }) => `${seat} lost its voice: ${reason}`,
  wiped: ({ seat }) => `${seat} lost its storage`,
  calm: () => "the faults end",
};

function messageText(message: Message): string {
  const { kind, from, incarnation, sequence } = message;
  return `${kind} ${written(MESSAGES, message) ?? ""} [${from}.${incarnation}.${sequence}]`;
}

const MESSAGES: Writers<Message> = {
  proposal({ view, batch, justification }) {
    const { height, parent, entries } = batch.header;
    return `${height}/${view} on ${short(parent)}, ${entries.length} writs, by ${justification.by}`;
  },
  prepare: ({ height, view, batch, result }) =>
    `${height}/${view} ${short(batch)} → ${short(result)}`,
  commit: ({ height, view, block }) => `${height}/${view} ${short(block)}`,
  decided: ({ certificate: { height, view, block } }) => `${height}/${view} ${short(block)}`,
  "view-change"({ height, view, prepared }) {
    const named =
      prepared === null ? "nothing prepared" : `${short(prepared.batch)} of ${prepared.view}`;
    return `${height}/${view} with ${named}`;
  },
  sync: ({ after }) => `above ${after}`,
  blocks: ({ blocks, height }) =>
    `${blocks.map(({ header }) => header.height).join(" ")}, has ${height}`,
  forward: ({ writ }) => `writ ${writ.warden}/${writ.number}`,
};

const INCIDENTS: Writers<Incident> = {
  "view-change": ({ view, height, because }) => `view ${view} at ${height}: ${because}`,
  dissent: ({ seat, height }) => `dissent of ${seat} at ${height}`,
  equivocation: ({ seat, height }) => `equivocation of ${seat} at ${height}`,
};

function incidentText(incident: Incident): string {
  return written(INCIDENTS, incident) ?? `${incident.kind} at ${incident.height}`;
}

function short(digest: string): string {
  return digest.slice(0, 8);
}
