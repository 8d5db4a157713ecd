import { beforeAll, describe, expect, it } from "vitest";
import {
  publishGenesis,
  publishRun,
  publishedHeight,
  readGenesis,
} from "../objects/ledger/append.ts";
import { attest, attestedHeights } from "../objects/ledger/attest.ts";
import { auditRange } from "../objects/ledger/audit.ts";
import { provenEvents } from "../objects/ledger/load.ts";
import { storedBlock } from "../objects/ledger/stored.ts";
import { LedgerConflict, LedgerGap } from "../objects/ledger/ledger.ts";
import type { Ledger } from "../objects/ledger/ledger.ts";
import { LedgerCorrupt } from "../objects/ledger/trust.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Scribe } from "./kit/blocks.ts";
import {
  all,
  chain,
  db,
  migrated,
  opened,
  received,
  refused,
  tamper,
  wordOf,
} from "./kit/ledger.ts";

beforeAll(migrated);

const tables = ["blocks", "writs", "events", "entity_versions"];
const contents = (generation: string) => Promise.all(tables.map((table) => all(generation, table)));

describe("the genesis", () => {
  it("KeepGenesis, KeepGenesisAgain: it is kept once and read back", async () => {
    expect(await readGenesis(db, "gen-a")).toBeNull();
    const { scribe } = await opened("gen-a");
    await publishGenesis(db, scribe.genesis);
    expect(await readGenesis(db, "gen-a")).toEqual(scribe.genesis);
  });

  it("RefuseOtherGenesis: a generation has one", async () => {
    const { scribe } = await opened("gen-b");
    expect(await refused(publishGenesis(db, new Scribe("gen-b").genesis))).toBeInstanceOf(
      LedgerConflict,
    );
    expect(await readGenesis(db, "gen-b")).toEqual(scribe.genesis);
  });

  it("RefuseCorruptRow: a genesis that is damaged or gone from under its blocks is not given", async () => {
    const { scribe, ledger } = await opened("gen-c");
    await publishRun(ledger, 0, chain(scribe, 1));
    await tamper("genesis_stays", "UPDATE genesis SET document = '{}' WHERE generation = 'gen-c'");
    expect(await refused(readGenesis(db, "gen-c"))).toBeInstanceOf(LedgerCorrupt);
    await tamper("genesis_kept", "DELETE FROM genesis WHERE generation = 'gen-c'");
    expect(await refused(readGenesis(db, "gen-c"))).toBeInstanceOf(LedgerCorrupt);
  });
});

