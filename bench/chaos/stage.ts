// One scenario on a deployment: the load, the blows at their places in it, and what was seen of both.
import { setTimeout as sleep } from "node:timers/promises";

import { Dice } from "../../spec/kit/dice.ts";
import { OutOfContract } from "../lib/contract.ts";
import type { InvoiceLine } from "../lib/sample.ts";
import type { Arena, Sample } from "./arena.ts";
import { recovered } from "./blows.ts";
import type { Field } from "./field.ts";
import { queuesOf } from "./load/events.ts";
import { Load } from "./load/load.ts";
import { Log } from "./load/log.ts";
import type { Scenario } from "./scenarios.ts";
import { Unmet } from "./unmet.ts";

const TELL_MS = 500;
/** What is seen so long after the load still belongs to it. */
const AFTER_MS = 300;

export interface Scale {
  readonly events: number;
  readonly blows: number;
  /** Events of an array, at most. */
  readonly request: number;
  readonly downSeconds: number;
}

export interface Performance {
  readonly arena: Arena;
  readonly scenario: Scenario;
  readonly scale: Scale;
  readonly seed: number;
  readonly lines: readonly InvoiceLine[];
  readonly say: (step: string, detail?: string) => void;
}

/** Milliseconds of the monotonic clock. */
export interface Struck {
  readonly label: string;
  readonly at: number;
  /** When the harm was over … */
  readonly over: number;
  /** … and when all seats voted again at one height. */
  readonly recovered: number;
}

export interface Seen {
  readonly log: Log;
  readonly sent: number;
  readonly from: number;
  readonly to: number;
  readonly struck: readonly Struck[];
  readonly samples: readonly Sample[];
  /** What was promised and did not come. */
  readonly unmet: readonly string[];
}

export async function perform(given: Performance): Promise<Seen> {
  const { arena, scenario, scale, seed, lines } = given;
  const dice = new Dice(seed);
  const own = (): Dice => new Dice(dice.below(2 ** 31));
  const log = new Log();
  const manners = { leaving: false };
  const volume = { events: scale.events, run: `${scenario.name}-${seed}`, request: scale.request };
  const queues = queuesOf(lines, volume, own());
  const ending = new AbortController();
  const signal = AbortSignal.any([arena.access.signal, ending.signal]);
  const access = { ...arena.access, signal };
  const load = new Load(queues, { access, log, dice: own(), manners });
  const share = 0.3 / scale.blows;
  const { downSeconds } = scale;
  const field = { arena, load, manners, dice: own(), downSeconds, share };
  const struck: Struck[] = [];
  const first = arena.samples.length;
  const from = performance.now();
  const unmet: string[] = [];
  const note = (error: unknown): void => {
    const found = error instanceof Unmet || error instanceof OutOfContract;
    if (!found || arena.access.signal.aborted) throw error;
    unmet.push(error.message);
  };
  const telling = tell(given, load);
  const blowing = blows(given, field, struck).catch(note);
  try {
    // What neither can go on after ends the other too.
    await Promise.all([load.run().catch(note), blowing.finally(() => load.hold(Infinity))]);
  } finally {
    clearInterval(telling);
    ending.abort();
  }
  const to = performance.now();
  await sleep(AFTER_MS, undefined, { signal: arena.access.signal });
  return {
    log,
    sent: log.entries.size,
    from,
    to,
    struck,
    samples: arena.samples.slice(first),
    unmet,
  };
}

function tell({ say, scenario }: Performance, load: Load): NodeJS.Timeout {
  return setInterval(
    () => say(scenario.name, `${Math.floor(load.progress * 100)} % of ${load.total} events`),
    TELL_MS,
  );
}

/**
 * Each at its place in the load, wherever the clock is by then: the load does not pass the place of the next blow, which
 * waits for the recovery from the one before it.
 */
async function blows(given: Performance, field: Field, struck: Struck[]): Promise<void> {
  const { scenario, scale } = given;
  const { load, dice } = field;
  const places = Array.from(
    { length: scale.blows },
    (_, index) => (index + 0.3 + dice.below(400) / 1000) / scale.blows,
  );
  load.hold(places[0] ?? Infinity);
  for (const [index, place] of places.entries()) {
    await load.reached(place);
    load.hold(places[index + 1] ?? Infinity);
    // Requests are under way again.
    await load.reached(load.progress + 1 / load.total);
    const at = performance.now();
    const label = await scenario.blow(index, dice)(field);
    const over = performance.now();
    await recovered(field);
    struck.push({ label, at, over, recovered: performance.now() });
  }
}
