/** Runs seeds of one kind, under whatever the hook has planted: a {@link Job} in the arguments, a {@link Report} on standard output. */
import type { How } from "./how.ts";
import { unplanted } from "./hook.ts";
import type { Finding } from "./plant.ts";

export interface Job {
  readonly how: How;
  /** In the order they are run. */
  readonly seeds: readonly number[];
  /** Properties that count; null for any. */
  readonly found: readonly string[] | null;
  /** Ends with the first seed that fails. */
  readonly first: boolean;
}

export interface Report {
  /** Seeds that were run. */
  readonly runs: number;
  readonly failures: number;
  readonly first: (Finding & { readonly seed: number }) | null;
  /** Seeds that failed, by property, those that do not count too. */
  readonly as: Record<string, number>;
  /** A seed of each property that does not count. */
  readonly otherwise: Record<string, string>;
}

async function run(job: Job): Promise<Report> {
  if (job.how.run === "nothing")
    return { runs: 0, failures: 0, first: null, as: {}, otherwise: {} };
  const { findingOf } = await import("./runs.ts");
  let runs = 0;
  let failures = 0;
  let first: Report["first"] = null;
  const as: Record<string, number> = {};
  const otherwise: Record<string, string> = {};
  for (const seed of job.seeds) {
    if (job.first && first !== null) break;
    runs += 1;
    const finding = await findingOf(seed, job.how);
    if (finding === null) continue;
    const { property, detail } = finding;
    as[property] = (as[property] ?? 0) + 1;
    if (job.found === null || job.found.includes(property)) {
      failures += 1;
      first ??= { seed, property, detail };
    } else {
      otherwise[property] ??= `seed ${seed}: ${detail}`;
    }
  }
  return { runs, failures, first, as, otherwise };
}

const report = await run(JSON.parse(process.argv[2] ?? "") as Job);
const [missed] = unplanted();
if (missed !== undefined) throw new Error(`no run loads ${missed}: the bug was never there`);
process.stdout.write(JSON.stringify(report));
