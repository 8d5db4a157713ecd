/** Where what was answered stands, for the log. */
export interface Place {
  readonly court: number;
  readonly height?: number;
}

/** The highest place among settled bodies; null where there is none. Nothing is parsed: it is looked for from the end. */
export function placeIn(bodies: readonly string[]): Place | null {
  let highest: Required<Place> | null = null;
  for (const body of bodies) {
    // Canonical members of a receipt; behind it are texts alone, in which a quote would be escaped.
    const receipt = body.slice(Math.max(body.lastIndexOf('"receipt":{"block":"'), 0));
    const [, court, height] =
      /"court":(\d+),"domainVersion":\d+,"height":(\d+)/.exec(receipt) ?? [];
    if (court === undefined || Number(height) <= (highest?.height ?? 0)) continue;
    highest = { court: Number(court), height: Number(height) };
  }
  return highest;
}
