/** The real Warden in workerd, on real storage, before seats whose keys a test holds. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import type { WardenAnswer } from "../objects/shared/rpc.ts";
import { bucketWidth } from "../objects/warden/core/expiry.ts";
import { submissionOf } from "./kit/fake-clerks.ts";
import {
  admit,
  bucketsOf,
  count,
  lookup,
  refusal,
  Shard,
  stored,
  stubOf,
  wide,
} from "./kit/warden-shard.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("identity", () => {
  it.each(["1/warden/2", "1/warden/00", "2/warden/0", "1/clerk/0/0", "anything"])(
    "RefuseWrongName: %s serves nobody and stores nothing",
    async (name) => {
      const stub = stubOf(name);
      expect(await refusal(() => stub.identity())).toBe("wrong-name");
      expect(await refusal(() => stub.admit("[]", 0))).toBe("wrong-name");
      await runInDurableObject(stub, (_, ctx) => {
        const tables = ctx.storage.sql.exec(
          "SELECT name FROM sqlite_master WHERE name NOT GLOB '_cf*'",
        );
        expect(tables.toArray()).toEqual([]);
      });
    },
  );

  it("KeepIdentity, KeyDrawnOnce: one key for ever, drawn once", async () => {
    const stub = stubOf("1/warden/0");
    const { name, publicKey } = await stub.identity();
    expect(name).toBe("1/warden/0");
    expect(publicKey).toMatch(/^[0-9a-f]{64}$/);
    await evictDurableObject(stub);
    expect((await stub.identity()).publicKey).toBe(publicKey);
  });

  it("RefuseMisconfigured: every call, once its genesis and its configuration differ", async () => {
    const shard = new Shard(10);
    await shard.life(({ warden }) => admit(warden, [submissionOf("a")]));
    const changed = { WINDOW_SECONDS: "60" };
    await shard.life(async ({ warden, ctx }) => {
      expect(await refusal(() => warden.admit("[]", 0))).toBe("misconfigured");
      expect(await refusal(() => warden.lookup(submissionOf("a").key))).toBe("misconfigured");
      expect(await refusal(() => warden.identity())).toBe("misconfigured");
      await warden.alarm();
      expect(await ctx.storage.getAlarm()).not.toBeNull();
    }, changed);
  });

  it("RefuseUnrecognisedWarden: a Warden whose key is not the genesis' admits nothing", async () => {
    const shard = new Shard(11);
    await shard.life(async ({ warden, ctx }) => {
      const { name } = await warden.identity();
      shard.clerks.found({ ...env, ...wide }, { name, publicKey: "00".repeat(32) });
      const [answer] = await admit(warden, [submissionOf("a")]);
      expect(answer).toMatchObject({ kind: "no-quorum" });
      expect(answer).toHaveProperty("detail", expect.stringContaining("re-admitted"));
      expect(count(ctx, "pending")).toBe(0);
    });
  });

  it("RefuseWithoutQuorum: without a genesis nothing is kept", async () => {
    const shard = new Shard(12);
    await shard.life(async ({ warden, ctx }) => {
      shard.clerks.mode = "down";
      expect(await admit(warden, [submissionOf("a")])).toMatchObject([{ kind: "no-quorum" }]);
      expect(count(ctx, "pending")).toBe(0);
      shard.clerks.mode = "decides";
      expect(await admit(warden, [submissionOf("a")])).toMatchObject([
        { kind: "settled", replayed: false },
      ]);
    });
  });
});

describe("answers", () => {
  it("ReserveFreshKey, ReplaySettledOutcome: one outcome, replayed byte for byte, also after a restart", async () => {
    const shard = new Shard(20);
    const again = await shard.life(async ({ warden }) => {
      const [first] = await admit(warden, [submissionOf("a")]);
      expect(first).toMatchObject({ kind: "settled", replayed: false });
      const replay = { ...first, replayed: true };
      expect(await admit(warden, [submissionOf("a")])).toEqual([replay]);
      return replay;
    });
    await shard.life(async ({ warden }) =>
      expect(await admit(warden, [submissionOf("a")])).toEqual([again]),
    );
    expect(shard.clerks.writs).toHaveLength(1);
  });

  it("JoinPendingKey, RefuseReusedKey: a key twice in one array is a replay of the first, or a conflict", async () => {
    await new Shard(21).life(async ({ warden }) => {
      const all = [
        submissionOf("a"),
        submissionOf("b"),
        submissionOf("a"),
        submissionOf("a", { data: "other" }),
      ];
      const [first, second, third, fourth] = await admit(warden, all);
      expect([first, second]).toMatchObject([{ replayed: false }, { replayed: false }]);
      expect(third).toEqual({ ...first, replayed: true });
      expect(fourth).toEqual({ kind: "key-reused" });
      expect(await admit(warden, all.slice(3))).toEqual([{ kind: "key-reused" }]);
    });
  });

  it("JoinPendingKey, OneEntryPerKey: the same event fifty times at once has one effect and one outcome", async () => {
    const shard = new Shard(22);
    await shard.life(async ({ warden }) => {
      const calls = Array.from({ length: 50 }, () => admit(warden, [submissionOf("a")]));
      const answers = (await Promise.all(calls)).flat();
      expect(
        new Set(answers.map((answer) => (answer.kind === "settled" ? answer.body : ""))),
      ).toHaveLength(1);
      expect(
        answers.filter((answer) => answer.kind === "settled" && !answer.replayed),
      ).toHaveLength(1);
    });
    expect(shard.clerks.writs.flatMap(({ events }) => events)).toHaveLength(1);
  });

  it("SealNextWrit: calls that arrive together share a writ, in the order received", async () => {
    const shard = new Shard(23);
    const ids = Array.from({ length: 20 }, (_, index) => `e-${index}`);
    await shard.life(async ({ warden }) => {
      await admit(warden, [submissionOf("first")]);
      await Promise.all(ids.map((id) => admit(warden, [submissionOf(id)])));
    });
    const writs = shard.clerks.writs.slice(1);
    expect(writs.map(({ number }) => number)).toEqual(writs.map((_, index) => index + 2));
    expect(writs.flatMap(({ events }) => events)).toEqual(ids.map((id) => submissionOf(id).event));
    expect(writs.length).toBeLessThan(ids.length);
  });

  it("RefuseLateRetry: neither asked of the seats nor kept", async () => {
    const shard = new Shard(24);
    await shard.life(async ({ warden, ctx }) => {
      const late = submissionOf("a", { sentAt: Date.now() - 300_000 - 1 });
      expect(await admit(warden, [late])).toEqual([{ kind: "too-old" }]);
      expect(count(ctx, "pending")).toBe(0);
    });
    expect(shard.clerks.given).toEqual([]);
  });

  it("RefuseWithoutQuorum: at once, with nothing kept, and a known key is still replayed", async () => {
    const shard = new Shard(25);
    await shard.life(async ({ warden }) => {
      await admit(warden, [submissionOf("a")]);
      await stored(warden);
    });
    shard.clerks.mode = "down";
    await shard.life(async ({ warden, ctx }) => {
      const answers = await admit(warden, [submissionOf("a"), submissionOf("b")]);
      expect(answers).toMatchObject([{ kind: "settled", replayed: true }, { kind: "no-quorum" }]);
      expect(await lookup(warden, submissionOf("b").key)).toBeNull();
      expect(count(ctx, "pending")).toBe(0);
    });
  });

  it("refuses a court that is none", async () => {
    await new Shard(26).life(async ({ warden, aborts }) => {
      expect(await refusal(() => admit(warden, [submissionOf("a", { court: 7 })]))).toBe(
        "misconfigured",
      );
      expect(aborts()).toBe(0);
    });
  });
});

describe("pending", () => {
  const keepTwo = (shard: Shard): Promise<void> => {
    shard.clerks.mode = "mute";
    return shard.life(async ({ warden }) => {
      const answers = await admit(warden, [submissionOf("a"), submissionOf("b")], 0);
      expect(answers).toEqual([{ kind: "pending" }, { kind: "pending" }]);
    });
  };

  it("ReserveFreshKey: kept with its seal, and an alarm near, before anything leaves", async () => {
    const shard = new Shard(30);
    shard.clerks.mode = "mute";
    await shard.life(async ({ warden, ctx }) => {
      expect(await admit(warden, [submissionOf("a")], 0)).toEqual([{ kind: "pending" }]);
      expect([count(ctx, "pending"), count(ctx, "writs")]).toEqual([1, 1]);
      expect(await ctx.storage.getAlarm()).toBeLessThanOrEqual(Date.now() + LIMITS.alarmMs);
      const { event } = submissionOf("a");
      expect(await lookup(warden, submissionOf("a").key)).toEqual({ status: "pending", event });
    });
  });

  it("RedriveSameWrit: by its alarm alone, the same bytes under the same number, then answered to whoever asks", async () => {
    const shard = new Shard(31);
    await keepTwo(shard);
    shard.clerks.mode = "decides";
    await shard.life(async ({ warden, ctx }) => {
      await warden.alarm();
      await stored(warden);
      expect([count(ctx, "pending"), count(ctx, "writs")]).toEqual([0, 0]);
      expect(shard.clerks.writs).toHaveLength(1);
      expect(await admit(warden, [submissionOf("b")])).toMatchObject([
        { kind: "settled", replayed: true },
      ]);
      expect(await admit(warden, [submissionOf("c")])).toMatchObject([
        { kind: "settled", replayed: false },
      ]);
    });
    expect(shard.clerks.writs).toMatchObject([
      { number: 1, events: [submissionOf("a").event, submissionOf("b").event] },
      { number: 2, events: [submissionOf("c").event] },
    ]);
  });

  it("SettleByCertificate: losing the settlement's write is harmless: the re-driven writ is answered alike", async () => {
    const shard = new Shard(32);
    await keepTwo(shard);
    const copy = (from: string, to: string, ctx: DurableObjectState): void => {
      ctx.storage.sql.exec(`CREATE TABLE IF NOT EXISTS ${to} AS SELECT * FROM ${from} WHERE FALSE`);
      ctx.storage.sql.exec(`INSERT INTO ${to} SELECT * FROM ${from}`);
    };
    shard.clerks.mode = "decides";
    const first = await shard.life(async ({ warden, ctx }) => {
      copy("pending", "before_pending", ctx);
      copy("writs", "before_writs", ctx);
      const answers = await admit(warden, [submissionOf("a"), submissionOf("b")]);
      await stored(warden);
      for (const bucket of bucketsOf(ctx)) ctx.storage.sql.exec(`DELETE FROM ${bucket}`);
      copy("before_pending", "pending", ctx);
      copy("before_writs", "writs", ctx);
      return answers;
    });
    expect(first).toMatchObject([{ kind: "settled" }, { kind: "settled" }]);
    await shard.life(async ({ warden }) => {
      expect(await admit(warden, [submissionOf("a"), submissionOf("b")])).toEqual(first);
    });
    expect(shard.clerks.writs).toHaveLength(1);
  });

  it("HoldDamagedWrit, AnswerPendingInDoubt: a writ that fails its seal is not sent, and its court keeps nothing fresh and refuses nothing, before the seats have said what they hold", async () => {
    const shard = new Shard(33);
    await keepTwo(shard);
    shard.clerks.mode = "decides";
    shard.clerks.tells = false;
    shard.clerks.given.length = 0;
    const damage = "UPDATE pending SET event = replace(event, 'null', 'true') WHERE place = 2";
    await shard.life(async ({ ctx }) => void ctx.storage.sql.exec(damage));
    await shard.life(async ({ warden, ctx }) => {
      const answers = await admit(warden, [submissionOf("c"), submissionOf("a")], 0);
      expect(answers).toEqual([{ kind: "pending" }, { kind: "pending" }]);
      await warden.alarm();
      expect(count(ctx, "pending")).toBe(2);
    });
    expect(shard.clerks.given).toEqual([]);
  });

  it("AlarmNeverLost: an alarm that finds nothing to do sets none; one that fails sets the next", async () => {
    const shard = new Shard(34);
    await shard.life(async ({ warden, ctx }) => {
      await warden.alarm();
      expect(await ctx.storage.getAlarm()).toBeNull();
    });
    await keepTwo(shard);
    await shard.life(async ({ warden, ctx }) => {
      await warden.fault("crash", 60_000);
      await ctx.storage.deleteAlarm();
      await warden.alarm();
      expect(await ctx.storage.getAlarm()).not.toBeNull();
    });
  });
});

describe("expiry and damage", () => {
  it("ExpireSettledEntry: by alarm, whole buckets, past the window and only once published", async () => {
    const shard = new Shard(40);
    await shard.life(async ({ warden, ctx }) => {
      await admit(warden, [submissionOf("a")]);
      await stored(warden);
      await warden.alarm();
      expect(bucketsOf(ctx)).toHaveLength(1);
      vi.useFakeTimers({
        toFake: ["Date"],
        now: Date.now() + 300_000 + LIMITS.clockBoundMs + 60_000,
      });
      await warden.alarm();
      expect(bucketsOf(ctx)).toHaveLength(1);
      expect(await ctx.storage.getAlarm()).not.toBeNull();
      shard.clerks.published = 1;
      await warden.alarm();
      expect(bucketsOf(ctx)).toEqual([]);
      expect(count(ctx, "buckets")).toBe(0);
      expect(await lookup(warden, submissionOf("a").key)).toBeNull();
    });
  });

  it("ReplaySettledOutcome: a Warden finds its keys however many buckets are live", async () => {
    const shard = new Shard(46);
    const ids = Array.from({ length: 12 }, (_, at) => `k-${at}`);
    const start = Date.now();
    await shard.life(async ({ warden, ctx }) => {
      for (const [at, id] of ids.entries()) {
        vi.useFakeTimers({ toFake: ["Date"], now: start + at * bucketWidth(300_000) });
        await admit(warden, [submissionOf(id)]);
        await stored(warden);
      }
      expect(bucketsOf(ctx).length).toBeGreaterThan(8);
      const again = await admit(
        warden,
        ids.map((id) => submissionOf(id)),
      );
      expect(again.map((answer) => answer.kind === "settled" && answer.replayed)).toEqual(
        ids.map(() => true),
      );
      expect(shard.clerks.writs).toHaveLength(ids.length);
    });
  });

  /** What `a` was answered; then its row is spoilt. */
  const spoilt = (shard: Shard, how: (bucket: string) => string): Promise<WardenAnswer[]> =>
    shard.life(async ({ warden, ctx }) => {
      const answers = await admit(warden, [submissionOf("a")]);
      await stored(warden);
      for (const bucket of bucketsOf(ctx)) ctx.storage.sql.exec(how(bucket));
      return answers.map((answer) => ({ ...answer, replayed: true }) as WardenAnswer);
    });

  it("AskAgainForDamagedAnswer: a damaged answer is never given; the seats refer to the first outcome", async () => {
    const shard = new Shard(41);
    const again = await spoilt(
      shard,
      (bucket) => `UPDATE ${bucket} SET body = replace(body, 'accepted', 'rejected')`,
    );
    await shard.life(async ({ warden }) => {
      expect(await refusal(() => lookup(warden, submissionOf("a").key))).toBe("not-ready");
      expect(await admit(warden, [submissionOf("a")])).toEqual(again);
      expect(await lookup(warden, submissionOf("a").key)).toMatchObject({ status: "settled" });
    });
    expect(shard.clerks.writs).toHaveLength(2);
  });

  it("ReleaseKeyTheSeatsRefuse: a Warden that lost a key learns from the seats, again and again", async () => {
    const shard = new Shard(42);
    const again = await spoilt(shard, (bucket) => `DELETE FROM ${bucket}`);
    const other = submissionOf("a", { data: "other" });
    await shard.life(async ({ warden }) => {
      expect(await admit(warden, [other])).toEqual([{ kind: "key-reused" }]);
      expect(await admit(warden, [other])).toEqual([{ kind: "key-reused" }]);
      expect(await admit(warden, [submissionOf("a")])).toEqual(again);
    });
  });
});

