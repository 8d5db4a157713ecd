/** What time does: suspicion, sending again, and when the seat must be woken next. */
import { LIMITS } from "../../shared/limits.ts";
import { endorsedControl, votedForGivenUp } from "./controls.ts";
import { ownReject } from "./majority.ts";
import { expiryAt, isBehind } from "./proposals.ts";
import { askForBlocks, lacksBlocks } from "./sync.ts";
import type { Turn } from "./turn.ts";
import { changeView, resign, viewOpen } from "./views.ts";
import { inOrder } from "./waiting.ts";

// Rule: SuspectSilence.
export function tick(turn: Turn): void {
  const { seat, now } = turn;
  if (seat.suspectAt !== null && now >= seat.suspectAt)
    changeView(turn, seat.view + 1, "suspicion");
  if (seat.resendAt !== null && now >= seat.resendAt) resend(turn);
}

/** What was said is sent again as the same signed bytes; receivers deduplicate. */
// Rules: SendAgain, ResignWhenBehind.
function resend(turn: Turn): void {
  const { seat } = turn;
  seat.resends += 1;
  seat.resendAt = null;
  if (seat.voice) {
    if (seat.proposed?.view === seat.view) turn.sendAll(seat.proposed);
    if (seat.vote !== null) turn.sendAll(seat.vote.prepare);
    if (seat.commit !== null) turn.sendAll(seat.commit);
    const reject = ownReject(seat, seat.view);
    if (reject !== undefined) turn.sendAll(reject);
    if (seat.change?.view === seat.view) turn.sendAll(seat.change);
    for (const { endorse } of seat.controls.values()) turn.sendAll(endorse);
  }
  for (const waiting of inOrder(seat)) waiting.forwarded = -1;
  // Whoever still has them may yet give them, while nobody gives the state.
  if (!seat.rebuilding && seat.transfer === null) askForBlocks(turn, null);
  // Whoever leads has had time to fetch what it lacks: let another go on.
  if (isBehind(seat)) resign(turn);
}

/** Sets the timers and says when the next one is due, in Unix milliseconds; null for never. */
// Rules: WaitBeforeSending, WaitForThoseBeyond.
export function deadline(turn: Turn): number | null {
  const { seat, now } = turn;
  const expiry = expiryAt(seat);
  const due = expiry !== null && expiry <= now;
  const givenUp = votedForGivenUp(seat);
  const undecided =
    (seat.vote !== null && !givenUp) ||
    due ||
    inOrder(seat).length > 0 ||
    endorsedControl(seat) !== null;
  // However long the seat was idle, what is new is not sent again late.
  if (undecided && !seat.undecided) {
    seat.resends = 0;
    seat.resendAt = null;
  }
  seat.undecided = undecided;
  const open = viewOpen(seat);
  const quiet = !seat.voice || seat.backlogFull || seat.applying;
  if (quiet || !undecided || !open) seat.suspectAt = null;
  else seat.suspectAt ??= now + spaced(LIMITS.suspicionMs, seat.failures, suspicionCap);
  const untold = seat.change?.view === seat.view && !open;
  const unheard = (untold || givenUp) && seat.resends < LIMITS.idleResends && seat.voice;
  const missing = lacksBlocks(seat) || seat.unasked > 0 || seat.batchAskAt !== null;
  const asked = seat.voice && seat.controls.size > 0;
  if (seat.applying || !(undecided || unheard || missing || asked)) seat.resendAt = null;
  else seat.resendAt ??= now + spaced(LIMITS.resendMs, seat.resends, LIMITS.alarmMs);
  const times = [seat.suspectAt, seat.resendAt, seat.stateAskAt, due ? null : expiry].filter(
    (time) => time !== null,
  );
  return times.length === 0 ? null : Math.min(...times);
}

const suspicionCap = LIMITS.suspicionMs * LIMITS.suspicionCapFactor;

/** Doubles with each failure, up to a cap. */
function spaced(ms: number, failures: number, cap: number): number {
  return Math.min(ms * 2 ** Math.min(failures, 16), cap);
}
