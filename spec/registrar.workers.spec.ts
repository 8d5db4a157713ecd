import {
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Registrar } from "../objects/registrar/registrar.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { nameOf, registrarOf } from "../objects/shared/names.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import type { Bindings } from "../objects/shared/shell/stubs.ts";
import type { EntityRow } from "../objects/shared/types.ts";

const bindings = env as unknown as Bindings;
const deployment = deploymentOf(env);
// Beyond the real clock, so that no alarm fires but by a test's hand.
const start = Date.UTC(2101, 0, 1);
const width = LIMITS.registrarBucketMs;
const ttl = LIMITS.registrarTtlMs;

const row = (key: string, version: number, height: number): EntityRow => ({
  key,
  version,
  state: `{"onHand":${version}}`,
  height,
  expires: null,
});
const rows = (...all: EntityRow[]): string => JSON.stringify(all);
const answer = (version: number, since: number, height: number): EntityAnswer => ({
  height,
  certificate: null,
  version,
  state: version === 0 ? null : `{"onHand":${version}}`,
  since,
});

type Stub = DurableObjectStub<Registrar>;
const named = (name: string): Stub => bindings.REGISTRAR.getByName(name) as unknown as Stub;
const registrar = (): Stub =>
  named(nameOf(deployment.generation, { kind: "registrar", court: 0, seat: 0, shard: 0 }));

/** A seat whose answers a test gives by hand; the Registrar under test is the real one on its real storage. */
class ScriptedSeat {
  readonly asked: string[] = [];
  readonly #waiting: ((answers: string) => void)[] = [];
  #next: EntityAnswer | undefined;

  /** Every question from now on gets this answer at once. */
  says(given: EntityAnswer): this {
    this.#next = given;
    return this;
  }
  /** Answers the questions that are waiting. */
  release(given: EntityAnswer): void {
    for (const resolve of this.#waiting.splice(0)) resolve(JSON.stringify([given]));
  }
  rows([key = ""]: readonly string[]): Promise<string> {
    this.asked.push(key);
    if (this.#next !== undefined) return Promise.resolve(JSON.stringify([this.#next]));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  bindings(): Bindings {
    return { ...bindings, CLERK: { getByName: () => this } as unknown as DurableObjectNamespace };
  }
}

/** Runs a test inside the object, on a Registrar whose seat is scripted. */
function beside<R>(
  seat: ScriptedSeat,
  test: (here: Registrar, state: DurableObjectState) => Promise<R>,
): Promise<R> {
  return runInDurableObject(registrar(), (_, state) =>
    test(new Registrar(state, seat.bindings()), state),
  );
}

async function codeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return "nothing was refused";
}

const read = async (here: Pick<Registrar, "read">, key: string): Promise<EntityAnswer> =>
  JSON.parse(await here.read(key)) as EntityAnswer;

const tables = (state: DurableObjectState): string[] =>
  state.storage.sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("_cf_"));

