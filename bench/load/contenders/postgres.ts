// What most would write: a relational database with one function per movement.
import { fileURLToPath } from "node:url";

import type { Contender } from "./contender.ts";
import { plainAnswers, plainPosted, plainStock } from "./plain.ts";
import { whyNot } from "./postgres/cluster.ts";
import { startService } from "./process.ts";

const script = fileURLToPath(new URL("postgres/service.ts", import.meta.url));

export const postgres: Contender = {
  name: "postgres",
  title: "Hono on Node and PostgreSQL",
  semantics: {
    idempotent: true,
    tellsReuse: true,
    nonNegative: true,
    durable: true,
    replicas: 1,
  },
  lacks: "replicas, signatures, receipts, histories; a window, after which an id is free",
  most: 1000,
  missing: () => Promise.resolve(whyNot()),
  start: async ({ folder, signal }) => {
    const { url, pid, versions, stop } = await startService(script, folder, signal);
    return {
      url,
      pid,
      versions,
      posted: (movements) => plainPosted("/movements", movements),
      answers: plainAnswers,
      stock: (items) => plainStock(`${url}/stock`, items),
      stop,
    };
  },
};
