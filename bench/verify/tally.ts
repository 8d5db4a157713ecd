// What was verified, in numbers.

export interface Tally {
  readonly court: number;
  /** Up to here it was walked, and up to here it is published. */
  height: number;
  readonly published: number;
  /** Submitted events, uses of a key that was taken included. */
  events: number;
  accepted: number;
  rejected: number;
  duplicates: number;
  expiries: number;
  controls: number;
  poison: number;
  certificates: number;
  seals: number;
  /** State roots that were computed and compared. */
  roots: number;
  /** Entities of all tenants. */
  entities: number;
}

export function newTally(court: number, published: number): Tally {
  return {
    court,
    height: 0,
    published,
    events: 0,
    accepted: 0,
    rejected: 0,
    duplicates: 0,
    expiries: 0,
    controls: 0,
    poison: 0,
    certificates: 0,
    seals: 0,
    roots: 0,
    entities: 0,
  };
}
