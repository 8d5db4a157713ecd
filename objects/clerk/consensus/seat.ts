/**
 * The state of one seat's agreement and what a step may ask of the shell. Nothing here reads a clock, draws randomness or does
 * I/O: time comes in with each input, evaluation and signing are synchronous functions handed in as {@link World}.
 */
import type { Evaluation } from "../../shared/evaluation.ts";
import type { Control } from "../../shared/control.ts";
import type { Quorum } from "../../shared/quorum.ts";
import type { Terms } from "../../shared/terms.ts";
import type {
  Batch,
  Block,
  Certificate,
  Entry,
  Header,
  ResultParts,
  Writ,
  WritProgress,
} from "../../shared/types.ts";
import { assert } from "../../shared/assert.ts";
import { attemptsOf, careFrom } from "./attempts.ts";
import type { Attempts } from "./attempts.ts";
import { keptBatch, restoredBatch } from "./kept.ts";
import type { KeptBatch } from "./kept.ts";
import type { Cursor, PartId, PartTally, StateRow } from "../../shared/state-root.ts";
import { voteKey } from "./messages.ts";
import type {
  Commit,
  Endorse,
  Offer,
  Prepare,
  Prepared,
  Proposal,
  Reject,
  ViewChange,
} from "./messages.ts";
import { mayVote, termNow } from "./office.ts";

export type { Because, Incident } from "./incidents.ts";

/** What changes by control events alone, and `shown` with a state that is taken. */
export interface Setup {
  readonly court: number;
  readonly seat: number;
  /** This seat's own public key. */
  readonly key: string;
  readonly quorum: Quorum;
  /** K: the result of every so manyth height carries the state root as of K heights before. */
  readonly rootEvery: number;
  /** As far as the own chain reaches: up to the term of the next height. */
  readonly terms: Terms;
  /** Up to the root of the state that is on its way here, if one is. */
  readonly shown?: Terms | undefined;
}

/** Synchronous, deterministic capabilities: functions of their arguments and of the agreed state. */
export interface World {
  readonly evaluate: (batch: Batch) => Evaluation;
  /** The rows after a certified block, from its outcomes alone; null if they do not fit its events. */
  readonly adopt: (block: Block) => Evaluation | null;
  readonly sign: (digest: string) => string;
  /** The root of all replicated state as of a base: the highest multiple of K below the next height, or the genesis. */
  readonly stateRoot: (base: number) => string;
  /** Whether this build carries a version of the domain. */
  readonly supports: (domainVersion: number) => boolean;
  /** Agreed blocks above a height, in order, within the limits of one catch-up answer. */
  readonly blocksAbove: (height: number) => readonly Block[];
  /** The lowest height whose block is here, or the one above the tip. */
  readonly lowestBlock: () => number;
  /** The state that others may take from here, if there is one. */
  readonly offer: () => Offer | null;
  /** Rows of a part of that state above a row, within the limits of one answer; null if they cannot be read. */
  readonly page: (base: number, part: PartId, after: Cursor | null) => StatePage | null;
}

export interface StatePage {
  readonly rows: readonly StateRow[];
  readonly last: boolean;
}

/** A state on its way here: parts before `part` are staged and verified. */
export interface Transfer extends Offer {
  /** Peers that gave rows which are not the state's. */
  readonly liars: Set<number>;
  part: number;
  /** Within the part. */
  after: Cursor | null;
  tally: PartTally | null;
  /** By when whoever gives the part must have given all of it. */
  partBy: number;
  /** When the next peer's turn to give parts comes. */
  turnBy: number;
}

/** The last decided height. At height 0 it is the genesis: parent of the first block, certificate null, view 0. */
export interface Tip {
  readonly height: number;
  readonly block: string;
  readonly batch: string;
  readonly result: string;
  readonly time: number;
  readonly certificate: Certificate | null;
}

/** Votes and view, as they must survive a crash (D1). `batch` comes back from the header and the stored writs. */
export interface Durable {
  readonly view: number;
  /** Incarnation that entered the view: a later one never proposes in it (D3). */
  readonly viewStart: number;
  readonly vote: ({ readonly prepare: Prepare } & KeptBatch) | null;
  readonly commit: Commit | null;
  readonly prepared: ({ readonly proof: Prepared } & KeptBatch) | null;
  readonly change: ViewChange | null;
  /** Consecutive heights, up to the last decided, at which this seat was outvoted. */
  readonly dissents: number;
  readonly attempts: Attempts | null;
}

export interface WaitingWrit {
  readonly writ: Writ;
  /** Own height when it came, or when its Warden was last served since: for the second suspicion. */
  since: number;
  /** The view in which it was handed to the leader, or −1. */
  forwarded: number;
}

