/** Numbers, times and names as people read them. */

const numbers = new Intl.NumberFormat("en");
const rates = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const count = (number: number): string => numbers.format(number);
export const rate = (number: number): string => rates.format(number);
export const many = (number: number, one: string, more = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : more}`;

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly (number | string)[]): string {
  const last = items.at(-1) ?? "";
  return items.length < 2 ? String(last) : `${items.slice(0, -1).join(", ")} and ${last}`;
}

export const seatsListed = (seats: readonly number[]): string =>
  `${seats.length === 1 ? "seat" : "seats"} ${listed(seats)}`;

/** Enough of a digest to tell it from another. */
export const short = (digest: string): string => digest.slice(0, 8);

/** Time of day in UTC, of Unix milliseconds or RFC 3339 text; a dash for what is no time. */
export function timeOfDay(instant: number | string): string {
  const time = new Date(instant);
  return Number.isNaN(time.getTime()) ? "–" : time.toISOString().slice(11, 19);
}

export function isoOf(instant: number | string): string {
  const time = new Date(instant);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

const REGIONS: { readonly [hint: string]: string } = {
  wnam: "Western North America",
  enam: "Eastern North America",
  sam: "South America",
  weur: "Western Europe",
  eeur: "Eastern Europe",
  apac: "Asia-Pacific",
  oc: "Oceania",
  afr: "Africa",
  me: "Middle East",
};

/** A location hint by its name. */
export const regionName = (hint: string): string =>
  Object.hasOwn(REGIONS, hint) ? (REGIONS[hint] ?? hint) : hint;
