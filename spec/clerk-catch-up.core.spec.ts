import { describe, expect, it } from "vitest";
import { CatchUp } from "../objects/clerk/catch-up.ts";
import { LedgerCorrupt } from "../objects/ledger/trust.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Block } from "../objects/shared/types.ts";
import { Scribe } from "./kit/blocks.ts";
import { HandClock } from "./kit/hand-clock.ts";

const PATIENCE = LIMITS.catchUpPatienceMs;
const RUN = 2;

/** A seat that takes whatever continues its chain, and a Ledger that gives two blocks at a time. */
class Scene {
  readonly clock = new HandClock();
  readonly published: Block[] = [];
  /** Times at which the Ledger was read. */
  readonly reads: number[] = [];
  readonly damaged: number[] = [];
  height = 0;
  certified = 0;
  alone = false;
  away = false;
  falseAt = Number.POSITIVE_INFINITY;
  readonly #started = this.clock.now();
  readonly catchUp = new CatchUp({
    height: () => this.height,
    lacking: () => this.certified > this.height,
    alone: () => this.alone,
    above: async (height) => {
      this.reads.push(this.clock.now() - this.#started);
      if (this.away) throw new Error("D1 is away");
      const run = this.published.slice(height, height + RUN);
      const blocks = run.filter(({ header }) => header.height < this.falseAt);
      const wrong =
        blocks.length < run.length ? new LedgerCorrupt(0, this.falseAt, "a false row") : null;
      return { blocks, wrong };
    },
    found: (blocks) => {
      for (const { header } of blocks) if (header.height === this.height + 1) this.height += 1;
    },
    damaged: ({ height }) => this.damaged.push(height),
    clock: {
      wait: (ms) => new Promise((resolve) => void this.clock.after(ms, () => resolve())),
    },
  });

  constructor(published: number) {
    const scribe = new Scribe("1", 1);
    for (let at = 0; at < published; at++) this.published.push(scribe.next(0, { id: `e-${at}` }));
  }

  async pass(ms: number): Promise<void> {
    this.catchUp.wake();
    await this.clock.advance(ms);
  }
}

describe("a seat beside the Ledger", () => {
  it("CatchUpFromLedger: reads run after run once nobody gave any for a while, up to what is there", async () => {
    const scene = new Scene(5);
    scene.certified = 5;
    await scene.pass(PATIENCE - 1);
    expect(scene.reads).toEqual([]);
    await scene.pass(1);
    expect(scene.height).toBe(5);
    expect(scene.reads).toEqual([PATIENCE, PATIENCE, PATIENCE, PATIENCE]);
    await scene.pass(60_000);
    expect(scene.reads).toHaveLength(4);
  });

  it("CatchUpFromLedger: peers that still give are left to it, and a Ledger that is away is asked less and less often", async () => {
    const scene = new Scene(5);
    scene.certified = 5;
    await scene.pass(PATIENCE - 1);
    scene.height = 1;
    await scene.pass(2);
    expect(scene.reads).toEqual([]);
    scene.away = true;
    await scene.pass(30_000);
    expect(scene.reads.length).toBeLessThanOrEqual(30_000 / LIMITS.alarmMs + 2);
    scene.away = false;
    await scene.pass(LIMITS.alarmMs);
    expect(scene.height).toBe(5);
  });

  it("LeaveLedgerUnread: a seat that lacks nothing and hears others never reads it", async () => {
    const scene = new Scene(5);
    await scene.pass(60_000);
    expect(scene.reads).toEqual([]);
  });

  it("EndLonelySearch: a seat that hears nobody reads to the end once, and gives up on a Ledger that gives nothing", async () => {
    const scene = new Scene(3);
    scene.alone = true;
    await scene.pass(60_000);
    expect(scene.height).toBe(3);
    const reads = scene.reads.length;
    await scene.pass(60_000);
    expect(scene.reads).toHaveLength(reads);

    const other = new Scene(3);
    Object.assign(other, { alone: true, away: true });
    await other.pass(60_000);
    await other.pass(60_000);
    expect(other.reads).toHaveLength(LIMITS.catchUpTries);
    other.certified = 3;
    other.away = false;
    await other.pass(PATIENCE);
    expect(other.height).toBe(3);
  });

  it("RefuseFalseRow: takes what is proven below it and notes the height", async () => {
    const scene = new Scene(5);
    scene.certified = 5;
    scene.falseAt = 4;
    await scene.pass(PATIENCE);
    expect(scene.height).toBe(3);
    expect(scene.damaged).toEqual([4]);
    await scene.pass(60_000);
    expect(scene.height).toBe(3);
    scene.falseAt = Number.POSITIVE_INFINITY;
    await scene.pass(LIMITS.alarmMs);
    expect(scene.height).toBe(5);
  });
});
