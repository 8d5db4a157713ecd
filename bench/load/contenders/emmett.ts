// Emmett, the event-sourcing library, on PostgreSQL.
import { fileURLToPath } from "node:url";

import { installed } from "../peers/installed.ts";
import type { Contender } from "./contender.ts";
import { plainAnswers, plainPosted, plainStock } from "./plain.ts";
import { whyNot } from "./postgres/cluster.ts";
import { startService } from "./process.ts";

const script = fileURLToPath(new URL("../peers/emmett.mjs", import.meta.url));
const packages = ["@event-driven-io/emmett", "@event-driven-io/emmett-postgresql"];

export const emmett: Contender = {
  name: "emmett",
  title: "Hono on Node and Emmett on PostgreSQL",
  semantics: {
    idempotent: true,
    tellsReuse: true,
    nonNegative: true,
    durable: true,
    replicas: 1,
  },
  lacks:
    "one transaction for a request of several items; ids are remembered by reading the item's whole stream; replicas, signatures, receipts",
  most: 1000,
  missing: () => Promise.resolve(whyNot() ?? installed(...packages)),
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
