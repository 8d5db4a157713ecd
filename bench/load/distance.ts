/**
 * Round trips between regions, for measuring what distance costs where there is none. Averages between AWS regions as published in
 * 2017 (https://acomputerscientistlearnsaws.blogspot.com/2017/04/aws-regions.html), rounded: Ireland, Frankfurt, Virginia, California,
 * Tokyo, Sydney, São Paulo stand for Cloudflare's hints. Within a region: between its data centres, which were 0.25 to 3.4 ms apart
 * (https://www.xkyle.com/Measuring-AWS-Region-and-AZ-Latency/).
 */
const ROUND_TRIPS: Readonly<Record<string, number>> = {
  "weur-weur": 2,
  "eeur-eeur": 2,
  "enam-enam": 2,
  "wnam-wnam": 2,
  "weur-eeur": 20,
  "weur-enam": 81,
  "weur-wnam": 153,
  "weur-apac": 212,
  "weur-sam": 191,
  "eeur-enam": 89,
  "eeur-wnam": 167,
  "eeur-apac": 237,
  "eeur-sam": 195,
  "enam-wnam": 73,
  "enam-apac": 145,
  "enam-sam": 120,
  "wnam-apac": 103,
  "wnam-sam": 193,
  "apac-sam": 257,
};

/** Regions by seat; the first is the leader's, the Wardens' and the client's. */
export const REGION_SETS: Readonly<Record<string, readonly string[]>> = {
  none: [],
  "one-region": ["weur", "weur", "weur", "weur"],
  europe: ["weur", "eeur", "weur", "eeur"],
  "north-america": ["enam", "wnam", "enam", "wnam"],
  atlantic: ["weur", "eeur", "enam", "wnam"],
  world: ["weur", "enam", "apac", "sam"],
};

/** What a deployment is told, so that its calls take as long. */
export function varsOf(regions: readonly string[]): Record<string, string> {
  if (regions.length === 0) return {};
  const distances = Object.entries(ROUND_TRIPS).map(([pair, ms]) => `${pair}:${ms}`);
  return { REGIONS: regions.join(","), DISTANCES: distances.join(",") };
}

/** Milliseconds one way. Throws for a pair that is in no table. */
export function oneWayMs(one: string, other: string): number {
  const ms = ROUND_TRIPS[`${one}-${other}`] ?? ROUND_TRIPS[`${other}-${one}`];
  if (ms === undefined) throw new Error(`nobody says how far ${one} is from ${other}`);
  return ms / 2;
}

/**
 * What distance alone adds to an answer, in milliseconds: to the leader, its proposal to all, prepares of a quorum at each, commits
 * of a quorum at the leader, and back. A seat has its own vote at once. The first region is the leader's.
 */
export function addedMs(regions: readonly string[], quorum = 3): number {
  const [leader] = regions;
  if (leader === undefined) return 0;
  const proposed = regions.map((region, seat) => (seat === 0 ? 0 : oneWayMs(leader, region)));
  const heard = (told: readonly number[], to: number): number => {
    const at = regions[to] ?? leader;
    const arrivals = told.map((ms, from) =>
      from === to ? ms : ms + oneWayMs(regions[from] ?? leader, at),
    );
    return arrivals.toSorted((a, b) => a - b)[quorum - 1] ?? 0;
  };
  const prepared = regions.map((_, seat) => Math.max(proposed[seat] ?? 0, heard(proposed, seat)));
  // The Warden is where the leader is: between two data centres of a region.
  return heard(prepared, 0) + 2 * oneWayMs(leader, leader);
}
