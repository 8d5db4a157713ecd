/** Which seats are near a reader: a guess from the continent, good enough for copies that say their height. */

// Location hints of Durable Objects, nearest first.
const NEAR: { readonly [continent: string]: readonly string[] } = {
  AF: ["afr", "weur", "me", "eeur", "enam", "sam", "apac", "oc", "wnam"],
  AS: ["apac", "me", "eeur", "oc", "weur", "wnam", "afr", "enam", "sam"],
  EU: ["weur", "eeur", "me", "enam", "afr", "wnam", "apac", "sam", "oc"],
  NA: ["enam", "wnam", "weur", "sam", "eeur", "apac", "oc", "afr", "me"],
  OC: ["oc", "apac", "wnam", "me", "enam", "sam", "weur", "eeur", "afr"],
  SA: ["sam", "enam", "wnam", "weur", "afr", "eeur", "oc", "me", "apac"],
};

/** Seats by the distance of their regions from a continent (two letters, as in `request.cf`); in order where it is unknown. */
export function seatsByDistance(
  regions: readonly string[],
  continent: string | undefined,
): number[] {
  const near = NEAR[continent ?? ""] ?? [];
  const distance = (seat: number) => {
    const place = near.indexOf(regions[seat] ?? "");
    return place === -1 ? near.length : place;
  };
  return regions.map((_, seat) => seat).toSorted((a, b) => distance(a) - distance(b) || a - b);
}
