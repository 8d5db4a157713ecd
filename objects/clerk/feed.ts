/** Agreed changes on their way to this seat's Registrars: gathered, one push at a time a shard. Losing a push costs warmth only. */
import { LIMITS } from "../shared/limits.ts";
import type { RegistrarApi } from "../shared/rpc.ts";
import type { EntityRow } from "../shared/types.ts";

interface Lane {
  /** Height up to which the Registrar was told everything. */
  told: number;
  pushing: boolean;
  readonly rows: Map<string, EntityRow>;
}

export class Feed {
  readonly #lanes: readonly Lane[];
  readonly #registrar: (shard: number) => RegistrarApi;
  readonly #shardOf: (key: string) => number;
  #height: number;

  constructor(
    shards: number,
    height: number,
    to: {
      readonly registrar: (shard: number) => RegistrarApi;
      readonly shardOf: (key: string) => number;
    },
  ) {
    this.#lanes = Array.from({ length: shards }, () => ({
      told: height,
      pushing: false,
      rows: new Map(),
    }));
    this.#registrar = to.registrar;
    this.#shardOf = to.shardOf;
    this.#height = height;
  }

  changed(height: number, rows: readonly EntityRow[]): void {
    this.#height = height;
    for (const row of rows) this.#lanes[this.#shardOf(row.key)]?.rows.set(row.key, row);
    this.#lanes.forEach((lane, shard) => {
      if (!lane.pushing) void this.#push(lane, shard);
    });
  }

  /** Pushes what has gathered until nothing has; the pause lets several blocks share a push. */
  async #push(lane: Lane, shard: number): Promise<void> {
    lane.pushing = true;
    while (lane.told < this.#height) {
      await scheduler.wait(LIMITS.registrarPushPauseMs);
      const height = this.#height;
      const rows = [...lane.rows.values()];
      lane.rows.clear();
      // Too many to gather is a gap like a lost push: the copies are dropped and filled again on demand.
      const after = rows.length > LIMITS.registrarPushKeys ? height : lane.told;
      try {
        await this.#registrar(shard).push(
          after,
          height,
          JSON.stringify(after === height ? [] : rows),
        );
        lane.told = height;
      } catch {
        // The next push starts where this one should have ended, which the Registrar sees as a gap.
        lane.told = height;
      }
    }
    lane.pushing = false;
  }
}
