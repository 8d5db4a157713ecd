// A row of the database is changed behind everybody's back: it must be noticed, and never be served.
import { setTimeout as sleep } from "node:timers/promises";

import { exchange } from "../lib/exchange.ts";
import { isAtRest } from "./arena.ts";
import { RECOVERY_MS } from "./field.ts";
import type { Field } from "./field.ts";
import { textOf } from "./check/types.ts";
import type { Outcome } from "./check/types.ts";
import { Unmet } from "./unmet.ts";

const POLL_MS = 250;

interface Incident {
  readonly kind: string;
}

/** What is read of a block. */
interface Shown {
  readonly outcomes: readonly string[];
}

/**
 * The latest accepted outcome becomes a rejection; the load stands still for that moment, so that it is known which. Who asks for it
 * and cannot be served makes the seats look.
 */
export async function tampered({ arena, load }: Field): Promise<string> {
  const { limit } = load;
  load.hold(0);
  await arena.until("everything published", isAtRest, RECOVERY_MS);
  const before = await damages(arena);
  const victim = await latestAccepted(arena);
  await arena.demand("POST", "/v1/ledger/fault", { kind: "tamper" });
  load.hold(limit);
  const end = performance.now() + RECOVERY_MS;
  try {
    do {
      if (performance.now() > end) throw new Unmet("no incident tells of the tampered row");
      await demandUnserved(arena, victim);
      await sleep(POLL_MS, undefined, { signal: arena.access.signal });
    } while ((await damages(arena)) <= before);
    await demandUnserved(arena, victim);
  } finally {
    await arena.demand("POST", "/v1/ledger/fault", { kind: "heal" });
  }
  await demandServed(arena, victim);
  return `the outcome at ${victim.height}.${victim.index} tampered with in the database`;
}

/** An outcome and all places it is shown at. */
interface Victim {
  readonly height: number;
  readonly index: number;
  readonly text: string;
  /** Effects of the system are no events that can be asked for. */
  readonly event: string | null;
}

async function damages(arena: Field["arena"]): Promise<number> {
  let count = 0;
  for (let after: string | null = ""; after !== null;) {
    const query = after === "" ? "" : `?after=${after}`;
    const page = (await arena.demand("GET", `/v1/courts/0/incidents${query}`)) as {
      readonly items: readonly Incident[];
      readonly next: string | null;
    };
    count += page.items.filter(({ kind }) => kind.startsWith("ledger-")).length;
    after = page.next;
  }
  return count;
}

async function latestAccepted(arena: Field["arena"]): Promise<Victim> {
  for (let { height } = await arena.court(); height > 0; height -= 1) {
    const { outcomes } = (await arena.demand("GET", blockPath(height))) as Shown;
    const index = outcomes.findLastIndex(
      (text) => (JSON.parse(text) as Outcome).status === "accepted",
    );
    const text = outcomes[index];
    if (text === undefined) continue;
    const { id, source, type } = JSON.parse(text) as Outcome;
    const path = `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;
    return { height, index, text, event: type.startsWith("assize.") ? null : path };
  }
  throw new Unmet("the ledger has no accepted outcome to tamper with");
}

const blockPath = (height: number): string => `/v1/courts/0/blocks/${height}`;

const accountOf = ({ id, source, status, changes }: Outcome): string =>
  textOf({ id, source, status, changes });

/** What is false of what is shown; an error is as good as the true answer. */
async function falsehood({ access }: Field["arena"], victim: Victim): Promise<string | null> {
  const { height, index, text, event } = victim;
  const block = await exchange(access, "GET", blockPath(height));
  const shown = block?.status === 200 ? (block.body as Shown).outcomes[index] : text;
  if (shown !== text) return `block ${height} shows ${shown}`;
  const reply = event === null ? null : await exchange(access, "GET", event);
  if (reply?.status !== 200) return null;
  const account = accountOf(reply.body as Outcome);
  return account === accountOf(JSON.parse(text) as Outcome) ? null : `${event} shows ${account}`;
}

async function demandUnserved(arena: Field["arena"], victim: Victim): Promise<void> {
  const found = await falsehood(arena, victim);
  if (found !== null) throw new Unmet(`the tampered row was served: ${found}`);
}

/** Once it is healed. */
async function demandServed(arena: Field["arena"], victim: Victim): Promise<void> {
  await arena.demand("GET", blockPath(victim.height));
  if (victim.event !== null) await arena.demand("GET", victim.event);
  await demandUnserved(arena, victim);
}