/** A control that the seat was asked for itself. */
export interface WaitingControl {
  readonly control: Control;
  /** As said, for sending again. */
  endorse: Endorse;
  /** Given up by then, by this seat's clock. */
  readonly until: number;
  /** Views that failed over it. */
  tries: number;
  /** Own height when it was first seen to be endorsed by a quorum, in this view: for the second suspicion. */
  since: number | null;
}

export interface Evaluated {
  readonly batch: string;
  readonly parts: ResultParts;
  readonly result: string;
  readonly evaluation: Evaluation;
}

export interface Seat {
  setup: Setup;
  readonly world: World;
  readonly incarnation: number;
  sequence: number;

  tip: Tip;
  readonly progress: Map<number, WritProgress>;
  /** Block time of the earliest expiry in the agreed state, or null. */
  nextExpiry: number | null;

  view: number;
  viewStart: number;
  vote: { readonly prepare: Prepare; readonly batch: Batch } | null;
  commit: Commit | null;
  prepared: { readonly proof: Prepared; readonly batch: Batch } | null;
  change: ViewChange | null;

  /** A seat that is silenced, or holds no key of the term, follows by certificates and says nothing that counts. */
  voice: boolean;
  /** Quarantined: no key gives it its voice. */
  silenced: boolean;
  /** An agreed block is out with the shell; nothing is evaluated before it is applied. */
  applying: boolean;
  /** The Ledger is so far behind that no more may be agreed. */
  backlogFull: boolean;
  /** Consecutive heights at which this seat was outvoted. */
  dissents: number;
  /** Height at which it last took its state anew; null if it never did, or an operator has looked since. */
  readonly rebuiltAt: number | null;

  /** By `height/view` and `height/view/seat`; only heights above the tip, within the limits. */
  readonly proposals: Map<string, Proposal>;
  /** Keys of the proposals that could not be accepted when they were tried. */
  readonly refused: Set<string>;
  readonly prepares: Map<string, Prepare>;
  readonly commits: Map<string, Commit>;
  readonly rejects: Map<string, Reject>;
  /** Latest view change of each seat. */
  readonly changes: Map<number, ViewChange>;
  readonly waiting: Map<number, Map<number, WaitingWrit>>;
  /** By what they are about. */
  readonly controls: Map<string, WaitingControl>;
  /** Digests of the controls that each seat endorses. */
  readonly endorsed: Map<number, readonly string[]>;
  /** The latest batches of the undecided height, by digest: proposed, prepared or asked for. */
  readonly batches: Map<string, Batch>;
  evaluated: Evaluated | null;
  /** Most events of a fresh batch: halved where no majority was, until the one that made it so stands alone. */
  cut: number;
  /** Restarted, and nothing decided since: it notes what it is about to evaluate, which may be what killed it. */
  careful: boolean;
  /** By what is evaluated; of the undecided height, the latest. */
  readonly tried: Map<string, Attempts["tried"][number]>;
  /** Noted and not survived yet, and whether the note is in storage. */
  begun: string | null;
  allowed: boolean;
  /** An event that the court cannot decide, with the proof; the next fresh batch rejects it. */
  condemned: Entry | null;
  /** Certificate of the next height whose batch or matching result is missing here. */
  certified: Certificate | null;
  /** Verified blocks by height, from the next one on without a gap. */
  readonly blocks: Map<number, Block>;
  /** Highest height that a certificate proved. */
  proven: number;
  /** Height that a peer gave with its last useful answer: a reason to ask on, nothing more. */
  claimed: number;
  /** Certificate that this seat completed and has not told the others. */
  untold: Certificate | null;
  /** Own proposal, for sending again. */
  proposed: Proposal | null;
  /** Seats already accused of dissent at the tip, and of equivocation at the undecided height. */
  readonly accused: Set<string>;

  /** Failed views since the last decision; doubles the timeout. */
  failures: number;
  suspectAt: number | null;
  /** Something waited to be decided when the last step ended. */
  undecided: boolean;
  resendAt: number | null;
  /** Times the same votes were sent again; spaces them out. */
  resends: number;
  /** A request for blocks is out; no second one before this time. */
  askAt: number | null;
  /** The peer last asked for blocks, or last to give some. */
  asked: number;
  /** Peers still to be asked, since the start, whether they know more. */
  unasked: number;
  /** A request for a batch is out; no second one before this time. */
  batchAskAt: number | null;

  /** Peers that no longer have the next block. */
  readonly lacking: Set<number>;
  /** Its own state is lost or wrong: it is taken anew. */
  rebuilding: boolean;
  transfer: Transfer | null;
  /** The peer that is asked for state; a request is out until this time. */
  statePeer: number;
  stateAskAt: number | null;
  /** What that peer offered was of no use. */
  stateRefused: boolean;
  /** Its state has been replaced in storage: this life is over. */
  ended: boolean;
}

