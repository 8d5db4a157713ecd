/**
 * Control events (README.md): what an operator asked each seat for is endorsed by those it was asked of, decided in a block of
 * its own, and begins a term at the height after.
 */
import { canonical } from "../../shared/canonical.ts";
import { subjectOf } from "../../shared/control.ts";
import type { Control } from "../../shared/control.ts";
import { LIMITS } from "../../shared/limits.ts";
import { controlObjection, termAt, termsAfter } from "../../shared/terms.ts";
import type { Endorse } from "./messages.ts";
import { mayVote, termNow } from "./office.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Keeps what the shell was asked for, if it can be decided; of two about the same, the later one. */
// Rule: EndorseControl.
export function keepControl(turn: Turn, control: Control): void {
  const { seat, now } = turn;
  if (!seat.voice || !decidable(seat, control)) return;
  const subject = subjectOf(control);
  if (!seat.controls.has(subject) && seat.controls.size >= LIMITS.controlsKept) return;
  const endorse = turn.say({ kind: "endorse", control });
  const until = now + LIMITS.controlMs;
  seat.controls.set(subject, { control, endorse, until, tries: 0, since: null });
  // A proposal may have come before the operator did.
  seat.refused.clear();
  turn.sendAll(endorse);
}

// Rule: RefuseInvalidControl.
function decidable(seat: Seat, control: Control): boolean {
  const { terms, quorum } = seat.setup;
  if (controlObjection(control, terms, quorum) !== null) return false;
  return control.kind === "key" || seat.world.supports(control.domainVersion);
}

/** Counts an endorsement of this epoch; of each seat the latest few. */
export function keepEndorsement({ seat }: Turn, { from, epoch, control }: Endorse): void {
  if (epoch !== termNow(seat).epoch) return;
  const before = (seat.endorsed.get(from) ?? []).filter((other) => other !== canonical(control));
  seat.endorsed.set(from, [...before, canonical(control)].slice(-LIMITS.controlsKept));
}

/** The first control kept here that q seats endorse, this one among them; null if there is none. */
// Rule: DecideControl.
export function endorsedControl(seat: Seat): Control | null {
  for (const { control } of seat.controls.values()) {
    const text = canonical(control);
    const others = [...seat.endorsed.values()].filter((texts) => texts.includes(text));
    if (others.length + 1 >= seat.setup.quorum.q) return control;
  }
  return null;
}

/** Whether what q seats endorse was left out for too many heights; to be asked once a height. An honest leader has proposed it by then. */
export function leftOut(seat: Seat): boolean {
  const control = endorsedControl(seat);
  const kept = control === null ? undefined : seat.controls.get(subjectOf(control));
  if (kept === undefined) return false;
  kept.since ??= seat.tip.height;
  return seat.tip.height - kept.since >= LIMITS.censoredHeights;
}

/**
 * Whether a proposal with this control may be prepared: afresh only what this seat was asked for itself. What q seats have
 * prepared, f + 1 honest ones were asked for, and it may be decided already: who was not asked must not stand in its way.
 */
// Rules: AcceptPreparedControl, RefuseUnseenControl.
export function mayPrepare(seat: Seat, control: Control | null, forced: boolean): boolean {
  if (control === null) return true;
  if (forced) return controlObjection(control, seat.setup.terms, seat.setup.quorum) === null;
  return keeps(seat, control);
}

/** The view fails: what it was to decide is given up after some such views, so that a control holds nobody up for long. */
// Rule: GiveUpControl.
export function noteTried(seat: Seat): void {
  for (const { view, batch } of seat.proposals.values()) {
    const { control } = batch.header;
    const kept = control === null ? undefined : seat.controls.get(subjectOf(control));
    if (control === null || kept === undefined || view !== seat.view) continue;
    kept.tries += 1;
    if (kept.tries >= LIMITS.controlTries) seat.controls.delete(subjectOf(control));
  }
}

/** Gives a control up; whether it was kept. */
export function giveUp(seat: Seat, control: Control): boolean {
  return keeps(seat, control) && seat.controls.delete(subjectOf(control));
}

/** Whether its one open vote is for a control that was given up: what nobody wants decided keeps nobody awake. */
// Rule: RestWithGivenUpControl.
export function votedForGivenUp(seat: Seat): boolean {
  const control = seat.vote?.batch.header.control ?? null;
  // What this seat has committed to may be decided.
  return control !== null && seat.commit === null && !keeps(seat, control);
}

function keeps(seat: Seat, control: Control): boolean {
  const kept = seat.controls.get(subjectOf(control));
  return kept !== undefined && canonical(kept.control) === canonical(control);
}

export function dropOldControls({ seat, now }: Turn): void {
  for (const [subject, { until }] of seat.controls) if (now >= until) seat.controls.delete(subject);
}

/** A control is decided: from the next height on its term is the one that counts. */
// Rules: ReadmitSeat, LoseVoiceWithKey, RestartNumbers, ActivateVersion.
export function beginTerm(turn: Turn, height: number, control: Control): void {
  const { seat } = turn;
  const { epoch } = termAt(seat.setup.terms, height);
  seat.setup = { ...seat.setup, terms: termsAfter(seat.setup.terms, height, control) };
  seat.voice = !seat.silenced && mayVote(seat);
  if (control.kind === "key" && control.officer.kind === "warden") {
    // Its numbers begin anew under the new key.
    seat.progress.delete(control.officer.warden);
    seat.waiting.delete(control.officer.warden);
  }
  for (const [subject, kept] of seat.controls)
    if (!seat.voice || !decidable(seat, kept.control)) seat.controls.delete(subject);
  if (termNow(seat).epoch !== epoch) forgetEpoch(turn);
}

/** What was said or shown in another epoch says nothing of this one: a key may have changed hands. */
// Rule: ForgetOldWords.
function forgetEpoch(turn: Turn): void {
  const { seat } = turn;
  const { epoch } = termNow(seat);
  for (const votes of [seat.prepares, seat.commits, seat.rejects])
    for (const [key, vote] of votes) if (vote.epoch !== epoch) votes.delete(key);
  for (const [from, change] of seat.changes) if (change.epoch !== epoch) seat.changes.delete(from);
  for (const [key, { batch }] of seat.proposals) {
    if (batch.header.epoch === epoch) continue;
    seat.proposals.delete(key);
    seat.refused.delete(key);
  }
  for (const [height, { header }] of seat.blocks)
    if (header.epoch !== epoch) seat.blocks.delete(height);
  seat.endorsed.clear();
  for (const kept of seat.controls.values()) {
    kept.endorse = turn.say({ kind: "endorse", control: kept.control });
    turn.sendAll(kept.endorse);
  }
}
