// Ours, as `npm run serve` runs it: four seats, signatures, publishing to the database.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { elementsOf } from "../../lib/contract.ts";
import type { Answer as Element, Stock } from "../../lib/contract.ts";
import { exchange } from "../../lib/exchange.ts";
import { freePort } from "../../lib/ports.ts";
import { startServer } from "../../lib/server.ts";
import { verifyFlaws } from "../../lib/verify-flaws.ts";
import { root } from "../../lib/tools.ts";
import { freshVars } from "../../lib/vars.ts";
import { countersIn } from "../counters.ts";
import { varsOf } from "../distance.ts";
import type { Answer, Movement, Status } from "../movement.ts";
import { versionOf } from "../machine.ts";
import type { Contender, Place, Running } from "./contender.ts";
import { unexpected } from "./contender.ts";

const WAREHOUSE = "main";
/** Characters that a movement's reason may have; a longer note goes beside the event, and is read and not kept. */
const REASON = 256;
const READS = 16;
const READ_TRIES = 40;

const STATUSES: Readonly<Record<string, Status>> = {
  accepted: "accepted",
  rejected: "rejected",
  conflict: "conflict",
};

export const assize: Contender = {
  name: "assize",
  title: "Assize, four seats",
  semantics: { idempotent: true, tellsReuse: true, nonNegative: true, durable: true, replicas: 4 },
  lacks: "ids for ever: a replay is told for the window, five minutes here",
  most: 1000,
  missing: () => Promise.resolve(null),
  start,
};

async function start({ folder, bundles, signal, inspected, regions }: Place): Promise<Running> {
  const inspector = inspected ? { inspector: await freePort() } : {};
  const bundle = await bundles.assize();
  const vars = { ...freshVars(), ...varsOf(regions) };
  const server = await startServer({ persist: folder, bundle, signal, vars, ...inspector });
  const { url, token, group: pid } = server;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const access = { url, token, signal };
  const ready = await exchange(access, "GET", "/v1/ready");
  const { genesis } = (ready?.body ?? {}) as { readonly genesis?: string };
  if (genesis === undefined) throw new Error("the server does not tell its genesis");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  return {
    url,
    pid,
    ...inspector,
    versions: { assize: version, workerd: versionOf("workerd"), hono: versionOf("hono") },
    posted: (movements) => ({
      path: "/v1/events",
      headers,
      // An array of one too, so that every reply reads alike.
      body: JSON.stringify(movements.map(eventOf)),
    }),
    answers: (status, text, movements) => {
      if (status !== 200) unexpected(status, text);
      return elementsOf({ status, body: JSON.parse(text) as unknown }, movements).map(answerOf);
    },
    stock: async (items) => {
      const found = new Map<string, number>();
      const left = [...items];
      const reader = async (): Promise<void> => {
        for (let item = left.pop(); item !== undefined; item = left.pop())
          found.set(item, await onHand(access, item));
      };
      await Promise.all(Array.from({ length: READS }, reader));
      return found;
    },
    verify: () => verifyFlaws(access, genesis),
    counters: async () => {
      const reply = await fetch(`${url}/metrics`, { headers, signal });
      return countersIn(await reply.text());
    },
    stop: () => server.stop(),
  };
}

/** A producer is a source, and its events go through one Warden. */
function eventOf({ id, item, delta, note, producer }: Movement): object {
  const kept = note.length > 0 && note.length <= REASON;
  const data = { item, warehouse: WAREHOUSE, delta, reason: kept ? note : "bench" };
  const event = { id, source: `/producers/${producer}`, type: "stock.adjusted", data };
  return kept || note === "" ? event : { ...event, note };
}

function answerOf(element: Element): Answer {
  const status = STATUSES[element.status];
  if (status === undefined)
    throw new Error(`${element.status} ${JSON.stringify(element.problem)?.slice(0, 200)}`);
  return { id: element.id, status, replayed: element.replayed === true };
}

/** As agreed; 0 where there is none. */
async function onHand(access: Parameters<typeof exchange>[0], item: string): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const reply = await exchange(access, "GET", `/v1/entities/stock/${item}@${WAREHOUSE}`);
    if (reply?.status === 200) return (reply.body as { readonly state: Stock }).state.onHand;
    if (reply?.status === 404) return 0;
    if (tries === READ_TRIES) unexpected(reply?.status ?? 0, `no stock of ${item} is read`);
  }
}
