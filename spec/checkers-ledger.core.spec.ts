/** The checker of the Ledger finds a dump of it that breaks just its property, and is content with a sound one. */
import { describe, expect, it } from "vitest";
import { brokenBy } from "./kit/film.ts";
import { textOf } from "../kit/memory.ts";
import { Scene, tablesOf } from "./kit/scene.ts";
import { outcomeCheckers } from "./simulator/checkers/checkers.ts";
import type { LedgerTables } from "./simulator/history.ts";

type Tables = ReturnType<typeof tablesOf>;
type Row = LedgerTables["blocks"][number];

const received = (id: string, item = "a"): string =>
  textOf({ id, type: "stock.received", data: { item, warehouse: "w", quantity: 5 } });

/** Three blocks, one of them with a part of a writ and one with an effect of the system. */
function scene(): Scene {
  const made = new Scene();
  const hold = { item: "a", warehouse: "w", quantity: 1, reservation: "r", ttlSeconds: 1 };
  made.block([received("one"), textOf({ id: "two", type: "stock.reserved", data: hold })]);
  made.block([received("three"), received("four", "b")], {
    entries: (entries) => entries.map((entry) => ({ ...entry, count: 1 })),
  });
  const [entry] = made.chain[1]?.entries ?? [];
  made.now += 2_000;
  made.decide(entry === undefined ? [] : [{ ...entry, first: 1, count: 1 }]);
  return made;
}

/** Dumps in turn, each changed. */
function broken(...changes: readonly ((tables: Tables) => void)[]): string | null {
  const made = scene();
  for (const change of changes) {
    const tables = tablesOf(made);
    change(tables);
    made.note({ kind: "ledger", tables });
  }
  return brokenBy(made.noted, outcomeCheckers(made.options));
}

const sound = (): void => undefined;
const change =
  (table: keyof LedgerTables, at: number, columns: Row) =>
  (tables: Tables): void => {
    tables[table] = tables[table].map((row, place) =>
      place === at ? { ...row, ...columns } : row,
    );
  };
const published = (height: number, table: (tables: Tables) => void): string | null => {
  const made = scene();
  made.note({ kind: "published", seat: 0, height });
  const tables = tablesOf(made);
  table(tables);
  made.note({ kind: "ledger", tables });
  return brokenBy(made.noted, outcomeCheckers(made.options));
};
const cutTo = (height: number) => (tables: Tables) => {
  for (const table of ["blocks", "writs", "events", "entity_versions"] as const)
    tables[table] = tables[table].filter((row) => Number(row["height"]) <= height);
  tables.attestations = [];
};

it("a Ledger that holds the chain, or its beginning, breaks nothing", () => {
  expect(broken(sound, sound)).toBeNull();
  expect(broken(cutTo(1), cutTo(2), sound)).toBeNull();
});

describe("PublishedIsAgreed", () => {
  it("PublishedIsAgreed: another block, or one whose certificate does not hold", () => {
    const [first] = tablesOf(scene()).blocks;
    const certificate = JSON.parse(String(first?.["certificate"])) as { signatures: unknown[] };
    const fewer = { ...certificate, signatures: certificate.signatures.slice(1) };
    expect(broken(change("blocks", 0, { certificate: JSON.stringify(fewer) }))).toBe(
      "PublishedIsAgreed",
    );
    for (const columns of [
      { root: "0".repeat(64) },
      { prior: "0".repeat(64) },
      { outcomes: 3 },
      { leaves: "" },
      { state: "0".repeat(64) },
      { header: "{}" },
      { height: 2 },
    ] as Row[])
      expect(broken(change("blocks", 0, columns)), JSON.stringify(columns)).toBe(
        "PublishedIsAgreed",
      );
  });

  it("PublishedIsAgreed: a height between two is not there, or one above all that is agreed", () => {
    const gap = (tables: Tables): void => void tables.blocks.splice(1, 1);
    expect(broken(gap)).toBe("PublishedIsAgreed");
    const above = (tables: Tables): void => void tables.blocks.push({ court: 0, height: 4 });
    expect(broken(above)).toBe("PublishedIsAgreed");
  });

  it.each<[keyof LedgerTables, Row]>([
    ["writs", { seal: "0" }],
    ["writs", { rest: "[1]" }],
    ["writs", { start: 1 }],
    ["writs", { bytes: 1 }],
    ["events", { event: "{}" }],
    ["events", { outcome: "{}" }],
    ["events", { writ: 1 }],
    ["events", { idx: 7 }],
    ["entity_versions", { idx: 1, height: 3 }],
    ["entity_versions", { version: 9 }],
  ])("PublishedIsAgreed: another column of %s, %j", (table, columns) => {
    expect(broken(change(table, 0, columns))).toBe("PublishedIsAgreed");
  });

  it("PublishedIsAgreed: another genesis", () => {
    const genesis = (tables: Tables): void => {
      tables.genesis = [{ generation: "g", digest: "0".repeat(64), document: "{}" }];
    };
    expect(broken(genesis)).toBe("PublishedIsAgreed");
  });
});

it("AllOrNothing: a block without one of its writs, events or versions", () => {
  for (const table of ["writs", "events", "entity_versions"] as const)
    expect(
      broken((tables) => void tables[table].pop()),
      table,
    ).toBe("AllOrNothing");
});

it("PublishedNeverChanges: what was said to be published, or seen once, is there as it was", () => {
  expect(published(3, sound)).toBeNull();
  expect(published(3, cutTo(2))).toBe("PublishedNeverChanges");
  expect(broken(sound, cutTo(2))).toBe("PublishedNeverChanges");
  // Another quorum's certificate of the same block is as good, but not in the place of the first.
  const seen = tablesOf(scene()).blocks[0];
  const text = String(seen?.["certificate"]);
  expect(broken(sound, change("blocks", 0, { certificate: ` ${text}` }))).toBe(
    "PublishedNeverChanges",
  );
});

it("PublishedIsAttested: fewer seats vouch for it than it takes for one of them to be honest", () => {
  expect(published(2, cutTo(2))).toBe("PublishedIsAttested");
  const alone = (tables: Tables): void => void tables.attestations.splice(1);
  expect(published(3, alone)).toBe("PublishedIsAttested");
});

it("WordIsKept: an honest seat vouches for another block, or not under its signature", () => {
  expect(broken(change("attestations", 0, { height: 2 }))).toBe("WordIsKept");
  expect(broken(change("attestations", 0, { signature: "0" }))).toBe("WordIsKept");
  expect(broken(change("attestations", 0, { seat: 1 }))).toBe("WordIsKept");
});
