/** Agreed changes on their way to this seat's Registrars: gathered, one push at a time a shard. Losing a push costs warmth only. */
import { called, pause, within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import { LIMITS } from "../shared/limits.ts";
import type { RegistrarApi } from "../shared/rpc.ts";
import type { EntityRow } from "../shared/types.ts";

interface Lane {
  /** Height up to which the Registrar was told everything. */
  told: number;
  pushing: boolean;
  rows: Map<string, EntityRow>;
  /** UTF-16 units of the gathered states. */
  size: number;
  /** Too much has gathered to be told: the Registrar forgets its copies instead, and fills them again on demand. */
  overflown: boolean;
}

export class Feed {
  readonly #lanes: readonly Lane[];
  readonly #registrar: (shard: number) => Pick<RegistrarApi, "push">;
  readonly #shardOf: (key: string) => number;
  readonly #clock: Clock;
  #height: number;

  constructor(
    shards: number,
    height: number,
    to: {
      readonly registrar: (shard: number) => Pick<RegistrarApi, "push">;
      readonly shardOf: (key: string) => number;
      readonly clock: Clock;
    },
  ) {
    this.#lanes = Array.from({ length: shards }, () => {
      return { told: height, pushing: false, rows: new Map(), size: 0, overflown: false };
    });
    this.#registrar = to.registrar;
    this.#shardOf = to.shardOf;
    this.#clock = to.clock;
    this.#height = height;
  }

  changed(height: number, rows: readonly EntityRow[]): void {
    this.#height = height;
    for (const row of rows) {
      const lane = this.#lanes[this.#shardOf(row.key)];
      if (lane !== undefined && !lane.overflown) gather(lane, row);
    }
    this.#lanes.forEach((lane, shard) => {
      if (!lane.pushing) void this.#push(lane, shard);
    });
  }

  /** Pushes what has gathered until nothing has; the pause lets several blocks share a push. */
  async #push(lane: Lane, shard: number): Promise<void> {
    lane.pushing = true;
    while (lane.told < this.#height) {
      await pause(this.#clock, LIMITS.registrarPushPauseMs);
      const height = this.#height;
      const rows = JSON.stringify([...lane.rows.values()]);
      const gap = lane.overflown || rows.length > LIMITS.registrarPushBytes;
      empty(lane, false);
      const after = lane.told;
      // After a push that failed the next one begins where this one should have ended, which the Registrar sees as a gap.
      lane.told = height;
      const push = called(() =>
        this.#registrar(shard).push(gap ? height : after, height, gap ? "[]" : rows),
      );
      await within(this.#clock, LIMITS.callLostMs, push);
    }
    lane.pushing = false;
  }
}

function gather(lane: Lane, row: EntityRow): void {
  lane.size += row.state.length - (lane.rows.get(row.key)?.state.length ?? 0);
  lane.rows.set(row.key, row);
  if (lane.rows.size > LIMITS.registrarPushKeys || lane.size > LIMITS.registrarPushBytes)
    empty(lane, true);
}

function empty(lane: Lane, overflown: boolean): void {
  lane.rows = new Map();
  lane.size = 0;
  lane.overflown = overflown;
}
