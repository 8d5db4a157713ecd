/** Faults to plant in the specification, each in the text of a real file. */
import type { Code } from "../reader/finding.ts";
import { seams } from "./plants-seams.ts";

/** A fault: what the linter must call it, the file, a part of its words; and the text that is exchanged for another. */
/** `at`: the file that the finding is in, where it is another than the one that was changed. */
type Fault = readonly [code: Code, file: string, problem: string, from: string, to: string];
export type Plant = Fault | readonly [...Fault, at: string];

const settled = `            keyEntry.settled_at = now`;
const seal = `        seal: sealed_by(warden),`;

const names: Plant[] = [
  ["unreadable", "warden", "first line", "-- allium: 3", "-- allium: 4"],
  [
    "unreadable",
    "warden",
    "has a type",
    "when: WritRead(sealedWrit)",
    "when: WritRead(sealedWrit: SealedWrit)",
  ],
  [
    "unreadable",
    "inventory",
    "by itself triggers nothing",
    "when: reservation: Reservation.expires_at <= now",
    "when: reservation: Reservation",
  ],
  ["unreadable", "warden", "capital letter", "contract Belief {", "contract belief {"],
  [
    "unreadable",
    "warden",
    "says nothing",
    "    @guarantee AlarmNeverLost\n",
    "    @guarantee AlarmNeverLost\n    @guarantee Mute\n",
  ],
  [
    "unreadable",
    "warden",
    "@promise is none",
    "    @guarantee AlarmNeverLost\n",
    "    @promise AlarmNeverLost\n",
  ],
  ["unreadable", "warden", "read as a clause", "    room: Integer\n", "    requires: Integer\n"],
  [
    "unreadable",
    "warden",
    "should stand here",
    "        keyEntry.status = settled\n",
    "        keyEntry.status = settled)\n",
  ],
  ["unreadable", "warden", "told", "-- Actors -", "deferred Warden.window\n\n-- Actors -"],
  ["unknown-file", "warden", "not there", 'use "./core.allium"', 'use "./cores.allium"'],
  ["unknown-alias", "warden", "kern/", "seal: sealed_by(warden)", "seal: kern/sealed_by(warden)"],
  [
    "unknown-alias",
    "warden",
    "no alias",
    "when: WritRead(sealedWrit)",
    "when: kern/WritRead(sealedWrit)",
  ],
  ["unknown-name", "warden", "SealedWrit_s", "for a in SealedWrits:", "for a in SealedWrit_s:"],
  [
    "unknown-name",
    "warden",
    "submisson",
    "requires: submission.court.open\n",
    "requires: submisson.court.open\n",
  ],
  ["unknown-name", "clerk", "suspicon", "because: suspicion", "because: suspicon"],
  ["unknown-type", "warden", "core/Signatur", "seal: core/Signature", "seal: core/Signatur"],
  [
    "unknown-type",
    "warden",
    "SealdWrit",
    "ensures: SealedWrit.created(",
    "ensures: SealdWrit.created(",
  ],
  [
    "unknown-field",
    "warden",
    "fingerprnt",
    "requires: known.fingerprint = submission.fingerprint",
    "requires: known.fingerprnt = submission.fingerprint",
  ],
  ["unknown-field", "warden", "seel", seal, "        seel: sealed_by(warden),"],
  [
    "unknown-literal",
    "warden",
    "pendng",
    "requires: known.status = pending\n",
    "requires: known.status = pendng\n",
  ],
  ["unknown-literal", "warden", "pendng", "        status: pending\n", "        status: pendng\n"],
  [
    "unknown-literal",
    "arbiter",
    "invariants",
    "requires: decision.fault = invariant",
    "requires: decision.fault = invariants",
  ],
  ["unknown-literal", "warden", "decidd", "        terminal: decided", "        terminal: decidd"],
  ["unknown-config", "warden", "silense", "now - config.silence", "now - config.silense"],
  [
    "unknown-config",
    "warden",
    "core/config.alarm",
    "bound: core/config.alarm_bound",
    "bound: core/config.alarm",
  ],
  ["unknown-contract", "warden", "Belif", "demands Belief", "demands Belif"],
  [
    "unknown-rule",
    "clerk",
    "SuspectSilense",
    "        SuspectSilence\n",
    "        SuspectSilense\n",
  ],
  [
    "unknown-surface",
    "warden",
    "no such surface",
    "    @guarantee AlarmNeverLost\n",
    "    related:\n        Admision(warden)\n\n    @guarantee AlarmNeverLost\n",
  ],
  [
    "unknown-variant",
    "warden",
    "Early",
    "    received: Integer\n",
    "    received: Integer\n    kind: Early | Late\n",
  ],
  [
    "unknown-method",
    "inventory",
    "has no sum",
    "sum_of(open_holds, h => h.quantity)",
    "open_holds.sum(h => h.quantity)",
  ],
];

