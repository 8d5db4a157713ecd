/** SeatsThatDifferStop: where nobody can be outvoted, a seat that has shown that the seats differ says nothing more that counts. */
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { isBinding } from "./statements.ts";

export function stops({ n, f, liars }: Options): Part {
  const shown = new Map<number, { readonly height: number; readonly at: number }>();
  if (n === 1 || f > 0) return {};
  return {
    on: {
      wiped({ seat }) {
        shown.delete(seat);
      },
      accused({ seat, incident }, at) {
        if (incident.kind !== "no-majority" || shown.has(seat)) return;
        shown.set(seat, { height: incident.height, at });
      },
      said({ seat, message, lie }, at) {
        const since = shown.get(seat);
        if (since === undefined || liars.has(seat) || lie || !isBinding(message)) return;
        // What the same step had said before still goes out.
        must(
          message.from !== seat || at <= since.at,
          "SeatsThatDifferStop",
          () => `seat ${seat} said a ${message.kind} after height ${since.height} had no majority`,
        );
      },
    },
  };
}
