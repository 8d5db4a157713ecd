/** The virtual database and storage, where they could themselves be wrong. */
import { describe, expect, it } from "vitest";
import { Dice } from "../../kit/dice.ts";
import { World } from "../world.ts";
import { CLEAR, VirtualD1 } from "./d1.ts";
import { Gone, ObjectStorage } from "./storage.ts";

const SCHEMA = "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT;";

function d1() {
  const world = new World(new Dice(1));
  const database = new VirtualD1(world, SCHEMA);
  const db = database.reached(() => true);
  const put = (k: number, v: string | null) =>
    db.prepare("INSERT INTO t (k, v) VALUES (?1, ?2)").bind(k, v);
  const held = () =>
    database.run({ sql: "SELECT k FROM t ORDER BY k", cells: [] }).map(({ k }) => k);
  /** What the promise came to, in virtual time. */
  const done = async <T>(promise: Promise<T>): Promise<T | string> => {
    const come = promise.catch((error: unknown) => String(error));
    await world.run(world.now + 1_000);
    return Promise.race([come, Promise.resolve("nothing")]);
  };
  return { world, database, db, put, held, done };
}

describe("the virtual D1", () => {
  it("reads what was written, by column and by row", async () => {
    const { db, put, done } = d1();
    await done(put(7, "x").run());
    const one = db.prepare("SELECT k, v FROM t WHERE k = ?").bind(7);
    expect(await done(one.first("v"))).toBe("x");
    expect(await done(one.first())).toEqual({ k: 7, v: "x" });
    expect(await done(one.all())).toMatchObject({ results: [{ k: 7, v: "x" }] });
    expect(await done(one.bind(8).first("v"))).toBe(null);
  });

  it("does a batch as a whole or not at all, and tells SQLite's own words", async () => {
    const { db, put, held, done } = d1();
    expect(await done(db.batch([put(1, "a"), put(2, null)]))).toMatch(/NOT NULL/);
    expect(held()).toEqual([]);
    const results = await done(db.batch([put(1, "a"), db.prepare("SELECT max(k) AS k FROM t")]));
    expect(results).toMatchObject([{ results: [] }, { results: [{ k: 1 }] }]);
  });

  it("fails alike for what was done and for what was not", async () => {
    const { database, put, held, done } = d1();
    database.weather = { ...CLEAR, unheard: 100 };
    expect(await done(put(1, "a").run())).toMatch(/connection lost/);
    expect(held()).toEqual([1]);
    database.weather = { ...CLEAR, refused: 100 };
    expect(await done(put(2, "a").run())).toMatch(/connection lost/);
    expect(held()).toEqual([1]);
    database.weather = CLEAR;
    database.away = true;
    expect(await done(put(3, "a").run())).toMatch(/connection lost/);
    expect(held()).toEqual([1]);
  });

  it("does the last call of one that is gone, and tells it nothing", async () => {
    const { world, database, held } = d1();
    let alive = true;
    let told = false;
    const db = database.reached(() => alive);
    const call = db.prepare("INSERT INTO t (k, v) VALUES (1, 'a')").run();
    call.then(
      () => (told = true),
      () => (told = true),
    );
    alive = false;
    await world.run(world.now + 1_000);
    expect([held(), told]).toEqual([[1], false]);
  });
});

function object() {
  const world = new World(new Dice(2));
  const alarms: number[] = [];
  const storage = new ObjectStorage(world, () => alarms.push(world.now));
  let alive = true;
  const life = storage.of(
    () => alive,
    () => undefined,
  );
  life.sql.exec("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT");
  const put = (k: number) => life.sql.exec("INSERT INTO t (k, v) VALUES (?, ?)", k, "v");
  const held = () =>
    life.sql
      .exec("SELECT k FROM t ORDER BY k")
      .toArray()
      .map(({ k }) => k);
  const end = () => (alive = false);
  /** Lets a task of its own do the work. */
  const piece = async (work: () => void): Promise<void> => {
    world.after(0, work);
    await world.run(world.now);
  };
  const pass = (ms: number) => world.run(world.now + ms);
  return { world, storage, alarms, life, put, held, end, piece, pass };
}

describe("the virtual storage of an object", () => {
  it("loses with a crash what is not durable yet, and nothing else", async () => {
    const { storage, put, held, piece, pass } = object();
    await piece(() => put(1));
    await pass(100);
    storage.slowness = 0;
    await piece(() => put(2));
    storage.slowness = 10_000;
    await piece(() => put(3));
    await piece(() => put(4));
    expect(held()).toEqual([1, 2, 3, 4]);
    await pass(1);
    storage.crash();
    expect(held()).toEqual([1, 2]);
    await pass(20_000);
    await piece(() => put(5));
    storage.crash();
    expect(held()).toEqual([1, 2]);
  });

  it("lets nothing leave that depends on what is lost", async () => {
    const { storage, put, piece, pass } = object();
    const left: string[] = [];
    await pass(100);
    storage.gate(() => left.push("at once"));
    await piece(() => put(1));
    storage.gate(() => left.push("when durable"));
    await pass(100);
    await piece(() => put(2));
    storage.gate(() => left.push("never"));
    storage.crash();
    await pass(100);
    expect(left).toEqual(["at once", "when durable"]);
  });

  it("takes back a transaction that throws, and only that", async () => {
    const { life, put, held, piece } = object();
    await piece(() => {
      put(1);
      expect(() =>
        life.transactionSync(() => {
          put(2);
          throw new Error("no");
        }),
      ).toThrow("no");
      life.transactionSync(() => put(3));
    });
    expect(held()).toEqual([1, 3]);
  });

  it("keeps the alarm over a crash, unless its setting was not durable", async () => {
    const { world, storage, life, alarms, piece, pass } = object();
    await pass(100);
    const first = world.now + 1_000;
    await piece(() => void life.setAlarm(first));
    await pass(100);
    await piece(() => void life.setAlarm(world.now + 500));
    storage.crash();
    await pass(5_000);
    expect(alarms).toEqual([first]);
  });

  it("is closed to a life that is over", () => {
    const { life, put, end } = object();
    end();
    expect(() => put(1)).toThrow(Gone);
    expect(() => life.transactionSync(() => 1)).toThrow(Gone);
  });
});
