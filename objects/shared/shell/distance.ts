/** Distance between regions where there is none: what a deployment for measurements waits on the way to another object, and back. */
import { pause } from "../clock.ts";
import type { Clock } from "../clock.ts";

type Call = (...given: unknown[]) => Promise<unknown>;
type Calls = Readonly<Record<string | symbol, Call>>;

/** A stub whose calls take so long, there and back. With 0 it is the stub itself. */
// Rule: DistanceIsWaitedFor.
export function distant<T extends object>(stub: T, roundTripMs: number, clock: Clock): T {
  if (roundTripMs === 0) return stub;
  return new Proxy(stub, {
    get(target, name): Call {
      return async (...given) => {
        await pause(clock, Math.floor(roundTripMs / 2));
        // Called as a member: a stub's method is remote all through, and has no `apply` of its own.
        const came = await (target as unknown as Calls)[name]?.(...given);
        await pause(clock, Math.ceil(roundTripMs / 2));
        return came;
      };
    },
  });
}
