/** Faults a seat is told to have, where FAULT_INJECTION is on. Kept in storage: a crashed seat must stay down over the calls to it. */
import { canonical } from "../shared/canonical.ts";
import { digest, leafDigest, merkleRoot } from "../shared/digests.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { SEAT_FAULTS, SEEN_LEDGER_FAULTS } from "../shared/faults.ts";
import type { SeatFault, SeenLedgerFault } from "../shared/faults.ts";
import { LIMITS } from "../shared/limits.ts";
import { Refused } from "../shared/rpc.ts";
import type { Outcome } from "../shared/types.ts";
import { statementDigest } from "./consensus/messages.ts";
import type { Message } from "./consensus/messages.ts";
import type { SeatNotes } from "./notes.ts";
import { RowDamaged } from "./rows.ts";

interface Kept {
  readonly downUntil?: number;
  readonly corruptUntil?: number;
  readonly muteUntil?: number;
  readonly equivocateUntil?: number;
  readonly slowMs?: number;
  readonly ledgerSlowMs?: number;
  readonly ledgerAmbiguousUntil?: number;
}

type FaultKind = SeatFault | SeenLedgerFault;

/** Throws {@link Refused} `malformed`. */
export function faultKind(asked: unknown): FaultKind {
  const kind = [...SEAT_FAULTS, ...SEEN_LEDGER_FAULTS].find((known) => known === asked);
  if (kind === undefined) throw new Refused("malformed", "a seat has no such fault");
  return kind;
}

const FOR_EVER = Number.MAX_SAFE_INTEGER;

export class Faults {
  readonly #notes: SeatNotes;
  readonly #enabled: boolean;
  #kept: Kept;

  /** Where injection is off, what an earlier deployment left behind counts for nothing. */
  constructor(notes: SeatNotes, enabled: boolean) {
    this.#notes = notes;
    this.#enabled = enabled;
    this.#kept = enabled ? keptIn(notes) : {};
  }

  /** `ms` is how long it lasts (0: the kind's own default), or for `slow` the delay of each message or write. */
  // Rule: HealEndsFault.
  inject(kind: FaultKind, ms: number, now: number): void {
    const until = ms === 0 ? FOR_EVER : now + ms;
    const kept = this.#kept;
    switch (kind) {
      case "crash":
        return this.#keep({ ...kept, downUntil: now + (ms === 0 ? LIMITS.faultCrashMs : ms) });
      case "corrupt-outcome":
        return this.#keep({ ...kept, corruptUntil: until });
      case "mute":
        return this.#keep({ ...kept, muteUntil: until });
      case "equivocate":
        return this.#keep({ ...kept, equivocateUntil: until });
      case "slow":
        return this.#keep({ ...kept, slowMs: ms });
      case "ledger-slow":
        return this.#keep({ ...kept, ledgerSlowMs: ms });
      case "ledger-ambiguous":
        return this.#keep({ ...kept, ledgerAmbiguousUntil: until });
      case "ledger-heal": {
        const { ledgerSlowMs: _slow, ledgerAmbiguousUntil: _until, ...rest } = kept;
        return this.#keep(rest);
      }
      case "heal": {
        const { ledgerSlowMs = 0, ledgerAmbiguousUntil = 0 } = kept;
        return this.#keep({ ledgerSlowMs, ledgerAmbiguousUntil });
      }
      case "wipe":
      case "corrupt-state":
        // Done to the storage, once.
        return;
    }
  }

  // Rule: CrashStaysDown.
  downUntil(now: number): number | null {
    const until = this.#kept.downUntil ?? 0;
    return until > now ? until : null;
  }

  // Rule: MuteIsDoneWithout.
  mute(now: number): boolean {
    return (this.#kept.muteUntil ?? 0) > now;
  }

  // Rule: SlowIsWaitedFor.
  delayMs(): number {
    return this.#kept.slowMs ?? 0;
  }

  /** The evaluation as a machine would have it that computes wrongly. */
  // Rule: CorruptOutcomeIsOutvoted.
  corrupted(evaluation: Evaluation, now: number): Evaluation {
    if ((this.#kept.corruptUntil ?? 0) <= now || evaluation.outcomes.length === 0)
      return evaluation;
    const outcomes = evaluation.outcomes.map((text, index) => (index === 0 ? wrong(text) : text));
    const leaves = outcomes.map(leafDigest);
    return { ...evaluation, outcomes, leaves, root: merkleRoot(leaves) };
  }

  /** What goes out for a message: with `equivocate` two that contradict each other, every other peer being told the lie first. */
  // Rule: EquivocatorIsNamed.
  said(
    message: Message,
    to: number,
    { sign, now }: { readonly sign: (digest: string) => string; readonly now: number },
  ): readonly Message[] {
    if ((this.#kept.equivocateUntil ?? 0) <= now) return [message];
    const other = contradiction(message);
    if (other === null) return [message];
    const lie = { ...other, signature: sign(statementDigest(other, other)) };
    return to % 2 === 0 ? [message, lie] : [lie, message];
  }

  /** D1 as this seat finds it: with `ambiguous`, writes fail by turns after and before they were done, and every third does not. */
  // Rules: SlowLedgerDelays, AmbiguousWriteIsRepeated.
  ledger(db: D1Database): D1Database {
    if (!this.#enabled) return db;
    let writes = 0;
    const batch = async <T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> => {
      const { ledgerSlowMs = 0, ledgerAmbiguousUntil = 0 } = this.#kept;
      if (ledgerSlowMs > 0) await scheduler.wait(ledgerSlowMs);
      if (ledgerAmbiguousUntil <= Date.now()) return db.batch<T>(statements);
      const turn = writes++ % 3;
      if (turn === 2) return db.batch<T>(statements);
      if (turn === 0) await db.batch<T>(statements);
      throw new Error("fault: the answer of the ledger was lost");
    };
    return new Proxy(db, {
      get: (target, name) => {
        if (name === "batch") return batch;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#notes.put("faults", JSON.stringify(kept));
  }
}

/** A fault that nobody can read any more is none. */
function keptIn(notes: SeatNotes): Kept {
  try {
    return JSON.parse(notes.get("faults") ?? "{}") as Kept;
  } catch (error) {
    if (!(error instanceof RowDamaged)) throw error;
    notes.delete("faults");
    return {};
  }
}

function wrong(text: string): string {
  const outcome = JSON.parse(text) as Outcome;
  return canonical({
    ...outcome,
    status: "rejected",
    reason: { code: "corrupted", detail: "computed wrongly" },
    changes: [],
  });
}

/** Another statement of the same kind, height and view; null for what no two can contradict each other in. */
function contradiction(message: Message): Message | null {
  if (message.kind === "prepare" || message.kind === "commit")
    return { ...message, result: digest("fault", message.result) };
  if (message.kind !== "proposal") return null;
  const { header, entries } = message.batch;
  return { ...message, batch: { header: { ...header, time: header.time + 1 }, entries } };
}
