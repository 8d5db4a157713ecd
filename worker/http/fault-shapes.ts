/** What may be broken on purpose, as it is ordered. */
import { z } from "zod";
import { LEDGER_FAULTS, SEAT_FAULTS, WARDEN_FAULTS } from "../../objects/shared/faults.ts";
import { LIMITS } from "../../objects/shared/limits.ts";

const durations = {
  seconds: z
    .int()
    .min(1)
    .max(LIMITS.faultMaxMs / 1000)
    .optional(),
  milliseconds: z.int().min(0).max(LIMITS.faultMaxMs).optional(),
};
export const seatFault = z.strictObject({ kind: z.enum(SEAT_FAULTS), ...durations });
export const wardenFault = z.strictObject({ kind: z.enum(WARDEN_FAULTS), ...durations });
export const ledgerFault = z.strictObject({ kind: z.enum(LEDGER_FAULTS), ...durations });

export type Fault = z.infer<typeof seatFault>;
export type LedgerFault = z.infer<typeof ledgerFault>;
