/** A Warden of whose own rows some are not what was written, on real storage, before seats whose keys a test holds. */
import { describe, expect, it } from "vitest";
import type { WardenAnswer } from "../objects/shared/rpc.ts";
import { eventually } from "./kit/deployment.ts";
import { submissionOf } from "./kit/fake-clerks.ts";
import { admit, count, Shard, stored } from "./kit/warden-shard.ts";

const [A, B, C] = ["a", "b", "c"].map((id) => submissionOf(id)) as [Sent, Sent, Sent];
type Sent = ReturnType<typeof submissionOf>;

/** Kept and sealed as writ 1, given to the seats, and undecided. */
async function inFlight(number: number): Promise<Shard> {
  const shard = new Shard(number);
  shard.clerks.mode = "mute";
  await shard.life(async ({ warden }) => {
    expect(await admit(warden, [A, B], 0)).toEqual([{ kind: "pending" }, { kind: "pending" }]);
    await eventually(async () => shard.clerks.writs.length === 1);
  });
  return shard;
}

async function damaged(shard: Shard, sql: string): Promise<void> {
  await shard.life(async ({ ctx }) => {
    expect(ctx.storage.sql.exec(sql).rowsWritten).toBeGreaterThan(0);
  });
}

/** Until the court takes what is sent: what is kept of a key is answered, what is not is kept. */
function answered(warden: Parameters<typeof admit>[0], ...all: Sent[]): Promise<WardenAnswer[]> {
  return eventually(async () => {
    const answers = await admit(warden, all);
    return answers.every(({ kind }) => kind === "settled") ? answers : undefined;
  });
}

const bodyOf = (answer: WardenAnswer | undefined): unknown =>
  answer?.kind === "settled" ? answer.body : answer;

/** Each event has been decided in one writ, and nothing else has. */
function demandOnce(shard: Shard, ...events: Sent[]): void {
  const decided = shard.clerks.decidedWrits().flatMap((writ) => writ.events);
  expect(decided.toSorted()).toEqual(events.map(({ event }) => event).toSorted());
}

const WRITS = [
  "UPDATE writs SET seal = replace(seal, substr(seal, 1, 1), 'x')",
  "UPDATE writs SET digest = 'x'",
  "UPDATE writs SET first = 2",
  "UPDATE writs SET last = 1",
  "UPDATE writs SET number = 5",
  "UPDATE writs SET court = 1",
  "UPDATE numbers SET number = 9",
  "UPDATE numbers SET digest = 'x'",
  "UPDATE numbers SET court = 3",
];