describe("faults", () => {
  it("StayDown: a crash outlives its memory, refuses every call until its time, keeps its identity", async () => {
    const shard = new Shard(50);
    const before = await shard.life(async ({ warden, aborts }) => {
      const { publicKey } = await warden.identity();
      await warden.fault("crash", 60_000);
      await vi.waitUntil(() => aborts() === 1);
      return publicKey;
    });
    await shard.life(async ({ warden }) => {
      expect(await refusal(() => warden.identity())).toBe("seat-down");
      expect(await refusal(() => admit(warden, [submissionOf("a")]))).toBe("seat-down");
      expect(await refusal(() => lookup(warden, "k"))).toBe("seat-down");
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
      expect((await warden.identity()).publicKey).toBe(before);
    });
  });

  it("StayDown: until it is healed", async () => {
    await new Shard(51).life(async ({ warden }) => {
      await warden.fault("crash", 60_000);
      await warden.fault("heal", 0);
      expect(await warden.identity()).toHaveProperty("publicKey");
    });
  });

  it("RefuseUnrecognisedWarden: a wipe loses the key with the storage, and says so", async () => {
    const shard = new Shard(52);
    const before = await shard.life(async ({ warden, aborts }) => {
      const { publicKey } = await warden.identity();
      await warden.fault("wipe", 0);
      await vi.waitUntil(() => aborts() === 1);
      return publicKey;
    });
    await shard.life(async ({ warden }) => {
      expect((await warden.identity()).publicKey).not.toBe(before);
      expect(await admit(warden, [submissionOf("a")])).toMatchObject([{ kind: "no-quorum" }]);
    });
  });

  it("NoFaultInProduction: injects nothing where that is not configured", async () => {
    const off = { FAULT_INJECTION: "" };
    await new Shard(53).life(async ({ warden }) => {
      expect(await refusal(() => warden.fault("crash", 1))).toBe("misconfigured");
      expect(await warden.identity()).toHaveProperty("publicKey");
    }, off);
  });
});