const buckets = (state: DurableObjectState) =>
  state.storage.sql
    .exec<{ id: number; entries: number; bytes: number }>("SELECT id, entries, bytes FROM buckets")
    .toArray();

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  await runInDurableObject(registrar(), (_, state) => state.storage.deleteAll());
  await evictDurableObject(registrar());
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a Registrar reads", () => {
  it("AnswerFromCopy: what was pushed is read with the height it is current at", async () => {
    await registrar().push(0, 3, rows(row("t/stock/a", 1, 2)));
    expect(await read(registrar(), "t/stock/a")).toEqual(answer(1, 2, 3));
    await registrar().push(3, 7, rows());
    expect(await read(registrar(), "t/stock/a")).toEqual(answer(1, 2, 7));
  });

  it("FillOnMiss and MissUnknownKey: a miss is filled from the seat once and then served from the copy", async () => {
    const seat = new ScriptedSeat().says(answer(4, 8, 9));
    await beside(seat, async (here) => {
      expect(await read(here, "t/stock/a")).toEqual(answer(4, 8, 9));
      expect(await read(here, "t/stock/a")).toEqual(answer(4, 8, 9));
    });
    expect(seat.asked).toEqual(["t/stock/a"]);
  });

  it("FillOnMiss: that an entity never existed is remembered until it is pushed", async () => {
    const seat = new ScriptedSeat().says(answer(0, 0, 9));
    await beside(seat, async (here) => {
      await here.push(0, 9, rows());
      expect(await read(here, "t/stock/none")).toEqual(answer(0, 0, 9));
      expect(await read(here, "t/stock/none")).toEqual(answer(0, 0, 9));
      await here.push(9, 10, rows(row("t/stock/none", 1, 10)));
      expect(await read(here, "t/stock/none")).toEqual(answer(1, 10, 10));
    });
    expect(seat.asked).toHaveLength(1);
  });

  it("ShareFill: readers who miss the same key meanwhile share one question", async () => {
    const seat = new ScriptedSeat();
    await beside(seat, async (here) => {
      const readers = [1, 2, 3].map(() => read(here, "t/stock/a"));
      await vi.waitUntil(() => seat.asked.length > 0);
      seat.release(answer(1, 2, 2));
      expect(await Promise.all(readers)).toEqual([1, 2, 3].map(() => answer(1, 2, 2)));
    });
    expect(seat.asked).toEqual(["t/stock/a"]);
  });

  it("FillOnMiss: a seat that fails is asked again by the next reader", async () => {
    const seat = new ScriptedSeat();
    const failing = vi.spyOn(seat, "rows").mockRejectedValueOnce(new Error("seat is away"));
    await beside(seat, async (here) => {
      expect(await codeOf(() => here.read("t/stock/a"))).toBeUndefined();
      seat.says(answer(1, 2, 2));
      expect(await read(here, "t/stock/a")).toEqual(answer(1, 2, 2));
    });
    expect(failing).toHaveBeenCalledTimes(2);
  });

  it("PreferNewerCopy: a push that overtakes a fill is what readers get", async () => {
    const seat = new ScriptedSeat();
    await beside(seat, async (here) => {
      const reader = read(here, "t/stock/a");
      await vi.waitUntil(() => seat.asked.length > 0);
      await here.push(0, 6, rows(row("t/stock/a", 2, 6)));
      seat.release(answer(1, 5, 5));
      expect(await reader).toEqual(answer(2, 6, 6));
      expect(await read(here, "t/stock/a")).toEqual(answer(2, 6, 6));
    });
  });

  it("PassOnOvertakenFill: a row read before a gap is answered but not kept", async () => {
    const seat = new ScriptedSeat();
    await beside(seat, async (here) => {
      const reader = read(here, "t/stock/a");
      await vi.waitUntil(() => seat.asked.length > 0);
      await here.push(8, 9, rows());
      seat.says(answer(2, 7, 9)).release(answer(1, 5, 5));
      expect(await reader).toEqual(answer(1, 5, 5));
      expect(await read(here, "t/stock/a")).toEqual(answer(2, 7, 9));
    });
    expect(seat.asked).toHaveLength(2);
  });

  it("TreatBadCopyAsMiss: a damaged copy is filled anew, never replaced by an older one", async () => {
    const seat = new ScriptedSeat().says(answer(2, 2, 4));
    await beside(seat, async (here, state) => {
      await here.push(0, 1, rows(row("t/stock/a", 1, 1)));
      vi.setSystemTime(start + width);
      await here.push(1, 2, rows(row("t/stock/a", 2, 2)));
      state.storage.sql.exec(`UPDATE copies_2 SET state = '{"onHand":99}'`);
      expect(await read(here, "t/stock/a")).toEqual(answer(2, 2, 4));
      expect(await read(here, "t/stock/a")).toEqual(answer(2, 2, 4));
    });
    expect(seat.asked).toEqual(["t/stock/a"]);
  });

  it.each([
    ["the key of the newest copy", "UPDATE copies_2 SET key = 't/stock/b'"],
    ["a bucket's period", "UPDATE buckets SET period = period - 1000 WHERE id = 2"],
    ["a bucket's number", "UPDATE buckets SET id = 18 WHERE id = 2"],
    ["a bucket's size", "UPDATE buckets SET entries = 1000000 WHERE id = 2"],
  ])("TreatBadCopyAsMiss: where %s is damaged, no older copy is told", async (_, damage) => {
    const seat = new ScriptedSeat().says(answer(2, 2, 4));
    await beside(seat, async (here, state) => {
      await here.push(0, 1, rows(row("t/stock/a", 1, 1)));
      vi.setSystemTime(start + width);
      await here.push(1, 2, rows(row("t/stock/a", 2, 2)));
      state.storage.sql.exec(damage);
      const again = new Registrar(state, seat.bindings());
      for (let reads = 0; reads < 2; reads++)
        expect(await read(again, "t/stock/a")).toEqual(answer(2, 2, 4));
      vi.setSystemTime(start + 2 * width);
      await again.push(2, 5, rows(row("t/stock/a", 3, 5)));
      expect(await read(again, "t/stock/a")).toEqual(answer(3, 5, 5));
    });
    expect(seat.asked).toEqual(["t/stock/a"]);
  });

  it("RefuseTooManyFills: misses beyond the bound are refused, and served when there is room", async () => {
    const seat = new ScriptedSeat();
    await beside(seat, async (here) => {
      const readers = Array.from({ length: LIMITS.registrarFills }, (_, index) =>
        here.read(`t/stock/${index}`),
      );
      await vi.waitUntil(() => seat.asked.length === LIMITS.registrarFills);
      expect(await codeOf(() => here.read("t/stock/more"))).toBe("not-ready");
      seat.says(answer(1, 1, 1)).release(answer(1, 1, 1));
      await Promise.all(readers);
      expect(await read(here, "t/stock/more")).toEqual(answer(1, 1, 1));
    });
  });
});

