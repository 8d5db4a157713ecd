/** Faults a seat is told to have, where FAULT_INJECTION is on. Kept in storage: a crashed seat must stay down over the calls to it. */
import { canonical } from "../shared/canonical.ts";
import { leafDigest, merkleRoot } from "../shared/digests.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { Refused } from "../shared/rpc.ts";
import type { Outcome } from "../shared/types.ts";
import type { SeatNotes } from "./notes.ts";

interface Kept {
  readonly downUntil?: number;
  readonly corruptUntil?: number;
  readonly muteUntil?: number;
  readonly slowMs?: number;
}

const FAULT_KINDS = ["crash", "wipe", "corrupt-outcome", "mute", "slow", "heal"] as const;

type FaultKind = (typeof FAULT_KINDS)[number];

/** Throws {@link Refused} `malformed`. */
export function faultKind(asked: unknown): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === asked);
  if (kind === undefined) throw new Refused("malformed", "a seat has no such fault");
  return kind;
}

const FOR_EVER = Number.MAX_SAFE_INTEGER;
const CRASH_MS = 10_000;

export class Faults {
  readonly #notes: SeatNotes;
  #kept: Kept;

  /** Where injection is off, what an earlier deployment left behind counts for nothing. */
  constructor(notes: SeatNotes, enabled: boolean) {
    this.#notes = notes;
    this.#kept = enabled ? (JSON.parse(notes.get("faults") ?? "{}") as Kept) : {};
  }

  /** `ms` is how long it lasts (0: the kind's own default), or for `slow` the delay of each message. */
  inject(kind: FaultKind, ms: number, now: number): void {
    const until = ms === 0 ? FOR_EVER : now + ms;
    if (kind === "crash")
      this.#keep({ ...this.#kept, downUntil: now + (ms === 0 ? CRASH_MS : ms) });
    if (kind === "corrupt-outcome") this.#keep({ ...this.#kept, corruptUntil: until });
    if (kind === "mute") this.#keep({ ...this.#kept, muteUntil: until });
    if (kind === "slow") this.#keep({ ...this.#kept, slowMs: ms });
    if (kind === "heal") this.#keep({});
  }

  downUntil(now: number): number | null {
    const until = this.#kept.downUntil ?? 0;
    return until > now ? until : null;
  }

  mute(now: number): boolean {
    return (this.#kept.muteUntil ?? 0) > now;
  }

  delayMs(): number {
    return this.#kept.slowMs ?? 0;
  }

  /** The evaluation as a machine would have it that computes wrongly. */
  corrupted(evaluation: Evaluation, now: number): Evaluation {
    if ((this.#kept.corruptUntil ?? 0) <= now || evaluation.outcomes.length === 0)
      return evaluation;
    const outcomes = evaluation.outcomes.map((text, index) => (index === 0 ? wrong(text) : text));
    const leaves = outcomes.map(leafDigest);
    return { ...evaluation, outcomes, leaves, root: merkleRoot(leaves) };
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#notes.put("faults", JSON.stringify(kept));
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