describe("a writ of which a row is damaged", () => {
  it.each(WRITS.map((sql, at) => [sql, at] as const))(
    "AskWritBack: %s: the seats give it back, and it is driven as it was",
    async (sql, at) => {
      const shard = await inFlight(40 + at);
      await damaged(shard, sql);
      shard.clerks.mode = "decides";
      await shard.life(async ({ warden, ctx }) => {
        await answered(warden, A, B);
        expect(shard.clerks.writs).toHaveLength(1);
        demandOnce(shard, A, B);
        await answered(warden, C);
        await stored(warden);
        expect([count(ctx, "pending"), count(ctx, "writs")]).toEqual([0, 0]);
      });
      expect(shard.clerks.writs.map(({ number }) => number)).toEqual([1, 2]);
      demandOnce(shard, A, B, C);
    },
  );

  it.each(WRITS.map((sql, at) => [sql, at] as const))(
    "SealAgainUnderSameNumber: %s: what no seat was given is sealed again",
    async (sql, at) => {
      const shard = await inFlight(20 + at);
      shard.clerks.given.length = 0;
      await damaged(shard, sql);
      shard.clerks.given.length = 0;
      shard.clerks.mode = "decides";
      await shard.life(async ({ warden }) => void (await answered(warden, A, B, C)));
      expect(shard.clerks.decidedWrits()[0]?.number).toBe(1);
      demandOnce(shard, A, B, C);
    },
  );

  it.each(
    [
      "event = replace(event, 'null', 'true')",
      "key = 'x'",
      "fingerprint = 'x'",
      "court = 1",
      "place = 77",
      "sent_at = 5",
      "digest = 'x'",
    ].map((set, at) => [set, at] as const),
  )(
    "RecoverEventFromWrit: a pending row whose %s was changed comes back with its writ",
    async (set, at) => {
      const shard = await inFlight(10 + at);
      await damaged(shard, `UPDATE pending SET ${set} WHERE place = 2`);
      shard.clerks.mode = "decides";
      const first = await shard.life(async ({ warden }) => {
        await warden.alarm();
        await eventually(async () => shard.clerks.decidedWrits().length === 1);
        return answered(warden, A, B);
      });
      expect(shard.clerks.writs).toHaveLength(1);
      expect(first.every((answer) => answer.kind === "settled" && answer.replayed)).toBe(true);
      await shard.life(async ({ warden }) => expect(await admit(warden, [A, B])).toEqual(first));
      demandOnce(shard, A, B);
    },
  );

  it("SealAgainUnderSameNumber, AdoptDecidedWrit: should the first writ be decided after all, its number is settled by it and the rest waits again", async () => {
    const shard = await inFlight(60);
    const [first] = shard.clerks.writs;
    if (first === undefined) throw new Error("no writ");
    await damaged(
      shard,
      "UPDATE pending SET event = replace(event, 'null', 'true') WHERE place = 1",
    );
    shard.clerks.forgets = true;
    await shard.life(async ({ warden }) => {
      await warden.alarm();
      // B waits for its number, and C with it.
      await eventually(async () => {
        const [answer] = await admit(warden, [C], 0);
        return answer?.kind === "pending";
      });
      await eventually(async () => shard.clerks.writs.length > 1);
    });
    const [, second] = shard.clerks.writs;
    expect(second).toMatchObject({ number: 1 });
    expect(second?.events).not.toContain(A.event);
    shard.clerks.decide(first);
    shard.clerks.forgets = false;
    shard.clerks.mode = "decides";
    await shard.life(async ({ warden }) => {
      const answers = await answered(warden, A, B, C);
      expect(answers).toHaveLength(3);
      await stored(warden);
      expect((await admit(warden, [A, B, C])).map(bodyOf)).toEqual(answers.map(bodyOf));
    });
    const effects = shard.clerks.effects();
    expect(effects.toSorted()).toEqual([A, B, C].map(({ event }) => event).toSorted());
  });

  it("HoldDamagedWrit: while too few seats say what they hold, nothing is given and nothing kept", async () => {
    const shard = await inFlight(61);
    await damaged(shard, "UPDATE writs SET digest = 'x'");
    const { length } = shard.clerks.given;
    shard.clerks.mode = "decides";
    shard.clerks.tells = false;
    await shard.life(async ({ warden, ctx }) => {
      expect(await admit(warden, [C, A], 0)).toMatchObject([
        { kind: "overloaded" },
        { kind: "pending" },
      ]);
      expect(count(ctx, "pending")).toBe(2);
      expect(shard.clerks.given).toHaveLength(length);
      shard.clerks.tells = true;
      await answered(warden, A, B, C);
    });
    demandOnce(shard, A, B, C);
  });
});

describe("a genesis that is damaged while every seat is away", () => {
  it("ReplaySettledOutcome, JoinPendingKey, NothingKeptOnRefusal: what was kept is answered as ever, and only a fresh key refused", async () => {
    const shard = new Shard(62);
    const first = await shard.life(async ({ warden }) => {
      const [settled] = await admit(warden, [A]);
      await stored(warden);
      shard.clerks.mode = "mute";
      expect(await admit(warden, [B], 0)).toEqual([{ kind: "pending" }]);
      return settled;
    });
    await damaged(shard, "UPDATE notes SET v = substr(v, 2) WHERE k = 'genesis'");
    shard.clerks.mode = "down";
    const other = (id: string) => submissionOf(id, { data: "other" });
    await shard.life(async ({ warden, ctx }) => {
      expect(await admit(warden, [A, B, C, other("a"), other("b")], 0)).toMatchObject([
        { ...first, replayed: true },
        { kind: "pending" },
        { kind: "no-quorum" },
        { kind: "key-reused" },
        { kind: "key-reused" },
      ]);
      expect(count(ctx, "pending")).toBe(1);
      shard.clerks.mode = "decides";
      await answered(warden, A, B, C);
    });
    demandOnce(shard, A, B, C);
  });

  it("AnswerPendingInDoubt: also where the row of what was kept is damaged too", async () => {
    const shard = await inFlight(63);
    await damaged(shard, "UPDATE pending SET digest = 'x' WHERE place = 1");
    await damaged(shard, "UPDATE notes SET v = '' WHERE k = 'genesis'");
    shard.clerks.mode = "down";
    await shard.life(async ({ warden }) => {
      expect(await admit(warden, [A, B], 0)).toEqual([{ kind: "pending" }, { kind: "pending" }]);
    });
  });
});