describe("a Registrar follows its seat", () => {
  it("ApplyPushInOrder, NeverGoBack and IgnoreOldPush: late and repeated pushes change nothing", async () => {
    await registrar().push(0, 3, rows(row("t/stock/a", 2, 3)));
    await registrar().push(3, 6, rows(row("t/stock/a", 3, 5)));
    await registrar().push(0, 3, rows(row("t/stock/a", 2, 3)));
    await registrar().push(2, 7, rows(row("t/stock/a", 2, 3), row("t/stock/b", 1, 7)));
    expect(await read(registrar(), "t/stock/a")).toEqual(answer(3, 5, 7));
    expect(await read(registrar(), "t/stock/b")).toEqual(answer(1, 7, 7));
  });

  it("DropOnGap: after a gap every copy is asked for again", async () => {
    const seat = new ScriptedSeat().says(answer(4, 12, 12));
    await beside(seat, async (here) => {
      await here.push(0, 3, rows(row("t/stock/a", 1, 2), row("t/stock/b", 1, 2)));
      await here.push(11, 12, rows(row("t/stock/b", 4, 12)));
      expect(await read(here, "t/stock/b")).toEqual(answer(4, 12, 12));
      seat.says(answer(5, 8, 12));
      expect(await read(here, "t/stock/a")).toEqual(answer(5, 8, 12));
    });
    expect(seat.asked).toEqual(["t/stock/b", "t/stock/a"]);
  });

  it("ApplyPushInOrder, NothingIsLost: eviction keeps the copies and the height; losing the storage loses nothing", async () => {
    await registrar().push(0, 3, rows(row("t/stock/a", 1, 2)));
    await evictDurableObject(registrar());
    expect(await read(registrar(), "t/stock/a")).toEqual(answer(1, 2, 3));
    const seat = new ScriptedSeat().says(answer(1, 2, 5));
    await runInDurableObject(registrar(), (_, state) => state.storage.deleteAll());
    await evictDurableObject(registrar());
    await beside(seat, async (here) => {
      expect(await read(here, "t/stock/a")).toEqual(answer(1, 2, 5));
    });
  });

  it("DropOldestWhenFull, CopiesBounded: the copies stay bounded, the newest stay, and the sums are exact", async () => {
    const seat = new ScriptedSeat().says(answer(1, 1, 40));
    const most = LIMITS.registrarPushKeys;
    await beside(seat, async (here, state) => {
      const pushes = LIMITS.registrarEntries / most + 2;
      for (let height = 1; height <= pushes; height++) {
        const all = Array.from({ length: most - 1 }, (_, n) =>
          row(`t/stock/${height}-${n}`, 1, height),
        );
        // One key in every push: within a bucket it must not count twice.
        await here.push(height - 1, height, rows(...all, row("t/stock/hot", height, height)));
      }
      const kept = buckets(state);
      expect(kept.reduce((sum, { entries }) => sum + entries, 0)).toBeLessThanOrEqual(
        LIMITS.registrarEntries,
      );
      for (const { id, entries, bytes } of kept) {
        const sums = state.storage.sql
          .exec(
            `SELECT count(*) AS entries, sum(octet_length(key) + octet_length(state)) AS bytes FROM copies_${id}`,
          )
          .one();
        expect(sums).toEqual({ entries, bytes });
      }
      expect(await read(here, `t/stock/${pushes}-0`)).toEqual(answer(1, pushes, pushes));
      expect(seat.asked).toEqual([]);
      await here.read("t/stock/1-0");
      expect(seat.asked).toEqual(["t/stock/1-0"]);
    });
  });
});

