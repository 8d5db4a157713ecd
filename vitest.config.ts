import { createHash } from "node:crypto";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { unstable_readConfig } from "wrangler";

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
  DEADLINE_MS: "5000",
  ROOT_HEIGHTS: "8",
};

const migrations = await readD1Migrations("objects/ledger/migrations");

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

/** Specs in workerd, on the deployment that these variables make. */
function pool(name: string, changes: Record<string, string> = {}, more: object = {}) {
  return {
    plugins: [
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

export default defineConfig({
  test: {
    // Two workers: each one of the pool's has a workerd of its own, and CI has two cores.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "core",
          include: ["spec/**/*.core.spec.ts"],
          environment: "node",
          testTimeout: 120_000,
        },
      },
      pool("workers"),
      pool("bound", { QUEUE_TENANT: "dev" }, beside),
      pool("two-courts", { COURTS: "2" }),
      pool("seven-seats", { SEATS: "7" }),
      pool("detect", { MODE: "detect" }),
      pool("solo", { MODE: "solo" }),
      // Asked for by `npm run flips` alone: it takes about a second a byte.
      ...(process.env["FLIPS"] === undefined
        ? []
        : [
            pool("flips", {
              FLIPS: process.env["FLIPS"],
              FLIP_SEED: process.env["FLIP_SEED"] ?? "1",
            }),
          ]),
    ],
  },
});
