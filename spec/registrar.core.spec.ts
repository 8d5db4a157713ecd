import { describe, expect, it } from "vitest";
import {
  answerOf,
  applyPush,
  crowdedOut,
  endFill,
  nextDue,
  noReads,
  noteRead,
  noticePush,
  openedIn,
  pushOf,
  sweep,
} from "../objects/registrar/core/cache.ts";
import type { Bucket, Copy, Effect, Fill, Opened, Push } from "../objects/registrar/core/cache.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { EntityRow } from "../objects/shared/types.ts";

const width = LIMITS.registrarBucketMs;
const ttl = LIMITS.registrarTtlMs;
const into: Opened = { id: 1, period: 0 };

const row = (key: string, version: number, height: number): EntityRow => ({
  key,
  version,
  state: `{"v":${version}}`,
  height,
  expires: null,
});
const copy = (key: string, version: number, height: number, since = height): Copy => ({
  key,
  version,
  state: version === 0 ? null : `{"v":${version}}`,
  since,
  height,
});
const push = (after: number, height: number, ...rows: EntityRow[]): Push => ({
  after,
  height,
  rows,
});
const held = (...versions: [string, number][]): Map<string, number> => new Map(versions);
const bucket = (id: number, period: number, entries = 1, bytes = 1): Bucket => ({
  id,
  period,
  entries,
  bytes,
});
const begun = (watchedFrom: number): Fill => ({ watchedFrom, changedAt: 0 });
const written = (effects: readonly Effect[]): readonly Copy[] =>
  effects.flatMap((effect) => (effect.kind === "write" ? effect.copies : []));

describe("pushes", () => {
  it("ApplyPushInOrder: a push that joins on is written and followed", () => {
    expect(applyPush(4, push(4, 6, row("k", 3, 5)), held(["k", 2]), into)).toEqual([
      { kind: "write", into, copies: [copy("k", 3, 6, 5)] },
      { kind: "follow", height: 6 },
    ]);
  });

  it("ApplyPushInOrder: a push without rows carries every copy's height on", () => {
    expect(applyPush(4, push(4, 9), held(), into)).toEqual([{ kind: "follow", height: 9 }]);
    expect(answerOf(copy("k", 1, 3), 9).height).toBe(9);
  });

  it("ApplyPushInOrder: one that overlaps what is known counts from there", () => {
    const effects = applyPush(5, push(2, 7, row("k", 3, 6)), held(["k", 2]), into);
    expect(written(effects)).toEqual([copy("k", 3, 7, 6)]);
    expect(effects.at(-1)).toEqual({ kind: "follow", height: 7 });
  });

  it("TakePushedRow: of several versions of a key the newest is written, whatever their order", () => {
    const rows = [row("k", 4, 6), row("k", 3, 5), row("new", 1, 6)];
    expect(written(applyPush(4, push(4, 6, ...rows), held(["k", 2]), into))).toEqual([
      copy("k", 4, 6),
      copy("new", 1, 6),
    ]);
  });

  it("TakePushedRow: a row takes the place of the knowledge that there was none", () => {
    expect(written(applyPush(4, push(4, 5, row("k", 1, 5)), held(["k", 0]), into))).toHaveLength(1);
  });

  it("TakePushedRow: a row above its push's own height is current as of its own", () => {
    const effects = applyPush(4, push(4, 6, row("k", 3, 7)), held(), into);
    expect(written(effects)).toEqual([copy("k", 3, 7)]);
  });

  it("IgnoreOldPush: a push at or below what is known changes nothing", () => {
    for (const height of [5, 6]) {
      expect(applyPush(6, push(4, height, row("k", 9, height)), held(["k", 2]), into)).toEqual([]);
    }
  });

  it("DropOnGap: a push that starts above what is known empties the copies, its own rows among them", () => {
    expect(applyPush(4, push(5, 6, row("k", 3, 6)), held(["k", 9]), into)).toEqual([
      { kind: "empty" },
      { kind: "follow", height: 6 },
    ]);
  });

  it("DropOnOversizedPush: too many rows or bytes count as a gap without rows", () => {
    const rows = Array.from({ length: LIMITS.registrarPushKeys + 1 }, (_, i) => row(`${i}`, 1, 6));
    const heavy = [{ ...row("k", 1, 6), state: "x".repeat(LIMITS.registrarPushBytes) }];
    for (const oversized of [rows, heavy]) {
      const judged = pushOf(4, 6, JSON.stringify(oversized));
      expect(applyPush(4, judged, held(), into)).toEqual([
        { kind: "empty" },
        { kind: "follow", height: 6 },
      ]);
    }
    const most = pushOf(4, 6, JSON.stringify(rows.slice(1)));
    expect(written(applyPush(4, most, held(), into))).toHaveLength(LIMITS.registrarPushKeys);
  });

  it("NeverGoBack: a row no newer than the one held is passed over", () => {
    for (const version of [2, 3]) {
      const effects = applyPush(4, push(4, 6, row("k", version, 5)), held(["k", 3]), into);
      expect(effects).toEqual([{ kind: "follow", height: 6 }]);
    }
  });
});

