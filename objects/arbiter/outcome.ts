/** What an event comes to, and its canonical text. */
import { canonical, utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Outcome } from "../shared/types.ts";

export const EXPIRED = "assize.expired";

/** The Arbiter's own rejections; a domain may not use their codes. */
const REASONS = {
  key_reused: "the key belongs to another event",
  invalid_event: "not an event of a known type with data that fits its schema",
  foreign_entity: "an entity lies outside the event's partition, or the event outside this court",
  undeclared_entity: "an entity was used that the event does not declare",
  too_many_entities: `more than ${LIMITS.entitiesPerEvent} entities`,
  entity_too_large: "an after-state is larger than its entity type allows",
  outcome_too_large: `the changes exceed ${LIMITS.changesBytes} bytes`,
  domain_error: "the domain failed",
  invariant: "an invariant of the domain does not hold",
} as const;

export type ArbiterCode = keyof typeof REASONS;
export type Reason = NonNullable<Outcome["reason"]>;

/** Never what a thrown error says: its text differs between engines. */
export function reasonOf(code: ArbiterCode): Reason {
  return { code, detail: REASONS[code] };
}

/** What a court comes to about an event that its seats cannot decide alike, or at all. */
const COURT_REASONS = {
  nondeterministic: "the seats of the court came to different outcomes",
  unable: "the seats of the court could not evaluate the event",
} as const;

export type CourtCode = keyof typeof COURT_REASONS;

/** Whether a domain may give this reason, whatever its types promise. Throws for a detail without a canonical text. */
export function isDomainReason({ code, detail }: Reason): boolean {
  return (
    typeof code === "string" &&
    /^[a-z][a-z0-9_]{0,63}$/.test(code) &&
    !Object.hasOwn(REASONS, code) &&
    !Object.hasOwn(COURT_REASONS, code) &&
    typeof detail === "string" &&
    utf8Length(canonical(detail)) <= LIMITS.reasonBytes
  );
}

/** One entity after an event. */
export interface AfterState {
  readonly entity: string;
  readonly version: number;
  /** Canonical text. */
  readonly state: string;
}

export type Verdict =
  | {
      readonly status: "accepted";
      readonly changes: readonly AfterState[];
      readonly reason?: Reason;
    }
  | { readonly status: "rejected"; readonly reason: Reason }
  | {
      readonly status: "duplicate";
      readonly first: { readonly height: number; readonly index: number };
    };

export type Identity = Pick<Outcome, "tenant" | "source" | "id" | "type" | "fingerprint">;

/** Of an event whose text is none: whose it was cannot be told. */
export const NOBODY: Identity = { tenant: "", source: "", id: "", type: "" };

export function rejected(code: ArbiterCode): Verdict {
  return { status: "rejected", reason: reasonOf(code) };
}

export function condemned(code: CourtCode): Verdict {
  return { status: "rejected", reason: { code, detail: COURT_REASONS[code] } };
}

export function changeText({ entity, version, state }: AfterState): string {
  return `{"entity":${canonical(entity)},"state":${state},"version":${version}}`;
}

/** Canonical text of the outcome. Written member by member, because the states are canonical texts already. */
export function outcomeText(identity: Identity, verdict: Verdict): string {
  const { tenant, source, id, type, fingerprint } = identity;
  const print = fingerprint === undefined ? "" : `"fingerprint":"${fingerprint}",`;
  const changes = verdict.status === "accepted" ? verdict.changes.map(changeText).join(",") : "";
  const first = verdict.status === "duplicate" ? `"first":${canonical(verdict.first)},` : "";
  const reason =
    verdict.status !== "duplicate" && verdict.reason !== undefined
      ? `"reason":${canonical(verdict.reason)},`
      : "";
  return (
    `{"changes":[${changes}],${print}${first}"id":${canonical(id)},${reason}"source":${canonical(source)},` +
    `"status":"${verdict.status}","tenant":${canonical(tenant)},"type":${canonical(type)}}`
  );
}
