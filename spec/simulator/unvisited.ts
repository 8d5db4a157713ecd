/** Code of the agreement's core that no run comes to, and why it is there all the same. */
interface Reason {
  /** Of objects/clerk/consensus. */
  readonly file: string;
  /** The line that holds it; where it has several, its code, as `npm run simulate -- --coverage` shows it. */
  readonly source: string;
  readonly why: string;
  /** In the title of a test of the core that comes to it (spec/*.core.spec.ts), where one can. */
  readonly shown?: string;
}

const CLOSED =
  "the types say that there is no other kind; should one be added, the compiler points here";

/** Behind another check: what comes here has passed that. */
const behind: readonly Reason[] = [
  { file: "step.ts", source: "default: return unreachable(input);", why: CLOSED },
  { file: "step.ts", source: "default: return unreachable(message);", why: CLOSED },
  {
    file: "check.ts",
    source: 'if (term === undefined) return "another epoch";',
    why: "both callers have looked the epoch up; the type does not say so",
  },
  {
    file: "check.ts",
    source: "return termOf(terms, said.epoch)?.from ?? 0;",
    why: "as above: it is asked of known epochs only",
  },
  {
    file: "check.ts",
    source: "return signatureObjection(said, lastTerm(setup.shown ?? setup.terms), verify);",
    why: "`matters` passes rows only while a state is on its way, and its terms come with it; the type does not say so",
  },
  {
    file: "transfer.ts",
    source: "if (!wantsState(seat) || from !== seat.statePeer || seat.stateRefused) return;",
    why: "`matters` passes no such offer; the core does not rest on who calls it",
    shown:
      "AskOnePeerForState: an offer of one that was not asked counts for nothing, whoever calls the core",
  },
  {
    file: "controls.ts",
    source: "if (batch.header.epoch === epoch) continue;",
    why: "a proposal is kept only of the epoch that its height has by the terms of then, and those had no later one",
  },
  {
    file: "evidence.ts",
    source: "if (vote.batch !== tip.batch || vote.result === tip.result) return;",
    why: "`matters` passes of the tip's height only the prepares that differ; the core does not rest on who calls it",
    shown: "RecordDissent: an equal result and another batch are none",
  },
  {
    file: "proposals.ts",
    source: "if (seat.vote?.prepare.view === seat.view) return false;",
    why: "a leader's own vote follows its own proposal, which the line before the last finds; only a restart leaves the vote alone, and the one before resigns then (D3). A second proposal in a view would be its end, so it is asked once more",
  },
  {
    file: "proposals.ts",
    source:
      "if (Math.max(...changes.map((change) => change.height)) !== seat.tip.height + 1) return null;",
    why: "a view change above the own height carries the certificate below it, and who holds that is behind and does not propose; its own is always of the next height",
  },
  {
    file: "views.ts",
    source: "if ((seat.tip.certificate?.view ?? 0) < seat.view) sayChange(turn);",
    why: "a view change is of height 1 at least, so at the genesis it needs no saying anew; the type does not know",
  },
  {
    file: "waiting.ts",
    source: "return rotated.toSorted((a, b) => (a[0]?.since ?? 0) - (b[0]?.since ?? 0)).flat();",
    why: "a line has a first writ; the type does not say so",
  },
  {
    file: "sync.ts",
    source: "if (seat.applying) return false;",
    why: "both shells report a block applied in the piece that wrote it, so no step comes between; the core must hold for one that reports later",
  },
];

/** Only where more than f seats are faulty: then these lines show what is wrong in place of going on with it. */
const tooMany: readonly Reason[] = [
  {
    file: "controls.ts",
    source: "if (header.epoch !== epoch) seat.blocks.delete(height);",
    why: "a block above a control event, certified under the keys before it, would need honest seats that vote in an epoch that is over",
  },
  {
    file: "sync.ts",
    source: "if (height !== tip.height + 1 || parent !== tip.block) return false;",
    why: "two blocks certified on different parents would be a fork",
  },
  {
    file: "sync.ts",
    source:
      "{ seat.blocks.delete(height); // Another answer brings the same again, so not at once. seat.askAt = turn.now + LIMITS.re",
    why: "a quorum certified outcomes that are none of its events'",
    shown: "QuarantineUnadoptable",
  },
  {
    file: "sync.ts",
    source: "if (!turn.seat.voice && !rebuild) return;",
    why: "without a voice already, and again a quorum certified outcomes that are none of its events'",
    shown: "QuarantineUnadoptable",
  },
  {
    file: "votes.ts",
    source:
      "if (blockDigest(one.height, seat.tip.block, one.batch, one.result) !== one.block) continue;",
    why: "q seats commit to a block that is not of what they say: one of them is honest",
  },
  {
    file: "transfer.ts",
    source: 'seat.statePeer = fair ?? known(others[0], "a court of more than one seat");',
    why: "every peer gave rows that are not the state's",
  },
];

