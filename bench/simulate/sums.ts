/** What all runs of a kind came to, told as they go and at the end. */
import type { Kind, Run } from "./jobs.ts";

const PROGRESS_MS = 10_000;
/** Failures told in full; of others one line. */
const TOLD = 3;

export class Sums {
  runs = 0;
  events = 0;
  readonly failures: Run[] = [];
  /** Of the last run. */
  digest = "";
  readonly #counts = new Map<string, number>();
  readonly #started = performance.now();
  #toldAt = performance.now();
  readonly #of: number;
  readonly #kind: Kind;

  constructor(of: number, kind: Kind) {
    this.#of = of;
    this.#kind = kind;
  }

  add(result: Run): void {
    this.runs += 1;
    this.digest = result.digest;
    this.events += result.events;
    for (const [name, count] of Object.entries(result.counts))
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    if (result.failure !== null) this.#fail(result);
    if (performance.now() < this.#toldAt + PROGRESS_MS) return;
    this.#toldAt = performance.now();
    say(`${this.runs} of ${this.#of} seeds, ${this.failures.length} failed, ${this.#rate()}`);
  }

  print(): void {
    say("");
    for (const [name, count] of [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      say(`${String(count).padStart(12)}  ${name}`);
    say("");
    say(
      `${this.runs} seeds${flags(this.#kind)}, ${this.failures.length} failed, ${this.events} simulated events`,
    );
    say(this.#rate());
  }

  #rate(): string {
    const seconds = (performance.now() - this.#started) / 1000;
    const events = Math.round(this.events / seconds);
    return `${events} simulated events/s, ${(this.runs / seconds).toFixed(1)} seeds/s`;
  }

  #fail(result: Run): void {
    const { failure, seed, parameters, trace } = result;
    this.failures.push(result);
    say(`\nseed ${seed}: ${failure?.kind ?? ""}: ${failure?.detail ?? ""}`);
    say(`again: npm run simulate -- --seeds 1 --seed ${seed}${flags(this.#kind)}`);
    if (this.failures.length > TOLD) return;
    for (const line of [...parameters, ...trace]) say(`  ${line}`);
  }
}

function flags({ options, directed }: Kind): string {
  const given = Object.entries(options).map(([name, value]) => {
    const text = String(value);
    return ` --${name} ${text.includes(" ") ? `"${text}"` : text}`;
  });
  return `${directed ? " --directed" : ""}${given.join("")}`;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