describe("fills", () => {
  it("KeepFill: a row nothing has overtaken is kept and answered as of all that is known", () => {
    const fill = begun(4);
    noticePush(4, push(4, 8, row("other", 1, 8)), new Map([["k", fill]]));
    const filled = endFill(8, fill, copy("k", 2, 5, 3), undefined);
    expect(filled.keep).toEqual(copy("k", 2, 5, 3));
    expect(filled.answer).toEqual({
      height: 8,
      certificate: null,
      version: 2,
      state: '{"v":2}',
      since: 3,
    });
  });

  it("KeepFill: that an entity never existed is kept with its height", () => {
    const filled = endFill(4, begun(4), copy("k", 0, 5, 0), undefined);
    expect(filled.keep).toEqual(copy("k", 0, 5, 0));
    expect(filled.answer).toMatchObject({ version: 0, state: null, height: 5 });
  });

  it("KeepFill: a seat ahead of its pushes replaces an older copy", () => {
    const fill = begun(4);
    noticePush(4, push(4, 6, row("k", 2, 6)), new Map([["k", fill]]));
    expect(endFill(6, fill, copy("k", 3, 7), copy("k", 2, 6)).keep).toEqual(copy("k", 3, 7));
  });

  it("PreferNewerCopy: a copy pushed meanwhile wins over the older row", () => {
    const fill = begun(4);
    noticePush(4, push(4, 6, row("k", 2, 6)), new Map([["k", fill]]));
    const filled = endFill(6, fill, copy("k", 1, 5), copy("k", 2, 6));
    expect(filled.keep).toBeNull();
    expect(filled.answer).toMatchObject({ version: 2, height: 6 });
  });

  it("NoticeChangeDuringFill: a row older than a change that has been dropped again is not kept", () => {
    const fill = begun(4);
    const fills = new Map([["k", fill]]);
    noticePush(4, push(4, 6, row("k", 2, 6)), fills);
    noticePush(6, push(4, 5, row("k", 9, 99)), fills);
    expect(fill).toEqual({ watchedFrom: 4, changedAt: 6 });
    expect(endFill(6, fill, copy("k", 1, 5), undefined)).toMatchObject({
      keep: null,
      answer: { version: 1, height: 5 },
    });
  });

  it("PassOnOvertakenFill: a row read before a gap ended is answered as of its own height, not kept", () => {
    const fill = begun(4);
    noticePush(4, push(9, 10, row("other", 1, 10)), new Map([["k", fill]]));
    expect(endFill(10, fill, copy("k", 1, 8), undefined)).toMatchObject({
      keep: null,
      answer: { version: 1, height: 8 },
    });
    expect(endFill(10, fill, copy("k", 1, 9), undefined).keep).not.toBeNull();
  });

  it("PassOnOvertakenFill: a seat that has fallen behind its own pushes is answered, not kept", () => {
    const filled = endFill(9, begun(9), copy("k", 1, 3), undefined);
    expect(filled).toMatchObject({ keep: null, answer: { height: 3 } });
  });
});

describe("buckets", () => {
  it("DropIdleBucket: a bucket goes when its youngest copy has been idle for the whole time, not before", () => {
    const buckets = [bucket(1, 10), bucket(2, 11)];
    const due = 11 * width + ttl;
    expect(nextDue(buckets)).toBe(due);
    expect(sweep(due - 1, buckets, noReads(0))).toEqual([]);
    expect(sweep(due, buckets, noReads(0))).toEqual([{ kind: "drop", bucket: 1 }]);
    expect(sweep(due + width, buckets, noReads(0))).toHaveLength(2);
    expect(nextDue([])).toBeNull();
  });

  it("DropIdleBucket: what was read is carried to the period of the reading before its bucket goes", () => {
    const buckets = [bucket(1, 10), bucket(2, 14)];
    const reads = noReads(14);
    noteRead(reads, "k", bucket(1, 10), 14 * width);
    noteRead(reads, "fresh", bucket(2, 14), 14 * width);
    expect([...reads.keys]).toEqual(["k"]);
    expect(sweep(15 * width - 1, buckets, reads)).toEqual([]);
    expect(sweep(15 * width, buckets, reads)).toEqual([
      { kind: "carry", into: bucket(2, 14), keys: ["k"] },
      { kind: "drop", bucket: 1 },
    ]);
  });

  it("DropIdleBucket: reads so old that their own bucket is due are not carried", () => {
    const reads = noReads(14);
    noteRead(reads, "k", bucket(1, 10), 14 * width);
    const effects = sweep(15 * width + ttl, [bucket(1, 10)], reads);
    expect(effects).toEqual([{ kind: "drop", bucket: 1 }]);
  });

  it("DropOldestWhenFull: the oldest buckets go until entries and bytes are within bounds", () => {
    const third = Math.ceil(LIMITS.registrarEntries / 3);
    const many = [1, 2, 3, 4].map((id) => bucket(id, id, third));
    expect(crowdedOut(many)).toEqual([
      { kind: "drop", bucket: 1 },
      { kind: "drop", bucket: 2 },
    ]);
    expect(crowdedOut(many.slice(2))).toEqual([]);
    const heavy = [1, 2].map((id) => bucket(id, id, 1, LIMITS.registrarBytes));
    expect(crowdedOut(heavy)).toEqual([{ kind: "drop", bucket: 1 }]);
  });

  it("DropOldestWhenFull: a full bucket is followed by another of its period", () => {
    const full = bucket(7, 10, LIMITS.registrarEntries / 4);
    expect(openedIn(10, [bucket(7, 10)])).toMatchObject({ id: 7, period: 10 });
    expect(openedIn(10, [full])).toEqual({ id: 8, period: 10 });
    expect(openedIn(11, [bucket(7, 10)])).toEqual({ id: 8, period: 11 });
    expect(openedIn(10, [])).toEqual({ id: 1, period: 10 });
  });

  it("DropIdleBucket: a clock that jumps back goes on in the newest bucket", () => {
    expect(openedIn(3, [bucket(7, 10)])).toMatchObject({ id: 7, period: 10 });
    expect(openedIn(3, [bucket(7, 10, LIMITS.registrarEntries)])).toEqual({ id: 8, period: 10 });
  });
});
