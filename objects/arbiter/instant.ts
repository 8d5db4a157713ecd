/** RFC 3339 texts of block times, by integer arithmetic: domain code has no `Date`. Proleptic Gregorian, years 1970–9999. */

const DAY_MS = 86_400_000;
/** Days from 0000-03-01, where leap days end the year, to 1970-01-01; and days of 400 years. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

/** `2026-11-22T10:00:00.000Z` of Unix milliseconds; such texts sort as their times do. */
export function instantText(ms: number): string {
  const time = ms % DAY_MS;
  const days = (ms - time) / DAY_MS + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days % ERA_DAYS;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date}T${clockText(time)}Z`;
}

function clockText(time: number): string {
  const [hours, minutes, seconds] = [3_600_000, 60_000, 1000].map((unit) =>
    Math.floor(time / unit),
  );
  const [hour, minute, second] = [hours ?? 0, (minutes ?? 0) % 60, (seconds ?? 0) % 60];
  return `${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}.${padded(time % 1000, 3)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{3})Z$/;

/** Unix milliseconds of a text made by {@link instantText}, or null. */
export function instantOf(text: string): number | null {
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] =
    INSTANT.exec(text)?.map(Number) ?? [];
  const marchYear = month <= 2 ? year - 1 : year;
  const marchMonth = (month + 9) % 12;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const days = 365 * marchYear + leapDays + Math.floor((153 * marchMonth + 2) / 5) + day - 1;
  const instant = (days - EPOCH_DAYS) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  // Made again, so that no 31 February and no other form passes.
  return instant >= 0 && instantText(instant) === text ? instant : null;
}