describe("a Registrar forgets", () => {
  it("DropIdleBucket: the alarm drops idle copies, keeps what was read, and stays set while copies remain", async () => {
    const seat = new ScriptedSeat().says(answer(1, 1, 2));
    await beside(seat, async (here, state) => {
      await here.push(0, 1, rows(row("t/stock/idle", 1, 1), row("t/stock/read", 1, 1)));
      vi.setSystemTime(start + ttl);
      await here.read("t/stock/read");
      vi.setSystemTime(start + width + ttl);
      await state.storage.deleteAlarm();
      await here.alarm();
      expect(await state.storage.getAlarm()).toBe(start + width + 2 * ttl);
      expect(await read(here, "t/stock/read")).toEqual(answer(1, 1, 1));
      expect(await read(here, "t/stock/idle")).toEqual(answer(1, 1, 2));
    });
    expect(seat.asked).toEqual(["t/stock/idle"]);
  });

  it("NeverGoBack: of a key that was read the newest copy is kept on, also one pushed after the reading", async () => {
    const seat = new ScriptedSeat().says(answer(0, 0, 9));
    await beside(seat, async (here) => {
      for (const version of [1, 2]) {
        vi.setSystemTime(start + version * width);
        const both = rows(row("t/stock/a", version, version), row("t/stock/b", version, version));
        await here.push(version - 1, version, both);
      }
      vi.setSystemTime(start + 3 * width);
      await here.read("t/stock/a");
      await here.read("t/stock/b");
      await here.push(2, 3, rows(row("t/stock/b", 3, 3)));
      for (const later of [start + 4 * width, start + 4 * width + ttl - 1]) {
        vi.setSystemTime(later);
        expect(await read(here, "t/stock/a")).toEqual(answer(2, 2, 3));
        expect(await read(here, "t/stock/b")).toEqual(answer(3, 3, 3));
      }
    });
    expect(seat.asked).toEqual([]);
  });

  it("DropIdleBucket: the alarm stands at the end of the oldest bucket and goes with the last", async () => {
    await registrar().push(0, 1, rows(row("t/stock/a", 1, 1)));
    vi.setSystemTime(start + width);
    await registrar().push(1, 2, rows(row("t/stock/b", 1, 2)));
    const alarm = (): Promise<number | null> =>
      runInDurableObject(registrar(), (_, state) => state.storage.getAlarm());
    expect(await alarm()).toBe(start + width + ttl);
    vi.setSystemTime(start + width + ttl);
    expect(await runDurableObjectAlarm(registrar())).toBe(true);
    expect(await alarm()).toBe(start + 2 * width + ttl);
    vi.setSystemTime(start + 2 * width + ttl);
    expect(await runDurableObjectAlarm(registrar())).toBe(true);
    expect(await alarm()).toBeNull();
    expect(await runInDurableObject(registrar(), (_, state) => buckets(state))).toEqual([]);
  });

  it("DropIdleBucket: an overdue alarm is noticed on the next call", async () => {
    const seat = new ScriptedSeat().says(answer(1, 1, 2));
    await beside(seat, async (here, state) => {
      await here.push(0, 1, rows(row("t/stock/a", 1, 1)));
      vi.setSystemTime(start + width + ttl);
      await here.push(1, 2, rows());
      expect(buckets(state)).toEqual([]);
    });
  });

  it("DropIdleBucket: an alarm that fails neither throws nor stays unset", async () => {
    await beside(new ScriptedSeat(), async (here, state) => {
      await here.push(0, 1, rows(row("t/stock/a", 1, 1)));
      await state.storage.deleteAlarm();
      state.storage.sql.exec("DROP TABLE buckets");
      vi.setSystemTime(start + width + ttl);
      const logged = vi.spyOn(console, "error").mockReturnValue();
      await here.alarm();
      expect(logged).toHaveBeenCalledOnce();
      logged.mockRestore();
      expect(await state.storage.getAlarm()).toBe(start + width + ttl + LIMITS.alarmMs);
    });
  });
});

