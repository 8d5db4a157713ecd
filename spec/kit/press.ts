/** Publishers of a court's seats over a real D1, each with a chain of real blocks, on a clock that waiting moves on. */
import { vi } from "vitest";
import type { SeatIncident } from "../../objects/clerk/incidents.ts";
import { Publisher } from "../../objects/clerk/publisher.ts";
import type { Ledger } from "../../objects/ledger/ledger.ts";
import { known } from "../../objects/shared/assert.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { nameOf } from "../../objects/shared/names.ts";
import type { Block, Outcome } from "../../objects/shared/types.ts";
import type { Scribe } from "./blocks.ts";

export class PressRoom {
  readonly blocks: readonly Block[];
  leader = 0;
  /** Lowest height whose block a seat holds. */
  readonly lowest = new Map<number, number>();
  readonly #scribe: Scribe;
  readonly #ledger: Ledger;
  readonly #incidents = new Map<number, SeatIncident[]>();
  readonly #places = new Map<number, string>();
  readonly #steps = new Map<number, number>();
  readonly #backlogs = new Map<number, number>();
  readonly #publishers = new Map<number, Publisher>();
  #height: number;
  #now = 1_000_000;
  #open = true;

  constructor(scribe: Scribe, ledger: Ledger, blocks: readonly Block[]) {
    this.#scribe = scribe;
    this.#ledger = ledger;
    this.blocks = blocks;
    this.#height = blocks.length;
  }

  /** A life of a seat; it ends with the next. */
  seated(seat: number): Publisher {
    const publisher = this.#publisher(seat);
    this.#publishers.set(seat, publisher);
    return publisher;
  }

  incidents(seat: number, kind?: SeatIncident["kind"]): SeatIncident[] {
    const all = this.#incidents.get(seat) ?? [];
    return kind === undefined ? all : all.filter((incident) => incident.kind === kind);
  }

  /** How many steps of its walk a seat has taken, over all its lives. */
  steps(seat: number): number {
    return this.#steps.get(seat) ?? 0;
  }

  /** Blocks that a seat last said are agreed and not held by the Ledger. */
  backlog(seat: number): number {
    return this.#backlogs.get(seat) ?? 0;
  }

  /** No block above this height is decided yet. */
  decideUpTo(height: number): void {
    this.#height = height;
  }

  /** Time passes, and the seats are woken now and then, until the condition holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    await vi.waitUntil(
      () => {
        this.pass(LIMITS.patrolPauseMs);
        return condition();
      },
      { timeout: 60_000, interval: 10 },
    );
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const publisher of this.#publishers.values()) publisher.wake();
  }

  /** Lets nobody go on. */
  close(): void {
    this.#open = false;
  }

  #publisher(seat: number): Publisher {
    const name = nameOf(this.#scribe.genesis.document.generation, {
      kind: "clerk",
      court: 0,
      seat,
    });
    const alive = () => this.#open && this.#publishers.get(seat) === publisher;
    const publisher: Publisher = new Publisher({
      ledger: this.#ledger,
      genesis: this.#scribe.genesis,
      court: 0,
      seat,
      key: this.#scribe.genesis.document.keys[name] ?? "",
      sign: this.#scribe.seat(0, seat),
      chain: this.#chain(seat),
      incidents: { recordOnce: (incident) => this.#record(seat, incident) },
      clock: {
        now: () => this.#now,
        wait: async (ms) => {
          await scheduler.wait(1);
          this.#now += ms;
        },
      },
      voice: alive,
      leads: () => this.leader === seat,
      backlog: (blocks) => void this.#backlogs.set(seat, blocks),
      damaged: (error) => {
        throw error;
      },
      versionOf: (key) => this.#versions().get(key) ?? 0,
      place: {
        get: () => this.#places.get(seat) ?? null,
        put: (text) => {
          this.#places.set(seat, text);
          this.#steps.set(seat, this.steps(seat) + 1);
        },
      },
    });
    return publisher;
  }

  #chain(seat: number) {
    const lowest = () => this.lowest.get(seat) ?? 1;
    const at = (height: number) => known(this.blocks[height - 1], `block ${height}`);
    return {
      height: () => this.#height,
      lowest,
      head: (height: number) => at(height),
      block: (height: number) =>
        height < lowest() || height > this.#height ? undefined : at(height),
      above: (height: number, count: number) =>
        this.blocks.slice(height, Math.min(height + count, this.#height)),
    };
  }

  #record(seat: number, incident: SeatIncident): void {
    const all = this.#incidents.get(seat) ?? [];
    const text = JSON.stringify(incident);
    if (!all.some((other) => JSON.stringify(other) === text)) all.push(incident);
    this.#incidents.set(seat, all);
  }

  #versions(): Map<string, number> {
    const versions = new Map<string, number>();
    for (const text of this.blocks.slice(0, this.#height).flatMap(({ outcomes }) => outcomes)) {
      const { tenant, changes } = JSON.parse(text) as Outcome;
      for (const { entity, version } of changes) versions.set(`${tenant}/${entity}`, version);
    }
    return versions;
  }
}
