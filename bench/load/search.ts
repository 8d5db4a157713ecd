// The highest rate that holds, as a function of what was measured so far.

export interface Point {
  /** Events a second. */
  readonly rate: number;
  readonly holds: boolean;
}

export interface Search {
  /** The first rate that is tried, and the lowest. */
  readonly from: number;
  readonly least: number;
  /** Done when the lowest that fails is at most so many times the highest that holds. */
  readonly within: number;
  readonly steps: number;
}

/**
 * The next rate to try: twice the last until one fails (or half of it until one holds), then between the two. Null when
 * they are near enough or the steps are used up.
 */
export function nextRate(
  points: readonly Point[],
  { from, least, within, steps }: Search,
): number | null {
  if (points.length === 0) return from;
  if (points.length >= steps) return null;
  const low = highestOf(points);
  const high = lowestFailing(points);
  if (high === null) return Math.max(...points.map(({ rate }) => rate)) * 2;
  if (low === 0) return high >= 2 * least ? Math.floor(high / 2) : null;
  if (high <= low * within) return null;
  const middle = Math.round(Math.sqrt(low * high));
  return middle === low || middle === high ? null : middle;
}

function lowestFailing(points: readonly Point[]): number | null {
  const failing = points.filter(({ holds }) => !holds).map(({ rate }) => rate);
  return failing.length === 0 ? null : Math.min(...failing);
}

/** Zero where none holds; one that holds above a rate that fails was luck and does not count. */
export function highestOf(points: readonly Point[]): number {
  const limit = lowestFailing(points) ?? Infinity;
  return Math.max(
    0,
    ...points.filter(({ rate, holds }) => holds && rate < limit).map(({ rate }) => rate),
  );
}
