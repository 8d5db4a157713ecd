/**
 * Taking the state from others: a seat whose peers no longer have the blocks it lacks, or whose own state is wrong. A quorum has
 * signed the root; each part is believed once its rows come to the digest under that root, and none before all have.
 */
import { known } from "../../shared/assert.ts";
import { LIMITS } from "../../shared/limits.ts";
import { PartTally, belongsTo, cursorOf, samePart } from "../../shared/state-root.ts";
import type { Cursor, Part, StateRow } from "../../shared/state-root.ts";
import { termAt, termOf, termsFrom } from "../../shared/terms.ts";
import type { TermProof, Terms } from "../../shared/terms.ts";
import type { Offer, StateChunk, StateOffer, StateRequest } from "./messages.ts";
import type { Seat, Transfer } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Of f + 1 peers that no longer have the next block one is honest. */
// Rule: TakeStateWhenBlocksAreGone.
export function wantsState(seat: Seat): boolean {
  const { n, f } = seat.setup.quorum;
  return !seat.ended && (seat.rebuilding || (n > 1 && seat.lacking.size > f));
}

/** Asks for what comes next, and after silence another peer; one request at a time. */
// Rules: TakeStateAnew, AskOnePeerForState.
export function seekState(turn: Turn): void {
  const { seat, now } = turn;
  if (!wantsState(seat)) {
    seat.stateAskAt = null;
    return leave(seat);
  }
  // Nobody else has the state of a seat that is alone: its own chain makes it again.
  const own = seat.setup.quorum.n === 1 || lowestBase(seat) <= 0;
  if (seat.rebuilding && own) return install(turn, null);
  if (seat.stateAskAt !== null && now < seat.stateAskAt) return;
  const { transfer } = seat;
  if (seat.stateAskAt !== null || seat.statePeer === seat.setup.seat) turnToNext(turn);
  seat.stateAskAt = now + LIMITS.stateAnswerMs;
  seat.stateRefused = false;
  const { part = 0, after = null } = transfer ?? {};
  const base = transfer?.anchor.header.height ?? 0;
  if (transfer !== null && after === null) transfer.partBy = now + patience(transfer.parts[part]);
  turn.send(seat.statePeer, turn.say({ kind: "state-request", base, part, after }));
}

/** As long as its answers may take, were each as late and as full as it may be: who gives less each time is left. */
function patience(part: Part | undefined): number {
  const { count, size } = known(part, "the part that is asked for");
  const rows = Math.ceil(count / LIMITS.stateRows) + Math.ceil(size / LIMITS.stateBytes);
  return LIMITS.stateAnswerMs * (1 + rows);
}

/** Whoever offered this is not heard again, and in its time the next is asked: a false offer must not bring the next request. */
function passOver({ seat, now }: Turn): void {
  leave(seat);
  seat.stateRefused = true;
  seat.stateAskAt = now + LIMITS.stateAnswerMs;
}

/** No state is on its way any more. */
function leave(seat: Seat): void {
  if (seat.transfer === null) return;
  seat.transfer = null;
  seat.setup = { ...seat.setup, shown: undefined };
}

/** The next peer that has given nothing false, if there is one. It begins the part anew: so who gave what stays plain. */
function turnToNext({ seat, now }: Turn): void {
  const { transfer, setup } = seat;
  const { n } = setup.quorum;
  const others = Array.from({ length: n }, (_, step) => (seat.statePeer + 1 + step) % n).filter(
    (peer) => peer !== setup.seat,
  );
  const fair = others.find((peer) => transfer?.liars.has(peer) !== true);
  seat.statePeer = fair ?? known(others[0], "a court of more than one seat");
  if (transfer === null) return;
  restartPart(transfer);
  transfer.turnBy = now + LIMITS.stateTurnMs;
}

function restartPart(transfer: Transfer): void {
  transfer.after = null;
  transfer.tally = null;
}

/** The rows asked for, if it is of the state that is served here, and else what that is. */
// Rule: OfferState.
export function answerState(turn: Turn, request: StateRequest): void {
  const { world } = turn.seat;
  const offer = world.offer();
  if (offer === null) return;
  const base = offer.anchor.header.height;
  const { from, part, after } = request;
  const wanted = request.base === base ? offer.parts[part] : undefined;
  if (wanted === undefined) return turn.send(from, turn.say({ kind: "state-offer", ...offer }));
  const page = world.page(base, wanted, after);
  if (page === null) return;
  const { rows, last } = page;
  turn.send(from, turn.say({ kind: "state-chunk", base, part, after, rows, last }));
}