describe("appending", () => {
  it("AppendAgreed: a run is there with all its rows", async () => {
    const { scribe, ledger } = await opened("append");
    const blocks = [...chain(scribe, 2), scribe.next(0)];
    expect(await publishedHeight(ledger, 0)).toBe(0);
    expect(await publishRun(ledger, 0, blocks)).toBe(3);
    expect(await publishedHeight(ledger, 0)).toBe(3);
    expect((await contents("append")).map((rows) => rows.length)).toEqual([3, 2, 2, 2]);
  });

  it.each(["nondeterministic", "unable"] as const)(
    "AppendAgreed, AuditHeight, ServeProven: a block with its proof of poison: %s",
    async (reason) => {
      const { scribe, ledger } = await opened(`poison-${reason}`);
      const sealed = scribe.seal(0, [received("a"), { id: "odd", status: "rejected" }]);
      const blocks = [scribe.extend(0, [{ sealed, count: 1 }])];
      const poison = scribe.poison(0, sealed, 1, reason);
      blocks.push(scribe.extend(0, [{ sealed, first: 1, count: 1, poison }]));
      expect(await publishRun(ledger, 0, blocks)).toBe(2);
      expect(await storedBlock(ledger, 0, 2)).toEqual(blocks[1]);
      expect(await auditRange(ledger, 0, { from: 0, to: 2 }, () => null)).toEqual({
        auditedHeight: 2,
      });
      const places = [{ court: 0, height: 2, idx: 0, writ: 0 }];
      const [served] = await provenEvents(ledger, "dev", places);
      expect(served?.entry).toEqual(blocks[1]?.entries[0]);
    },
  );

  it("AppendAgainIsNoop: the same run again, an overlap, and another certificate change nothing", async () => {
    const { scribe, ledger } = await opened("again");
    const blocks = chain(scribe, 5);
    await publishRun(ledger, 0, blocks.slice(0, 3));
    const before = await contents("again");
    expect(await publishRun(ledger, 0, blocks.slice(0, 3))).toBe(3);
    expect(await publishRun(ledger, 0, blocks.slice(1, 2))).toBe(3);
    const certified = blocks.map((block) => ({
      ...block,
      certificate: scribe.certify(block.certificate, [1, 2, 3]),
    }));
    expect(await publishRun(ledger, 0, certified.slice(0, 2))).toBe(3);
    expect(await contents("again")).toEqual(before);
    expect(await publishRun(ledger, 0, blocks.slice(2))).toBe(5);
    expect(await publishRun(ledger, 0, [])).toBe(5);
  });

  it("RefuseConflict, OneBlockPerHeight: another block at a height is never swallowed", async () => {
    const { scribe, ledger } = await opened("conflict");
    const blocks = chain(scribe, 3);
    await publishRun(ledger, 0, blocks);
    const before = await contents("conflict");
    const fork = new Scribe("conflict");
    const forks = chain(fork, 3).map((block) => ({
      ...block,
      header: { ...block.header, parent: blocks[0]?.header.parent ?? "" },
    }));
    const error = await refused(publishRun(ledger, 0, forks.slice(0, 1)));
    expect(error).toBeInstanceOf(LedgerConflict);
    expect(error).toMatchObject({ court: 0, height: 1 });
    expect(await contents("conflict")).toEqual(before);
  });

  it("RefuseConflict: nor is one further up that continues another chain", async () => {
    const { scribe, ledger } = await opened("fork");
    const [first, second] = chain(scribe, 2);
    const other = new Scribe("fork");
    other.next(0);
    const stranger = other.next(0);
    await publishRun(ledger, 0, first === undefined ? [] : [first]);
    expect(await refused(publishRun(ledger, 0, [stranger]))).toMatchObject({
      name: "LedgerConflict",
      height: 1,
    });
    expect(await publishRun(ledger, 0, second === undefined ? [] : [second])).toBe(2);
  });

  it("RefuseConflict: two blocks cannot make one version of an entity", async () => {
    const { scribe, ledger } = await opened("versions", 2);
    const twin = new Scribe("versions", 2);
    const mine = scribe.next(0, received("a", "sku"));
    const theirs = twin.next(1, received("b", "sku"));
    const parent = mine.header.parent;
    await publishRun(ledger, 0, [mine]);
    const error = await refused(
      publishRun(ledger, 1, [{ ...theirs, header: { ...theirs.header, parent } }]),
    );
    expect(error).toBeInstanceOf(LedgerConflict);
    expect(await publishedHeight(ledger, 1)).toBe(0);
  });

  it("RefuseGap: a run that does not begin where the ledger ends leaves nothing", async () => {
    const { scribe, ledger } = await opened("gap");
    const blocks = chain(scribe, 4);
    expect(await refused(publishRun(ledger, 0, blocks.slice(1)))).toMatchObject({
      name: "LedgerGap",
      height: 0,
    });
    await publishRun(ledger, 0, blocks.slice(0, 1));
    const error = await refused(publishRun(ledger, 0, blocks.slice(2)));
    expect(error).toBeInstanceOf(LedgerGap);
    expect(error).toMatchObject({ height: 1 });
    expect(await publishedHeight(ledger, 0)).toBe(1);
  });

  it("RefuseGap: nothing stands without its genesis", async () => {
    const scribe = new Scribe("nobody");
    const ledger = { db, ...scribe.trust() };
    expect(await refused(publishRun(ledger, 0, chain(scribe, 1)))).toBeInstanceOf(LedgerGap);
  });

  it("RefuseUncertified: a block without signatures", async () => {
    const { scribe, ledger } = await opened("bare");
    const block = scribe.next(0, received("a"));
    const bare = { ...block, certificate: { ...block.certificate, signatures: [] } };
    expect(String(await refused(publishRun(ledger, 0, [bare])))).toContain("certified");
    expect(await publishedHeight(ledger, 0)).toBe(0);
  });

  it("RefuseOrphan: rows without their block, and versions that no outcome made", async () => {
    const { scribe, ledger } = await opened("orphan");
    await publishRun(ledger, 0, chain(scribe, 1));
    const event =
      "INSERT INTO events (generation, court, height, idx, outcome) VALUES ('orphan', 0, ?, ?, ?)";
    const outcome = JSON.stringify({
      tenant: "dev",
      source: "/",
      id: "x",
      type: "t",
      status: "accepted",
      changes: [],
    });
    const attempts = [
      db.prepare(event).bind(2, 0, outcome),
      db.prepare(event).bind(1, 1, outcome),
      db.prepare("INSERT INTO writs VALUES ('orphan', 0, 2, 0, 0, 1, 0, 1, 1, 'seal', '[]', NULL)"),
      db.prepare(
        "INSERT INTO entity_versions VALUES ('orphan', 'dev', 'stock/e-0-0@w1', 9, 0, 1, 0)",
      ),
      db.prepare(
        "INSERT INTO entity_versions VALUES ('orphan', 'other', 'stock/e-0-0@w1', 1, 0, 1, 0)",
      ),
    ];
    const errors = await Promise.all(attempts.map((attempt) => refused(attempt.run())));
    for (const error of errors)
      expect(error.message).toMatch(/without its block|that no outcome made/);
  });

  it.each(["genesis", ...tables])("RefuseRewrite: %s are changed by nobody", async (table) => {
    const generation = `keep-${table.slice(0, 6)}`.replace("_", "-");
    const { scribe, ledger } = await opened(generation);
    await publishRun(ledger, 0, chain(scribe, 2));
    const before = await all(generation, table);
    const column =
      { genesis: "digest", blocks: "root", writs: "seal", events: "outcome" }[table] ?? "idx";
    for (const sql of [
      `UPDATE ${table} SET ${column} = ${column} WHERE generation = ?`,
      `DELETE FROM ${table} WHERE generation = ?`,
    ]) {
      expect(String(await refused(db.prepare(sql).bind(generation).run()))).toContain(
        "append-only",
      );
    }
    expect(await all(generation, table)).toEqual(before);
  });

  it("RefuseRewrite: INSERT OR REPLACE neither changes a block or event nor passes for another", async () => {
    const { scribe, ledger } = await opened("replace");
    const blocks = chain(scribe, 1);
    await publishRun(ledger, 0, blocks);
    const before = await contents("replace");
    const copy = `SELECT generation, court, height, outcomes, prior, 'forged', state, header, certificate, leaves FROM blocks
      WHERE generation = 'replace'`;
    const into =
      "(generation, court, height, outcomes, prior, root, state, header, certificate, leaves)";
    await db.prepare(`INSERT OR REPLACE INTO blocks ${into} ${copy}`).run();
    const other = copy.replace("certificate,", "json_set(certificate, '$.block', 'forged'),");
    const error = await refused(db.prepare(`INSERT OR REPLACE INTO blocks ${into} ${other}`).run());
    expect(error.message).toContain("another block at this height");
    await db
      .prepare(
        `INSERT OR REPLACE INTO events (generation, court, height, idx, writ, event, outcome)
         SELECT generation, court, height, idx, writ, event, json_set(outcome, '$.status', 'rejected') FROM events
         WHERE generation = 'replace'`,
      )
      .run();
    expect(await contents("replace")).toEqual(before);
  });

  it("AppendAgreed: D1 refusing delays a run, whole, and the same call then succeeds", async () => {
    const { scribe, ledger } = await opened("refuse");
    const blocks = chain(scribe, 3);
    await db
      .prepare(
        `CREATE TRIGGER closed BEFORE INSERT ON entity_versions WHEN NEW.height = 3
         BEGIN SELECT RAISE(ABORT, 'closed for the test'); END`,
      )
      .run();
    expect(String(await refused(publishRun(ledger, 0, blocks)))).toContain("closed for the test");
    expect((await contents("refuse")).flat()).toEqual([]);
    await db.prepare("DROP TRIGGER closed").run();
    expect(await publishRun(ledger, 0, blocks)).toBe(3);
  });

  it("AppendAgreed: no bound text is over its limit, however large block and outcome", async () => {
    const { scribe, ledger } = await opened("large");
    const texts: number[] = [];
    const counting: Ledger = { ...ledger, db: counted(db, texts) };
    const many = Array.from({ length: 1000 }, (_, at) => ({
      ...received(`e-${at}`),
      data: { note: '"'.repeat(500) },
    }));
    // Escaped once more it would be twice as long.
    const huge = {
      ...received("huge"),
      changes: [{ entity: "stock/huge@w1", state: '"'.repeat(520_000) }],
    };
    const blocks = [
      scribe.extend(
        0,
        Array.from({ length: 4 }, (_, at) => ({
          sealed: scribe.seal(0, many.slice(at * 250, at * 250 + 250)),
        })),
      ),
      scribe.next(0, huge),
    ];
    expect(await publishRun(counting, 0, blocks)).toBe(2);
    expect(Math.max(...texts)).toBeGreaterThan(LIMITS.rowBytes / 2);
    expect(Math.max(...texts)).toBeLessThanOrEqual(LIMITS.rowBytes);
    expect(await auditRange(ledger, 0, { from: 0, to: 2 }, () => null)).toEqual({
      auditedHeight: 2,
    });
  });
});

