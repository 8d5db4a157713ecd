// What every contender is given, and what it answers.

/** Changes the stock of an item by `delta`, once for an id, and never below zero. */
export interface Movement {
  readonly id: string;
  readonly item: string;
  readonly delta: number;
  /** What comes with it and decides nothing. */
  readonly note: string;
}

/** `conflict`: the id was used for another movement. */
export type Status = "accepted" | "rejected" | "conflict";

export interface Answer {
  readonly id: string;
  readonly status: Status;
  /** Null where the contender does not tell. */
  readonly replayed: boolean | null;
}

/** Whether both say the same, the id aside. */
export function isSame(one: Omit<Movement, "id">, other: Omit<Movement, "id">): boolean {
  return one.item === other.item && one.delta === other.delta && one.note === other.note;
}