/** Bounds above what seconds of a run come to, and what the simulator does not model. */
const bounds: readonly Reason[] = [
  {
    file: "check.ts",
    source: "raw = text.length > LIMITS.deliveredSize ? null : JSON.parse(text);",
    why: "a text larger than any call of honest seats: megabytes for each that comes garbled",
    shown: "RefuseMalformedMessage: a text longer than any honest call's is not read",
  },
  {
    file: "check.ts",
    source:
      "function blockIn(text: string): Block | null { try { const parsed = block.safeParse(JSON.parse(text)); return parsed.suc",
    why: "the shell reads with it what a peer gives in place of a damaged block; between virtual seats that is no text",
    shown: "RefuseMalformedMessage: what a peer gives as a block and is none",
  },
  {
    file: "transfer.ts",
    source: "if (page === null) return;",
    why: "a seat that has found damage in its state and is not mended has no voice; of four too few are left then to let another take its state",
    shown: "OfferState: rows that cannot be read are not given",
  },
  {
    file: "waiting.ts",
    source: "if (bytes > LIMITS.blockBytes || events > LIMITS.blockEvents) return false;",
    why: "more than a megabyte, or 4,000 events, in another's proposal",
    shown: "RefuseOversizedBatch",
  },
  {
    file: "attempts.ts",
    source: "seat.tried.delete(oldest); }",
    why: "more batches of one height than a seat notes, each of which it may have died of",
    shown: "NoteBeforeEvaluating: one at a time, and a bounded number is remembered",
  },
  {
    file: "proposals.ts",
    source:
      "return fits(seat, whole) ? whole : batchOf(seat, firstEvents(entries, evaluation.fits), time);",
    why: "outcomes of more than a megabyte in a block",
    shown:
      "RefuseOversizedBatch: more events or bytes than a block holds, or outcomes that do not fit",
  },
  {
    file: "proposals.ts",
    source: 'return fits(seat, proposal.batch) ? null : "invalid";',
    why: "as above, of another's proposal",
    shown: "RefuseOversizedBatch",
  },
  {
    file: "waiting.ts",
    source:
      "if (entries.length > 0 && (bytes > LIMITS.blockBytes || events > LIMITS.blockEvents)) break;",
    why: "more than a megabyte, or 4,000 events, waiting at once",
    shown: "ProposeInOrder",
  },
  {
    file: "sync.ts",
    source: "if (full && seat.blocks.size > 0) return useful;",
    why: "more than 64 verified blocks, or 8 MB of them, at once",
    shown:
      "blocks are kept only in one run from the next height on, and no more than one answer holds",
  },
  {
    file: "transfer.ts",
    source: "return seat.rebuilding ? base >= lowestBase(seat) : base > seat.tip.height;",
    why: "chains that begin above the first height are not modelled: nobody lacks the next block for good",
    shown: "TakeStateWhenBlocksAreGone, InstallWholeState",
  },
  {
    file: "transfer.ts",
    source: "seat.transfer = null; seat.setup = { ...seat.setup, shown: undefined };",
    why: "as above: who takes its state anew does so to the end",
    shown: "TakeStateWhenBlocksAreGone, InstallWholeState",
  },
];

/** Within reach of a run, but of hardly one: two rare things must meet. Should one come to it, that is told. */
const rare: readonly Reason[] = [
  {
    file: "check.ts",
    source: 'if (groundsOf(why) !== said.grounds) return "another justification than was signed";',
    why: "a liar swaps the justification of a proposal that another signed, for one that holds as well",
    shown: "whoever relays a proposal cannot give it other grounds",
  },
  {
    file: "sync.ts",
    source: "if (again && !seat.voice) return;",
    why: "a seat is outvoted soon after it took its state, while it is silent for the same once more",
    shown: "StopRelapsedSeat: who differs again with the court's state stays silent and follows",
  },
  {
    file: "kept.ts",
    source: "return poison === undefined ? batch : condemning(batch, poison);",
    why: "a seat stops in the few milliseconds between its vote for a condemned event and the decision",
    shown:
      "RejectCondemned: whoever missed the block is given its proof, and so is a seat that stops",
  },
  {
    file: "kept.ts",
    source:
      "function condemning(batch: Batch, poison: Poison): Batch { return { ...batch, entries: batch.entries.map((entry) => ({ .",
    why: "as above",
    shown:
      "RejectCondemned: whoever missed the block is given its proof, and so is a seat that stops",
  },
  {
    file: "controls.ts",
    source: "if (kept.tries >= LIMITS.controlTries) seat.controls.delete(subjectOf(control));",
    why: "three views in a row fail over one control, and the seat is not restarted meanwhile",
    shown: "GiveUpControl",
  },
  {
    file: "majority.ts",
    source: "if (!isLone(batch)) return halve(seat, batch);",
    why: "a quorum died twice each of the same batch of several events, before any of them proposed by halves",
    shown:
      "HalveUnable: of several events that a quorum could not evaluate the next batch takes half",
  },
  {
    file: "strangers.ts",
    source: "{ if (wantsBatch(seat, said.batch)) keepBatch(seat, said.batch); return; }",
    why: "a leader that lacks what was prepared is answered from an epoch that it has not reached",
    shown: "AskStranger: but for a batch that somebody named",
  },
  {
    file: "views.ts",
    source:
      "for (const [key, vote] of votes) if (vote.view < view - LIMITS.viewsAhead) votes.delete(key);",
    why: "more than sixteen views are passed at one height, with votes of the first still there",
    shown: "by height and view, one of each seat",
  },
  {
    file: "transfer.ts",
    source: "if (!provenTerm(seat, transfer, chunk)) return passOver(turn);",
    why: "the first offer that a seat hears which has missed a version is of a liar that leaves it out",
    shown: "LeaveFalseOffer",
  },
  {
    file: "transfer.ts",
    source:
      "function passOver({ seat, now }: Turn): void { leave(seat); seat.stateRefused = true; seat.stateAskAt = now + LIMITS.sta",
    why: "as above",
    shown: "LeaveFalseOffer",
  },
];

export const UNVISITED: readonly Reason[] = [...behind, ...tooMany, ...bounds, ...rare];
