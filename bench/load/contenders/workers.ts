// What one would write instead on the same runtime.
import { fileURLToPath } from "node:url";

import type { Contender, Place, Running, Semantics } from "./contender.ts";
import { unexpected } from "./contender.ts";
import { plainAnswers, plainPosted, plainStock } from "./plain.ts";
import { startService } from "./process.ts";

export const workersConfiguration = fileURLToPath(
  new URL("workers/wrangler.toml", import.meta.url),
);
const script = fileURLToPath(new URL("workers/service.ts", import.meta.url));

const single: Semantics = {
  idempotent: true,
  tellsReuse: true,
  nonNegative: true,
  durable: true,
  replicas: 1,
};

export const bare: Contender = {
  name: "bare",
  title: "a bare Hono route",
  semantics: {
    idempotent: false,
    tellsReuse: false,
    nonNegative: false,
    durable: false,
    replicas: 0,
  },
  lacks: "everything: it reads the request, answers, and keeps nothing; the ceiling of the runtime",
  most: 1000,
  missing: () => Promise.resolve(null),
  start: (place) => started("bare", place),
};

export const object: Contender = {
  name: "object",
  title: "Hono and one Durable Object, a row per call",
  semantics: single,
  lacks:
    "replicas, signatures, receipts, a published record, histories; a window, after which an id is free",
  most: 1000,
  missing: () => Promise.resolve(null),
  start: (place) => started("object", place),
};

export const database: Contender = {
  name: "d1",
  title: "Hono and D1",
  semantics: single,
  lacks: "replicas, signatures, receipts, histories; a write that failed may have been done",
  most: 1000,
  missing: () => Promise.resolve(null),
  start: async (place) => {
    const running = await started("d1", place);
    const reply = await fetch(`${running.url}/d1/tables`, { method: "POST" });
    if (reply.status === 204) return running;
    await running.stop();
    return unexpected(reply.status, await reply.text());
  },
};

async function started(route: string, { folder, bundles, signal }: Place): Promise<Running> {
  const args = ["--bundle", await bundles.workers()];
  const { url, pid, versions, stop } = await startService(script, folder, signal, args);
  const keeps = route !== "bare";
  return {
    url,
    pid,
    versions,
    posted: (movements) => plainPosted(`/${route}/movements`, movements),
    answers: plainAnswers,
    stock: (items) => (keeps ? plainStock(`${url}/${route}/stock`, items) : Promise.resolve(null)),
    stop,
  };
}
