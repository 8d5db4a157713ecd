import { createHash } from "node:crypto";
import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { unstable_readConfig } from "wrangler";
import { UNCHECKED } from "./spec/kit/flips/unchecked.ts";
import { byFile, planted } from "./spec/simulator/planted/plant.ts";
import type { Patch } from "./spec/simulator/planted/plant.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const token = (name: string, tenant: string, scopes: string[]) => ({
  name,
  tenant,
  scopes,
  sha256: sha256(`test-token-${name}`),
});

const tokens = [
  token("all", "dev", ["submit", "read", "operate"]),
  token("submit", "dev", ["submit"]),
  token("read", "dev", ["read"]),
  token("other", "other", ["submit", "read", "operate"]),
];

// A .dev.vars in the folder is read by the pool: everything it may set is set here again, so that it cannot matter.
const { vars } = unstable_readConfig({ config: "wrangler.toml" });
const bindings = {
  ...vars,
  TOKENS: JSON.stringify(tokens),
  DEV_TOKEN: "",
  FAULT_INJECTION: "on",
  BOOT_ID: "test",
  LOG: "failures",
  // Whatever ships.
  DOMAINS: "accounts,inventory",
  DEADLINE_MS: "5000",
  ROOT_HEIGHTS: "8",
};

const migrations = await readD1Migrations("objects/ledger/migrations");

/** A plugin that loads the sources with patches in them, which must fit. */
function planting(patches: readonly Patch[]) {
  const files = new Map(
    [...byFile(patches)].map(([file, of]) => [join(import.meta.dirname, file), of]),
  );
  return {
    name: "planting",
    enforce: "pre" as const,
    transform(code: string, id: string) {
      const of = files.get(id);
      return of === undefined ? null : { code: planted(code, of), map: null };
    },
  };
}

/** What a deployment may be bound to beside: a rate limiter, and queues with somebody at both ends. */
const reader = `export default {
  async queue({ messages }, { LETTERS }) {
    for (const { id, body } of messages) await LETTERS.put(id, JSON.stringify(body));
  },
  async fetch(_, { LETTERS }) {
    const { keys } = await LETTERS.list();
    const letters = await Promise.all(keys.map(({ name }) => LETTERS.get(name, "json")));
    return Response.json(letters);
  },
};`;
const beside = {
  ratelimits: { RATE_LIMITER: { namespace_id: "1", simple: { limit: 5, period: 60 } } },
  queueProducers: { EVENTS: "assize-events", DEAD_LETTERS: "assize-dead-letters" },
  serviceBindings: { DEAD_LETTER_READER: "reader" },
  workers: [
    {
      name: "reader",
      modules: true,
      script: reader,
      compatibilityDate: "2026-08-15",
      kvNamespaces: ["LETTERS"],
      queueConsumers: { "assize-dead-letters": { maxBatchTimeout: 0 } },
    },
  ],
};

/** Specs in workerd, on the deployment that these variables make, of what else it is bound to, and of sources with patches. */
function pool(
  name: string,
  changes: Record<string, string> = {},
  { more = {}, patches = [] }: { more?: object; patches?: readonly Patch[] } = {},
) {
  return {
    plugins: [
      planting(patches),
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: { ...more, bindings: { ...bindings, ...changes, TEST_MIGRATIONS: migrations } },
      }),
    ],
    test: {
      name,
      include: [`spec/**/*.${name}.spec.ts`],
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  };
}

const unchecked = UNCHECKED.map(({ patch }) => patch);

export default defineConfig({
  test: {
    // Two workers: each one of the pool's has a workerd of its own, and CI has two cores.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "core",
          include: ["spec/**/*.core.spec.ts", "kit/**/*.core.spec.ts"],
          environment: "node",
          testTimeout: 120_000,
        },
      },
      pool("workers"),
      pool("bound", { QUEUE_TENANT: "dev" }, { more: beside }),
      pool("two-courts", { COURTS: "2" }),
      pool("crowded", { QUEUE_MS: "50" }),
      pool("seven-seats", { SEATS: "7" }),
      pool("detect", { MODE: "detect" }),
      pool("solo", { MODE: "solo" }),
      // One of each kind of table in every run of the tests; `npm run flips` asks for more.
      pool("flips", {
        // As long as they may be: what is sent again must be known however long it takes.
        WINDOW_SECONDS: "604800",
        FLIPS: process.env["FLIPS"] ?? "24",
        FLIP_SEED: process.env["FLIP_SEED"] ?? "1",
      }),
      pool("flips-planted", {}, { patches: unchecked }),
    ],
  },
});
