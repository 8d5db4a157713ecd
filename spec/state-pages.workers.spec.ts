import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { AgreedState } from "../objects/clerk/state.ts";
import { RowDamaged } from "../objects/clerk/rows.ts";
import type { Room } from "../objects/clerk/roots.ts";
import { bucketOf } from "../objects/shared/state-root.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const EVERY = 4;
const BUCKET = 7;
const PLENTY: Room = { rows: 100, bytes: 100_000 };

/** Keys that fall into one bucket. */
function keys(count: number): string[] {
  const found: string[] = [];
  for (let at = 0; found.length < count; at += 1)
    if (bucketOf(`dev/stock/item-${at}@w`) === BUCKET) found.push(`dev/stock/item-${at}@w`);
  return found;
}

/** A state of one bucket, overwritten after a base, so that the base has images. */
function inStorage(name: string, work: (state: AgreedState) => void): Promise<void> {
  const nobody = env.CLERK.getByName(`nobody/${name}`);
  return runInDurableObject(nobody, (_, { storage: { sql } }) => {
    const state = new AgreedState(sql, EVERY);
    for (const height of [EVERY, EVERY + 1]) {
      const entities = keys(6).map((key) => ({
        key,
        version: height,
        state: "{}",
        height,
        expires: null,
      }));
      state.apply({ entities, keys: [] }, { height, time: height });
    }
    work(state);
  });
}

describe("a page of the state", () => {
  it("that breaks off at a rotten row holds on to no table: the seat can go on, and be rebuilt", () =>
    inStorage("rotten", (state) => {
      state.rot();
      expect(() => state.page(BUCKET, 2 * EVERY, null, PLENTY)).toThrow(RowDamaged);
      state.forgetBefore(2 * EVERY, 0);
      state.replaceBy(null);
    }));

  it("that is full holds on to no table", () =>
    inStorage("full", (state) => {
      const { rows, last } = state.page(BUCKET, EVERY, null, { rows: 2, bytes: 1 });
      expect([rows.length, last]).toEqual([1, false]);
      state.forgetBefore(2 * EVERY, 0);
      state.replaceBy(null);
    }));
});
