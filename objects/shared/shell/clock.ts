/** The real time. */
import type { Clock } from "../clock.ts";

export const wallClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
