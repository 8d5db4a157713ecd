/** What driving needs of the outside, so that it can be run against a court of known keys. */

/** The seats of one court, as ClerkApi has them. */
export interface Court {
  /** Writ → WritAnswer of one seat. */
  submit(seat: number, writ: string, waitMs: number): Promise<string>;
  /** SeatStatus of one seat. */
  status(seat: number): Promise<string>;
  /** What one seat holds of a Warden's writs, from a number on. */
  writs(seat: number, warden: number, from: number): Promise<string>;
  /** TermProof[] of one seat. */
  terms(seat: number): Promise<string>;
}
