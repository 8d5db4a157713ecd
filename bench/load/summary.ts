// What several repetitions come to.

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Null where there is none. Of an even number the median is the mean of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (least === undefined || most === undefined || low === undefined || high === undefined)
    return null;
  return { median: (low + high) / 2, least, most };
}

/** Every other round the other way, so that a disk or machine that changes with time favours nobody. */
export function orderOf<T>(contenders: readonly T[], round: number): T[] {
  return round % 2 === 0 ? [...contenders] : contenders.toReversed();
}