const kinds: Plant[] = [
  [
    "wrong-arguments",
    "warden",
    "takes 2, not 1",
    "requires: covers(answer, writ)",
    "requires: covers(answer)",
  ],
  [
    "wrong-parameters",
    "warden",
    "SeatAnswered",
    "        SeatAnswered(answer: SeatAnswer)",
    "        SeatAnswered(answer: SeatAnswer, height)",
  ],
  [
    "wrong-parameters",
    "arbiter",
    "no event",
    "ensures: KeyRecorded(event: takenEvent)",
    "ensures: KeyRecorded(evnt: takenEvent)",
  ],
  [
    "unlike-compared",
    "warden",
    "different kinds",
    "requires: known.fingerprint = submission.fingerprint",
    "requires: known.fingerprint = submission.court",
  ],
  [
    "not-binds-first",
    "inventory",
    "binds more",
    "requires: source != target",
    "requires: not source = target",
  ],
  [
    "not-a-collection",
    "warden",
    "goes over",
    "    for sealedWrit in SealedWrits where",
    "    for sealedWrit in SealedWrit where",
  ],
  [
    "not-assignable",
    "inventory",
    "follows from",
    "ensures: stock.on_hand = quantity",
    "ensures: stock.available = quantity",
  ],
  [
    "clock-in-invariant",
    "warden",
    "without a clock",
    "court.in_flight.count <= core/config.writs_in_flight",
    "court.in_flight.count <= core/config.writs_in_flight and now != null",
  ],
  ["duplicate-name", "warden", "SealNextWrit", "rule DropUnprovenAnswer {", "rule SealNextWrit {"],
  [
    "duplicate-name",
    "warden",
    "SilentHasReason",
    "invariant WritNumbersDistinct {",
    "invariant SilentHasReason {",
  ],
  [
    "duplicate-name",
    "warden",
    "two fields number",
    "    intact: Boolean\n    silent_since",
    "    number: Integer\n    silent_since",
  ],
  [
    "duplicate-local",
    "usher",
    "bound twice",
    "    let warden = warden_of(",
    "    let court = warden_of(",
  ],
  ["field-unset", "warden", "without seal", seal, ""],
  ["rule-without-when", "warden", "HoldDamagedWrit", "    when: WritRead(sealedWrit)\n", ""],
  [
    "rule-without-ensures",
    "warden",
    "HoldDamagedWrit",
    "    ensures: sealedWrit.court.halted = true\n",
    "",
  ],
  [
    "timer-unguarded",
    "inventory",
    "ExpireReservation",
    "    requires: reservation.status = open\n\n    ensures:\n        reservation.status = expired",
    "    ensures:\n        reservation.status = expired",
  ],
  [
    "timer-unguarded",
    "inventory",
    "EndLapse",
    "rule ExpireReservation {",
    "entity Lapse {\n    ends_at: Timestamp\n    is_late: ends_at <= now\n    is_over: is_late\n}\n\nrule EndLapse {\n    when: lapse: Lapse.is_over\n\n    ensures: not exists lapse\n}\n\nrule ExpireReservation {",
  ],
  [
    "timers-race",
    "inventory",
    "end one state differently",
    "rule ExpireReservation {",
    "rule LoseReservation {\n    when: reservation: Reservation.expires_at < now\n\n    requires: reservation.status = open\n\n    ensures: reservation.status = released\n}\n\nrule ExpireReservation {",
  ],
];

const lives: Plant[] = [
  [
    "status-not-inline",
    "warden",
    "named status",
    "    status: sealed | decided",
    "    status: Refusal",
  ],
  [
    "two-lifecycles",
    "inventory",
    "has two",
    "        terminal: fulfilled, released, expired\n    }",
    "        terminal: fulfilled, released, expired\n    }\n\n    transitions state {\n        terminal: x\n    }",
  ],
  [
    "status-unset",
    "warden",
    "without status",
    "        silent_since: now,\n        status: sealed",
    "        silent_since: now",
  ],
  [
    "terminal-left",
    "warden",
    "is left",
    "        terminal: decided",
    "        terminal: decided, sealed",
  ],
  [
    "no-exit",
    "warden",
    "never left",
    "        sealed -> decided\n        terminal: decided",
    "        sealed -> decided",
  ],
  ["undeclared-edge", "inventory", "from open to released", "        open -> released\n", ""],
  [
    "edge-without-rule",
    "inventory",
    "from open to released",
    "        reservation.status = released\n",
    "",
  ],
  [
    "state-unentered",
    "inventory",
    "lost",
    "    status: open | fulfilled",
    "    status: lost | open | fulfilled",
  ],
  ["state-field-unset", "warden", "has settled_at", `${settled}\n`, ""],
  ["state-field-kept", "warden", "no settled_at", "        known.settled_at = null\n", ""],
  [
    "state-field-unguarded",
    "warden",
    "known.body",
    "    requires: known.status = settled and known.intact\n",
    "    requires: known.intact\n",
  ],
];

const leftovers: Plant[] = [
  ["unused", "inventory", "config.idle", "config {\n", "config {\n    idle: Integer = 1\n"],
  [
    "unused",
    "inventory",
    "Crate",
    "entity Stock {",
    "value Crate { size: Integer }\n\nentity Stock {",
  ],
  [
    "no-source",
    "faults",
    "Crate",
    "-- Entities -",
    "external entity Crate { size: Integer }\n\n-- Entities -",
  ],
  [
    "open-question",
    "inventory",
    "is open",
    "-- Entities -",
    'open question "Why?"\n\n-- Entities -',
  ],
];

export const PLANTS: readonly Plant[] = [...names, ...kinds, ...seams, ...lives, ...leftovers];

/** Some plants need a contract to demand. */
export const counting =
  "contract Counting {\n    counted: (item: String) -> Integer\n}\n\nentity Stock {";