/** The database, noting the bytes of every text bound to a statement. */
function counted(database: D1Database, texts: number[]): D1Database {
  const encoder = new TextEncoder();
  return {
    prepare: (sql: string) => {
      const statement = database.prepare(sql);
      const bind = (...values: unknown[]) => {
        for (const value of values)
          if (typeof value === "string") texts.push(encoder.encode(value).length);
        return statement.bind(...values);
      };
      return { bind };
    },
    batch: (statements: D1PreparedStatement[]) => database.batch(statements),
  } as unknown as D1Database;
}

describe("how far it may be believed", () => {
  it("Attest, TellAttestedHeight: a word on a height is one on all below, and r of them are needed", async () => {
    const { scribe, ledger } = await opened("attest", 2);
    const blocks = chain(scribe, 4);
    await publishRun(ledger, 0, blocks);
    const say = (seat: number, height: number) => {
      const block = blocks[height - 1];
      return block === undefined ? undefined : attest(ledger, wordOf(scribe, seat, block));
    };
    expect(await attestedHeights(ledger)).toEqual([0, 0]);
    await say(0, 4);
    expect(await attestedHeights(ledger)).toEqual([0, 0]);
    await say(3, 2);
    expect(await attestedHeights(ledger)).toEqual([2, 0]);
    await say(1, 3);
    expect(await attestedHeights(ledger)).toEqual([3, 0]);
  });

  it("KeepLaterAttestation, OneWordPerSeat: an older word changes nothing", async () => {
    const { scribe, ledger } = await opened("older");
    const blocks = chain(scribe, 2);
    await publishRun(ledger, 0, blocks);
    for (const block of [...blocks, ...blocks]) {
      for (const seat of [0, 1]) await attest(ledger, wordOf(scribe, seat, block));
    }
    expect(await attestedHeights(ledger)).toEqual([2]);
    const { results } = await ledger.db
      .prepare("SELECT seat, height FROM attestations WHERE generation = ? ORDER BY seat")
      .bind("older")
      .all();
    expect(results).toEqual([
      { seat: 0, height: 2 },
      { seat: 1, height: 2 },
    ]);
  });

  it("TellAttestedHeight: forged words count for nothing and give way to the seat's own", async () => {
    const { scribe, ledger } = await opened("forged");
    const block = scribe.next(0, received("a"));
    await publishRun(ledger, 0, [block]);
    await attest(ledger, wordOf(scribe, 0, block));
    for (const seat of [1, 2, 3]) {
      await attest(ledger, wordOf(scribe, seat, block, 0));
    }
    await attest(ledger, wordOf(scribe, 77, block, 0));
    expect(await attestedHeights(ledger)).toEqual([0]);
    await attest(ledger, wordOf(scribe, 2, block));
    expect(await attestedHeights(ledger)).toEqual([1]);
  });

  it("RefuseAttestationOfNoBlock: a word on what the ledger does not hold", async () => {
    const { scribe, ledger } = await opened("no-block");
    const blocks = chain(scribe, 2);
    await publishRun(ledger, 0, blocks.slice(0, 1));
    const absent = blocks[1];
    if (absent === undefined) throw new Error("no block");
    expect(String(await refused(attest(ledger, wordOf(scribe, 0, absent))))).toContain(
      "of no block",
    );
  });
});