describe("a Registrar in the wrong place", () => {
  const generation = deployment.generation;

  it.each([
    `${generation}/registrar/0/0/${deployment.registrars}`,
    `${generation}/registrar/0/${deployment.quorum.n}/0`,
    `${generation}/clerk/0/0`,
    `${generation}0/registrar/0/0/0`,
    "nobody",
  ])("RefuseMisnamedRegistrar: %s refuses everything and stores nothing", async (name) => {
    const stranger = named(name);
    expect(await codeOf(() => stranger.push(0, 1, rows(row("t/stock/a", 1, 1))))).toBe(
      "wrong-name",
    );
    expect(await codeOf(() => stranger.read("t/stock/a"))).toBe("wrong-name");
    expect(await runInDurableObject(stranger, (_, state) => tables(state))).toEqual([]);
  });

  it("RefuseMisnamedRegistrar: copies of a past configuration are forgotten by the alarm", async () => {
    await registrar().push(0, 1, rows(row("t/stock/a", 1, 1)));
    await runInDurableObject(registrar(), async (_, state) => {
      const moved = new Registrar(state, { ...bindings, GENERATION: "later" } as Bindings);
      expect(await codeOf(() => moved.read("t/stock/a"))).toBe("wrong-name");
      await moved.alarm();
      expect(tables(state)).toEqual([]);
    });
  });

  it("RefuseForeignKey: a key of another shard is refused rather than left to grow old", async () => {
    const two = { ...bindings, REGISTRARS: "2" } as Bindings;
    const keys = ["a", "b", "c", "d", "e", "f"].map((id) => `t/stock/${id}`);
    const foreign = keys.find((key) => registrarOf(deploymentOf(two), key) === 1) ?? "";
    await runInDurableObject(registrar(), async (_, state) => {
      const sharded = new Registrar(state, two);
      expect(await codeOf(() => sharded.read(foreign))).toBe("misconfigured");
    });
  });
});
