/** What a Warden still takes when callers wait too long. */
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { mostWaiting, NO_CROWD, noted, refused } from "../objects/warden/core/crowd.ts";
import type { Crowd } from "../objects/warden/core/crowd.ts";

const NOW = 1_800_000_000_000;
const TARGET = 400;

/** A call answered every `everyMs`, each having waited so long behind so many. */
function answeredFor(
  ms: number,
  { from = NOW, everyMs = 100, crowd = NO_CROWD, waitedMs = 1_600, ahead = 2_000 } = {},
): Crowd {
  let so = crowd;
  for (let at = from; at <= from + ms; at += everyMs)
    so = noted(so, { waitedMs, ahead }, { now: at, targetMs: TARGET });
  return so;
}

/** A server that decides so many a second, offered more: how long who is taken waits, per second. */
function overloaded(rate: number, offered: number, seconds: number): number[] {
  const stepMs = 100;
  let crowd = NO_CROWD;
  const queue: { at: number; ahead: number }[] = [];
  const longest: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    let most = 0;
    for (let step = 0; step < 1_000 / stepMs; step += 1) {
      const now = NOW + second * 1_000 + step * stepMs;
      for (let decided = 0; decided < (rate * stepMs) / 1_000; decided += 1) {
        const first = queue.shift();
        if (first === undefined) break;
        const waitedMs = now - first.at;
        most = Math.max(most, waitedMs);
        crowd = noted(crowd, { waitedMs, ahead: first.ahead }, { now, targetMs: TARGET });
      }
      for (let came = 0; came < (offered * stepMs) / 1_000; came += 1)
        if (queue.length < mostWaiting(crowd, now))
          queue.push({ at: now, ahead: queue.length + 1 });
        else crowd = refused(crowd, now);
    }
    longest.push(most);
  }
  return longest;
}

describe("a queue at a Warden", () => {
  it("NoteSlowAnswer: a burst is taken, however long it waits", () => {
    const burst = answeredFor(LIMITS.standingMs - 100);
    expect(mostWaiting(burst, NOW + LIMITS.standingMs)).toBe(LIMITS.pendingEvents);
  });

  it("NoteSlowAnswer: once it stands, as much is taken as could be decided in time", () => {
    const standing = answeredFor(LIMITS.standingMs);
    expect(mostWaiting(standing, NOW + LIMITS.standingMs)).toBe(500);
    const slower = answeredFor(LIMITS.standingMs, { waitedMs: 80_000 });
    expect(mostWaiting(slower, NOW + LIMITS.standingMs)).toBe(LIMITS.pendingLeast);
  });

  it("NoteSlowAnswer: what was slow long ago does not count", () => {
    const old = answeredFor(LIMITS.standingMs);
    const later = NOW + LIMITS.standingMs + LIMITS.calmMs + 1;
    expect(mostWaiting(old, later)).toBe(LIMITS.pendingEvents);
    const again = answeredFor(0, { crowd: old, from: later });
    expect(mostWaiting(again, later)).toBe(LIMITS.pendingEvents);
  });

  it("NoteQuickAnswer: one quick answer ends a burst, and lets more wait where a queue stands", () => {
    const burst = answeredFor(LIMITS.standingMs - 100);
    const ended = answeredFor(0, { crowd: burst, from: NOW + 4_950, waitedMs: 100, ahead: 100 });
    expect(ended).toEqual(NO_CROWD);
    const standing = answeredFor(LIMITS.standingMs);
    const quick = { from: NOW + 6_000, waitedMs: 100, ahead: 500, crowd: standing };
    expect(mostWaiting(answeredFor(0, quick), NOW + 6_000)).toBe(687);
  });

  it("NoteQuickAnswer: it is over when nobody has waited too long for a while", () => {
    const standing = answeredFor(LIMITS.standingMs);
    const quick = { waitedMs: 100, ahead: 100, crowd: standing };
    const calm = answeredFor(LIMITS.calmMs + 200, {
      ...quick,
      from: NOW + LIMITS.standingMs + 100,
    });
    expect(calm).toEqual(NO_CROWD);
  });

  it.each([
    [400, 800],
    [1_000, 5_000],
    [2_000, 2_500],
  ])(
    "RefuseOverload: with %i events/s decided and %i offered, who is taken is answered in time",
    (rate, offered) => {
      const longest = overloaded(rate, offered, 60);
      expect(Math.max(...longest.slice(0, 5))).toBeGreaterThan(TARGET);
      expect(Math.max(...longest.slice(30))).toBeLessThanOrEqual(1.25 * TARGET);
    },
  );

  it("RefuseOverload: what it can decide is never refused", () => {
    const longest = overloaded(1_000, 900, 30);
    expect(Math.max(...longest)).toBeLessThanOrEqual(TARGET);
  });
});
