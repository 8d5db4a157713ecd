// Restate, called at its ingress by the movement, as it is meant to be.
import { fileURLToPath } from "node:url";

import { installed, restateServer } from "../peers/installed.ts";
import type { Answer, Movement, Status } from "../movement.ts";
import type { Contender, Posted } from "./contender.ts";
import { unexpected } from "./contender.ts";
import { startService } from "./process.ts";

const script = fileURLToPath(new URL("../peers/restate.mjs", import.meta.url));
const READS = 16;

export const restate: Contender = {
  name: "restate",
  title: "Restate, a virtual object an item",
  semantics: {
    idempotent: true,
    tellsReuse: false,
    nonNegative: true,
    durable: true,
    replicas: 1,
  },
  lacks:
    "requests of many movements; an id that comes again with another movement is answered as the first was; signatures, receipts, a published record",
  most: 1,
  missing: () => Promise.resolve(installed("@restatedev/restate-sdk", restateServer())),
  start: async ({ folder, signal }) => {
    const { url, pid, versions, stop } = await startService(script, folder, signal);
    return {
      url,
      pid,
      versions,
      posted,
      answers: (status, text, movements) => [answerOf(status, text, movements)],
      stock: (items) => stock(url, items),
      stop,
    };
  },
};

function posted(movements: readonly Movement[]): Posted {
  const [only] = movements;
  if (only === undefined || movements.length > 1) throw new Error("one movement at a time");
  const { id, item, delta, note } = only;
  return {
    path: `/stock/${item}/apply`,
    headers: { "content-type": "application/json", "idempotency-key": id },
    body: JSON.stringify({ delta, note }),
  };
}

function answerOf(status: number, text: string, movements: readonly Movement[]): Answer {
  if (status !== 200) unexpected(status, text);
  const answer = JSON.parse(text) as { readonly status: Status };
  return { id: movements[0]?.id ?? "", status: answer.status, replayed: null };
}

async function stock(url: string, items: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const left = [...items];
  const reader = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      const reply = await fetch(`${url}/stock/${item}/onHand`, { method: "POST" });
      const text = await reply.text();
      if (reply.status !== 200) unexpected(reply.status, text);
      found.set(item, JSON.parse(text) as number);
    }
  };
  await Promise.all(Array.from({ length: READS }, reader));
  return found;
}
