/** Faults that an operator can have injected, where `FAULT_INJECTION` is on; each must lead to what spec/faults.allium says. */
export const SEAT_FAULTS = [
  "crash",
  "wipe",
  "corrupt-outcome",
  "corrupt-state",
  "mute",
  "equivocate",
  "slow",
  "heal",
] as const;

export const WARDEN_FAULTS = ["crash", "wipe", "heal"] as const;

export const LEDGER_FAULTS = ["refuse", "slow", "ambiguous", "tamper", "heal"] as const;

export type SeatFault = (typeof SEAT_FAULTS)[number];

/** What a seat is told of the Ledger's faults that D1 cannot be made to have: the seat then has them of its D1. */
export const SEEN_LEDGER_FAULTS = ["ledger-slow", "ledger-ambiguous", "ledger-heal"] as const;

export type SeenLedgerFault = (typeof SEEN_LEDGER_FAULTS)[number];
