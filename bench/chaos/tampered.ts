// A row of the database is changed behind everybody's back: it must be noticed, and never be served.
import { setTimeout as sleep } from "node:timers/promises";

import { exchange } from "../lib/exchange.ts";
import { isAtRest } from "./arena.ts";
import { RECOVERY_MS } from "./field.ts";
import type { Field } from "./field.ts";
import { textOf } from "./check/types.ts";
import type { Change } from "./check/types.ts";
import { Unmet } from "./unmet.ts";

const POLL_MS = 100;

interface Incident {
  readonly kind: string;
}

/** What is read of an event, and of one in a page. */
interface Shown {
  readonly id: string;
  readonly source: string;
  readonly status: string;
  readonly changes?: readonly Change[];
}

/** The latest accepted outcome becomes a rejection; the load stands still until that is noticed, so that it is known which. */
export async function tampered({ arena, load }: Field): Promise<string> {
  const { limit } = load;
  load.hold(0);
  await arena.until("everything published", isAtRest, RECOVERY_MS);
  const before = await damages(arena);
  const victim = await latestAccepted(arena);
  await arena.demand("POST", "/v1/ledger/fault", { kind: "tamper" });
  const end = performance.now() + RECOVERY_MS;
  try {
    while ((await damages(arena)) <= before) {
      await demandUnserved(arena, victim);
      if (performance.now() > end) throw new Unmet("no incident tells of the tampered row");
      await sleep(POLL_MS, undefined, { signal: arena.access.signal });
    }
    await demandUnserved(arena, victim);
  } finally {
    await arena.demand("POST", "/v1/ledger/fault", { kind: "heal" });
    load.hold(limit);
  }
  const healed = await arena.demand("GET", pathOf(victim));
  if (accountOf(healed as Shown) !== accountOf(victim))
    throw new Unmet(`healed, ${pathOf(victim)} is ${textOf(healed)}`);
  return `the outcome of ${victim.source} ${victim.id} tampered with in the database`;
}

const pathOf = ({ id, source }: Shown): string =>
  `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;

const accountOf = ({ id, source, status, changes }: Shown): string =>
  textOf({ id, source, status, changes });

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

async function latestAccepted(arena: Field["arena"]): Promise<Shown> {
  const { height } = await arena.court();
  for (let at = height; at > 0; at -= 1) {
    const block = (await arena.demand("GET", `/v1/courts/0/blocks/${at}`)) as {
      readonly outcomes: readonly string[];
    };
    const shown = block.outcomes.map((text) => JSON.parse(text) as Shown);
    const found = shown.findLast(({ status }) => status === "accepted");
    if (found !== undefined) return found;
  }
  throw new Unmet("the ledger has no accepted outcome to tamper with");
}

/** An error is as good as the true answer; the false one is not. */
async function demandUnserved({ access }: Field["arena"], victim: Shown): Promise<void> {
  const reply = await exchange(access, "GET", pathOf(victim));
  if (reply?.status !== 200) return;
  const shown = accountOf(reply.body as Shown);
  if (shown !== accountOf(victim)) throw new Unmet(`the tampered row was served: ${shown}`);
}