/** A newer state than the one under way takes its place: who was asked for that no longer has it. */
// Rule: TakeNewerState.
export function hearOffer(turn: Turn, offer: StateOffer): void {
  const { seat } = turn;
  const { anchor, rooted, parts, controls, from } = offer;
  const base = anchor.header.height;
  const under = seat.transfer?.anchor.header.height ?? 0;
  if (!wantsState(seat) || from !== seat.statePeer || seat.stateRefused) return;
  if (base <= under || !reachesFar(seat, base)) return;
  const of = { anchor, rooted, parts, controls, liars: new Set<number>() };
  const turnBy = turn.now + LIMITS.stateTurnMs;
  seat.transfer = { ...of, part: 0, after: null, tally: null, partBy: 0, turnBy };
  seat.setup = { ...seat.setup, shown: termsShown(seat, controls) };
  skipEmpty(seat.transfer);
  seat.stateAskAt = null;
}

function termsShown({ setup }: Seat, controls: readonly TermProof[]): Terms {
  const headers = controls.map(({ header }) => header);
  return termsFrom(setup.terms, headers);
}

/** What is lacking lies above the tip; a state to be replaced must reach to where own blocks go on. */
function reachesFar(seat: Seat, base: number): boolean {
  return seat.rebuilding ? base >= lowestBase(seat) : base > seat.tip.height;
}

/** The base that whoever has decided as much as this seat serves at least. */
function lowestBase({ tip, setup }: Seat): number {
  return tip.height - (tip.height % setup.rootEvery) - setup.rootEvery;
}

/** Keeps rows aside while they can be the part's; once it is whole, they are, or its sender lied. */
export function hearChunk(turn: Turn, chunk: StateChunk): void {
  const { seat } = turn;
  const { transfer } = seat;
  if (transfer === null || !isAskedFor(seat, transfer, chunk)) return;
  const part = known(transfer.parts[transfer.part], "the part that is asked for");
  const tally = transfer.tally ?? new PartTally(part);
  for (const row of chunk.rows) tally.add(row);
  // Rows are laid by what they are: those of another part would stand where that has been verified.
  const fit = chunk.rows.every((row) => belongsTo(row, part, seat.setup.rootEvery));
  const whole = fit && chunk.last && samePart(tally.part(), part);
  const may = fit && !chunk.last && chunk.rows.length > 0 && !tally.exceeds(part);
  seat.stateAskAt = null;
  if (!whole && !may) return refuse(turn, transfer, chunk);
  if (may && turn.now >= transfer.partBy) return turnToNext(turn);
  if (!provenTerm(seat, transfer, chunk)) return passOver(turn);
  const { kind, id } = part;
  const { base, rows, after } = chunk;
  const first = after === null;
  turn.stage({ base, part: { kind, id }, first, fresh: first && transfer.part === 0, rows });
  if (!whole) {
    transfer.tally = tally;
    transfer.after = lastOf(rows);
    return;
  }
  restartPart(transfer);
  transfer.part += 1;
  skipEmpty(transfer);
  const { anchor, rooted, parts, controls } = transfer;
  if (transfer.part === parts.length) return install(turn, { anchor, rooted, parts, controls });
  // Part by part, each just in time, one peer could make the whole last for hours.
  if (turn.now >= transfer.turnBy) turnToNext(turn);
}

/**
 * Whether the control events that came with the offer make the term that a quorum signed. Else whoever offered left one out,
 * and it is not the fault of who gives the rows.
 */
// Rule: LeaveFalseOffer.
function provenTerm(seat: Seat, { anchor, controls }: Transfer, { rows }: StateChunk): boolean {
  const [row] = rows;
  if (row?.[0] !== "term") return true;
  const { height } = anchor.header;
  const { epoch, domainVersion } = termAt(termsShown(seat, controls), height + 1);
  return row[1] === epoch && row[2] === domainVersion;
}

/** Of what has no rows nothing need come. */
function skipEmpty(transfer: Transfer): void {
  for (;;) {
    const part = transfer.parts[transfer.part];
    if (part === undefined || !samePart(new PartTally(part).part(), part)) return;
    transfer.part += 1;
  }
}

function isAskedFor(seat: Seat, transfer: Transfer, chunk: StateChunk): boolean {
  const { base, part, after, from } = chunk;
  const asked = [transfer.anchor.header.height, transfer.part, transfer.after, seat.statePeer];
  return wantsState(seat) && JSON.stringify([base, part, after, from]) === JSON.stringify(asked);
}

function lastOf(rows: readonly StateRow[]): Cursor {
  return cursorOf(known(rows.at(-1), "a chunk that goes on has rows"));
}

/** Nobody is accused by what nobody can be shown to have signed. */
// Rule: RefuseFalseChunk.
function refuse(turn: Turn, transfer: Transfer, chunk: StateChunk): void {
  const { seat } = turn;
  const height = transfer.anchor.header.height;
  const part = known(transfer.parts[transfer.part], "the part that is asked for");
  if (termOf(seat.setup.terms, chunk.epoch) !== undefined)
    turn.accuse({ kind: "false-state", seat: chunk.from, height, part });
  transfer.liars.add(chunk.from);
  turnToNext(turn);
}

// Rule: InstallWholeState.
function install(turn: Turn, offer: Offer | null): void {
  const { seat } = turn;
  seat.transfer = null;
  seat.stateAskAt = null;
  seat.ended = true;
  turn.install(offer);
}
