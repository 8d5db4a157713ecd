// A block of the ledger, as the checks read it. That it is certified and follows is for npm run verify to say.
import type { Block } from "../../../objects/shared/types.ts";
import type { Sent, Standing } from "../check/types.ts";

export function standingOf({ header, entries, outcomes, certificate }: Block): Standing {
  const events = entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((text) => JSON.parse(text) as Sent),
  );
  return {
    height: header.height,
    time: header.time,
    digest: certificate.block,
    control: header.control !== null,
    events,
    outcomes,
  };
}
