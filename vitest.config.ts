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
  DEADLINE_MS: "5000",
  ROOT_HEIGHTS: "8",
};

const migrations = await readD1Migrations("objects/ledger/migrations");

/** Specs in workerd, on the deployment that these variables make. */
function pool(name: string, changes: Record<string, string> = {}) {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: { bindings: { ...bindings, ...changes, TEST_MIGRATIONS: migrations } },
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
          include: ["spec/**/*.core.spec.ts", "kit/**/*.core.spec.ts"],
          environment: "node",
          testTimeout: 120_000,
        },
      },
      pool("workers"),
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
