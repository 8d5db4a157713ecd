// What every contender is given, and what it answers.

/** Changes the stock of an item by `delta`, once for an id, and never below zero. */
export interface Movement {
  readonly id: string;
  readonly item: string;
  readonly delta: number;
  /** What comes with it and decides nothing. */
  readonly note: string;
  /** Who sends it. Ids are unique over all of them; a contender may use it to divide its work, as ours does. */
  readonly producer: number;
}

/** `conflict`: the id was used for another movement. */
export type Status = "accepted" | "rejected" | "conflict";

export interface Answer {
  readonly id: string;
  readonly status: Status;
  /** Null where the contender does not tell. */
  readonly replayed: boolean | null;
}

type Content = Pick<Movement, "item" | "delta" | "note">;

/** Whether both say the same, the id aside. */
export function isSame(one: Content, other: Content): boolean {
  return one.item === other.item && one.delta === other.delta && one.note === other.note;
}
