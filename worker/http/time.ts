/** Timestamps of clients: RFC 3339, which is narrower than what `Date` reads and wider than what it writes. */

const SHAPE =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

export interface Instant {
  /** The same instant in UTC, with the fraction as it was written. */
  readonly text: string;
  /** Unix milliseconds, rounded down. */
  readonly ms: number;
}

/** Null for anything that is no instant: the 30th of February, an hour 24, a year outside 0000 to 9999. */
export function instantOf(text: string): Instant | null {
  const [, ...parts] = SHAPE.exec(text) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (parts.length === 0 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) {
    return null;
  }
  const [fraction = "", sign = "+", offsetHours = "0", offsetMinutes = "0"] = parts.slice(6);
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const date = new Date(0);
  // Date.UTC reads years below 100 as of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === "-" ? -1 : 1);
  date.setUTCHours(hour, minute - offset, 0, 0);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return null;
  // A leap second exists only at the end of a UTC day; Unix time has none, so it counts as the second before.
  const leap = second === 60;
  if (leap && (date.getUTCHours() !== 23 || date.getUTCMinutes() !== 59)) return null;
  const seconds = String(second).padStart(2, "0");
  const thousandths = Number(fraction.slice(1, 4).padEnd(3, "0"));
  return {
    text: `${date.toISOString().slice(0, 17)}${seconds}${fraction}Z`,
    ms: date.getTime() + (leap ? 59_999 : second * 1000 + thousandths),
  };
}