export type { Effect, Input } from "./effects.ts";

/** What a shell read back from storage. */
export interface Restored {
  readonly setup: Setup;
  readonly world: World;
  readonly incarnation: number;
  readonly tip: Tip;
  readonly progress: readonly WritProgress[];
  readonly nextExpiry: number | null;
  readonly durable: Durable | null;
  /** Batches of the stored vote and prepared certificate, by header. */
  readonly batchOf: (header: Header) => Batch;
  /** Whether the seat is not quarantined. */
  readonly voice: boolean;
  /** Height at which it last took its state anew, unless an operator has looked since. */
  readonly rebuiltAt: number | null;
}

/** Throws `BrokenInvariant` if the chain ends below what the seat has voted on: such storage has lost blocks. */
export function seatFrom(restored: Restored): Seat {
  const { setup, durable, tip } = restored;
  const known = durable?.view ?? 0;
  const decidedIn = tip.certificate?.view ?? 0;
  return {
    setup,
    world: restored.world,
    incarnation: restored.incarnation,
    sequence: 0,
    tip,
    progress: new Map(restored.progress.map((row) => [row.warden, row])),
    nextExpiry: restored.nextExpiry,
    view: Math.max(known, decidedIn),
    // A view known only from a certificate was entered in some earlier life: −1 is no incarnation, so it is resigned (D3).
    viewStart: decidedIn > known ? -1 : (durable?.viewStart ?? restored.incarnation),
    ...votesFrom(restored),
    voice: restored.voice && mayVote(restored),
    silenced: !restored.voice,
    applying: false,
    backlogFull: false,
    dissents: durable?.dissents ?? 0,
    rebuiltAt: restored.rebuiltAt,
    proposals: new Map(),
    refused: new Set(),
    waiting: new Map(),
    controls: new Map(),
    endorsed: new Map(),
    batches: new Map(),
    evaluated: null,
    rejects: new Map(),
    ...careFrom(
      durable?.attempts ?? null,
      tip.height + 1,
      restored.voice && restored.incarnation > 1,
    ),
    condemned: null,
    certified: null,
    blocks: new Map(),
    proven: tip.height,
    claimed: 0,
    untold: null,
    proposed: null,
    accused: new Set(),
    failures: 0,
    suspectAt: null,
    undecided: false,
    resendAt: null,
    resends: 0,
    askAt: null,
    asked: setup.seat,
    unasked: 0,
    batchAskAt: null,
    lacking: new Set(),
    rebuilding: false,
    transfer: null,
    statePeer: setup.seat,
    stateAskAt: null,
    stateRefused: false,
    ended: false,
  };
}

type Votes = Pick<
  Seat,
  "vote" | "commit" | "prepared" | "change" | "prepares" | "commits" | "changes"
>;

/** Own votes count in the quorums of this life too. Those at a height decided since say nothing about the next one. */
// Rule: RefuseShortChain.
function votesFrom({ setup, durable, tip, batchOf }: Restored): Votes {
  const next = tip.height + 1;
  const { vote = null, commit = null, prepared = null, change = null } = durable ?? {};
  assert((vote?.prepare.height ?? 0) <= next, "the chain reaches up to the vote");
  assert((change?.height ?? 0) <= next, "the chain reaches up to the view change");
  const votes: Votes = {
    vote: null,
    commit: commit?.height === next ? commit : null,
    prepared: null,
    change,
    prepares: new Map(),
    commits: new Map(),
    changes: new Map(),
  };
  if (vote?.prepare.height === next) {
    votes.vote = { prepare: vote.prepare, batch: restoredBatch(vote, batchOf) };
    votes.prepares.set(voteKey(vote.prepare), vote.prepare);
  }
  if (prepared?.proof.height === next)
    votes.prepared = { proof: prepared.proof, batch: restoredBatch(prepared, batchOf) };
  if (votes.commit !== null) votes.commits.set(voteKey(votes.commit), votes.commit);
  if (change?.epoch === termNow({ setup, tip }).epoch) votes.changes.set(setup.seat, change);
  return votes;
}

export function durableOf(seat: Seat): Durable {
  return {
    view: seat.view,
    viewStart: seat.viewStart,
    vote: seat.vote === null ? null : { prepare: seat.vote.prepare, ...keptBatch(seat.vote.batch) },
    commit: seat.commit,
    prepared:
      seat.prepared === null
        ? null
        : { proof: seat.prepared.proof, ...keptBatch(seat.prepared.batch) },
    change: seat.change,
    dissents: seat.dissents,
    attempts: attemptsOf(seat),
  };
}
