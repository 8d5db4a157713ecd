/** The deployment's configuration, from the Worker's variables. Whoever serves compares it with the genesis. */
import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { quorumOf } from "./quorum.ts";
import type { Quorum } from "./quorum.ts";

const count = (low: number, high: number) => z.coerce.number().int().min(low).max(high);

const variables = z.object({
  GENERATION: z.string().regex(/^[a-z0-9-]{1,16}$/),
  MODE: z.enum(["bft", "detect", "solo"]).default("bft"),
  SEATS: z.coerce.number().int().optional(),
  COURTS: count(1, 64).default(1),
  WARDENS: count(1, 256).default(2),
  REGISTRARS: count(1, 64).default(1),
  DOMAINS: z
    .string()
    .regex(/^[a-z]+( *, *[a-z]+)*$/)
    .default("inventory"),
  WINDOW_SECONDS: count(1, 7 * 24 * 3600).default(300),
  ROOT_HEIGHTS: count(2, 4096).default(LIMITS.rootHeights),
  DEADLINE_MS: count(100, 60_000).default(5000),
  QUEUE_MS: count(50, 60_000).default(2000),
  REGIONS: z.string().default("weur,eeur,enam,wnam"),
  DISTANCES: z
    .string()
    .regex(/^(?:[a-z]+-[a-z]+:\d{1,4}(?:,(?!$)|$))*$/)
    .default(""),
  GENESIS_DIGEST: z
    .string()
    .regex(/^([0-9a-f]{64})?$/)
    .default(""),
  FAULT_INJECTION: z.string().default(""),
  BOOT_ID: z.string().default(""),
});

export interface Deployment {
  readonly generation: string;
  readonly quorum: Quorum;
  readonly courts: number;
  readonly wardens: number;
  readonly registrars: number;
  /** Names of the domains whose events it takes, sorted. */
  readonly domains: readonly string[];
  readonly windowMs: number;
  /** Heights from one state root to the next. */
  readonly rootEvery: number;
  /** How long a submission waits for its outcome. */
  readonly deadlineMs: number;
  /** What a submission may wait before the excess of a queue that stands is refused. */
  readonly queueMs: number;
  readonly regions: readonly string[];
  /** Milliseconds of a round trip between two regions (`a-b`, either way round) that are waited for, and not had. */
  readonly distances: ReadonlyMap<string, number>;
  /** Pinned digest of the genesis, or empty. */
  readonly genesisDigest: string;
  readonly faultInjection: boolean;
  readonly bootId: string;
}

const SEATS_OF_MODE = { bft: 4, detect: 2, solo: 1 } as const;

/** Throws a `ZodError`, or a `BrokenInvariant` for an impossible number of seats. */
export function deploymentOf(env: object): Deployment {
  const v = variables.parse(env);
  return {
    generation: v.GENERATION,
    quorum: quorumOf(
      v.MODE,
      v.MODE === "bft" ? (v.SEATS ?? SEATS_OF_MODE.bft) : SEATS_OF_MODE[v.MODE],
    ),
    courts: v.COURTS,
    wardens: v.WARDENS,
    registrars: v.REGISTRARS,
    domains: [...new Set(v.DOMAINS.split(",").map((name) => name.trim()))].toSorted(),
    windowMs: v.WINDOW_SECONDS * 1000,
    rootEvery: v.ROOT_HEIGHTS,
    deadlineMs: v.DEADLINE_MS,
    queueMs: v.QUEUE_MS,
    regions: v.REGIONS.split(",").map((region) => region.trim()),
    // For measurements: like faults, of no deployment that serves.
    distances: v.FAULT_INJECTION === "on" ? distancesIn(v.DISTANCES) : new Map(),
    genesisDigest: v.GENESIS_DIGEST,
    faultInjection: v.FAULT_INJECTION === "on",
    bootId: v.BOOT_ID,
  };
}

function distancesIn(text: string): Map<string, number> {
  const pairs = text.split(",").filter((pair) => pair !== "");
  return new Map(
    pairs.map((pair): [string, number] => {
      const [between = "", ms] = pair.split(":");
      return [between, Number(ms)];
    }),
  );
}
