/** Where a Warden has its genesis from: the seat that composes it, else any other. */
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { Refused } from "../shared/rpc.ts";
import { within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";

export interface GenesisSource {
  /** Seats of court 0. */
  readonly seats: number;
  /** Text of the genesis, as one of them has it. */
  readonly ask: (seat: number) => Promise<string>;
  /** Throws {@link Refused} if it is not one to serve by. */
  readonly check: (text: string) => Genesis;
}

export interface FoundGenesis {
  readonly text: string;
  readonly genesis: Genesis;
}

/** Only its composer waits for others. Throws {@link Refused}: what was wrong with the genesis shown, or `no-genesis` if none was. */
export async function findGenesis(source: GenesisSource, clock: Clock): Promise<FoundGenesis> {
  const attempt = async (seat: number, ms: number): Promise<FoundGenesis | Refused> => {
    const shown = source.ask(seat).catch((error: unknown) => error);
    const text = await within(clock, ms, shown);
    if (typeof text !== "string") {
      return new Refused(
        "no-genesis",
        text instanceof Error ? text.message : "no seat has shown a genesis yet",
      );
    }
    try {
      return { text, genesis: source.check(text) };
    } catch (error) {
      return error instanceof Refused
        ? error
        : new Refused("no-genesis", "a seat showed no genesis");
    }
  };
  const first = await attempt(0, LIMITS.genesisMs);
  if (!(first instanceof Refused)) return first;
  const others = Array.from({ length: source.seats - 1 }, (_, index) =>
    attempt(index + 1, LIMITS.statusMs),
  );
  const answers = await Promise.all(others);
  const found = answers.find((answer) => !(answer instanceof Refused));
  if (found !== undefined && !(found instanceof Refused)) return found;
  // What somebody showed and we cannot serve by says more than that nobody showed one.
  const refusals = [first, ...answers].filter((answer) => answer instanceof Refused);
  throw refusals.find(({ code }) => code !== "no-genesis") ?? first;
}
