import { describe, expect, it } from "vitest";
import { BadCursor, cursorOf, entityOf, placesOf, versionOf } from "../objects/ledger/cursor.ts";
import { blockOf, entryOf, headOf, inclusionOf } from "../objects/ledger/proof.ts";
import { rowsOf } from "../objects/ledger/rows.ts";
import type { BlockRows } from "../objects/ledger/rows.ts";
import { LedgerCorrupt } from "../objects/ledger/trust.ts";
import { leafDigest } from "../objects/shared/digests.ts";
import { sha256Node } from "../objects/shared/node/crypto.ts";
import { Scribe } from "./kit/blocks.ts";
import type { Told } from "./kit/blocks.ts";

const scribe = new Scribe("1");
const trust = scribe.trust();

const told = (from: number, count: number): Told[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `e-${from + at}`,
    changes: [{ entity: `stock/sku-${from + at}@w1`, state: { onHand: 1, reserved: 0 } }],
  }));

/** Two effects of the system, a whole writ, and the middle of another. */
function mixedBlock() {
  const split = scribe.seal(0, told(10, 5), 1);
  const parts = [{ sealed: scribe.seal(0, told(0, 3)) }, { sealed: split, first: 1, count: 2 }];
  return scribe.extend(0, parts, {
    system: told(90, 2).map((item) => ({ ...item, source: "assize", type: "assize.expired" })),
  });
}

/** What is said of the rows, or null where they are believed. */
function verdict(rows: BlockRows): string | null {
  try {
    blockOf(rows, trust);
    return null;
  } catch (error) {
    if (error instanceof LedgerCorrupt) return error.what;
    throw error;
  }
}

describe("AuditHeight", () => {
  it("gives the block back from its rows, system effects and split writs included", () => {
    const block = mixedBlock();
    expect(blockOf(rowsOf(block), trust)).toEqual(block);
  });

  it("gives an empty block back", () => {
    const block = scribe.next(0);
    expect(blockOf(rowsOf(block), trust)).toEqual(block);
  });

  it("believes any quorum's certificate", () => {
    const block = scribe.extend(0, [], { signers: [3, 1, 2, 0], view: 5 });
    expect(verdict(rowsOf(block))).toBeNull();
  });
});

describe("ReportWrongHeight", () => {
  const block = mixedBlock();
  const rows = rowsOf(block);
  const other = "00".repeat(32);
  const header = (change: object) => JSON.stringify({ ...block.header, ...change });
  const certificate = (change: object) => JSON.stringify({ ...block.certificate, ...change });
  const { signatures } = block.certificate;
  const forged = signatures.map((vote) => ({ ...vote, signature: "00".repeat(64) }));
  const twice = [signatures[0], signatures[0], signatures[0]];

  it.each([
    ["height", { height: 77 }],
    ["prior", { prior: other }],
    ["root", { root: other }],
    ["state", { state: other }],
    ["leaves", { leaves: `${other}${rows.block.leaves.slice(64)}` }],
    ["number of outcomes", { outcomes: 6 }],
    ["header's time", { header: header({ time: 1 }) }],
    ["header's parent", { header: header({ parent: other }) }],
    ["a member the header's digest does not cover", { header: header({ note: "served" }) }],
    ["header's epoch", { header: header({ epoch: 2 }) }],
    ["header that is no JSON", { header: "{" }],
    ["certificate's view", { certificate: certificate({ view: 9 }) }],
    ["certificate's block", { certificate: certificate({ block: other }) }],
    ["certificate's signatures", { certificate: certificate({ signatures: forged }) }],
    ["too few signatures", { certificate: certificate({ signatures: signatures.slice(1) }) }],
    ["one signer for three", { certificate: certificate({ signatures: twice }) }],
  ])("finds a changed block row: %s", (_, change) => {
    expect(verdict({ ...rows, block: { ...rows.block, ...change } })).not.toBeNull();
  });

  it.each([
    ["warden", { warden: 1 }],
    ["number", { number: 99 }],
    ["start", { start: 3 }],
    ["count", { count: 2 }],
    ["bytes", { bytes: 1 }],
    ["seal", { seal: "00".repeat(64) }],
    ["rest", { rest: '["{}"]' }],
    ["rest that is no list", { rest: '{"a":1}' }],
  ])("finds a changed writ row: %s", (_, change) => {
    const [first, ...writs] = rows.writs;
    expect(first).toBeDefined();
    if (first !== undefined)
      expect(verdict({ ...rows, writs: [{ ...first, ...change }, ...writs] })).not.toBeNull();
  });

  it.each([
    ["place", 3, { idx: 9 }],
    ["writ", 3, { writ: 1 }],
    [
      "event",
      3,
      { event: '{"data":{},"id":"e-1","source":"/","tenant":"dev","type":"stock.counted"}' },
    ],
    ["outcome", 3, { outcome: '{"changes":[]}' }],
    ["outcome of a system effect", 0, { outcome: '{"changes":[]}' }],
    ["event under a system effect", 0, { writ: 0, event: "{}" }],
  ])("finds a changed event row: %s", (_, at, change) => {
    const events = rows.events.map((row, index) => (index === at ? { ...row, ...change } : row));
    expect(verdict({ ...rows, events })).not.toBeNull();
  });

  it.each(["nondeterministic", "unable"] as const)(
    "finds a changed proof of poison: %s",
    (reason) => {
      const sealed = scribe.seal(0, told(400, 2));
      const first = { sealed, first: 0, count: 1 };
      const poison = scribe.poison(0, sealed, 0, reason);
      const condemned = scribe.extend(0, [{ ...first, poison }]);
      const shown = rowsOf(condemned);
      expect(blockOf(shown, trust)).toEqual(condemned);
      const [writ] = shown.writs;
      expect(writ?.poison).toContain(reason);
      if (writ === undefined) return;
      const changes = [
        null,
        "{}",
        (writ.poison ?? "").replace('"view":3', '"view":4'),
        (writ.poison ?? "").replace('"seat":1', '"seat":2'),
      ];
      for (const changed of changes)
        expect(verdict({ ...shown, writs: [{ ...writ, poison: changed }] })).not.toBeNull();
      // Certified, and still no proof: of another place.
      const elsewhere = scribe.extend(0, [{ sealed, first: 1, count: 1, poison }]);
      expect(verdict(rowsOf(elsewhere))).toBe("a writ at 0 that is not proven poison");
    },
  );

  it("finds missing rows", () => {
    expect(verdict({ ...rows, events: rows.events.slice(1) })).not.toBeNull();
    expect(verdict({ ...rows, writs: rows.writs.slice(1) })).not.toBeNull();
  });

  it("finds an outcome that speaks of another event", () => {
    const sealed = scribe.seal(0, told(200, 1));
    const crossed = scribe.extend(0, [{ sealed: { ...sealed, told: told(300, 1) } }]);
    expect(verdict(rowsOf(crossed))).toBe("an outcome at 0 of another event");
  });
});

/** RFC 9162, section 2.1.3.2, with a tree whose odd nodes move up. */
function rootOf(leaf: string, index: number, size: number, path: readonly string[]): string {
  const left = [...path];
  let [hash, at, last] = [leaf, index, size - 1];
  while (last > 0) {
    const sibling = at % 2 === 1 || at < last ? left.shift() : undefined;
    if (sibling !== undefined)
      hash = at % 2 === 1 ? sha256Node(1, sibling, hash) : sha256Node(1, hash, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return hash;
}

describe("ProveInclusion", () => {
  it("leads from every outcome to the certified root, and from its writ to the header", () => {
    const block = mixedBlock();
    const rows = rowsOf(block);
    const head = headOf(rows.block, trust);
    const [writ] = rows.writs;
    expect(writ).toBeDefined();
    const entry = writ === undefined ? null : entryOf(writ, rows.events.slice(2, 5), head);
    expect(entry).toEqual(block.entries[0]);
    block.outcomes.forEach((outcome, index) => {
      const proof = inclusionOf(head, index, outcome);
      expect(rootOf(leafDigest(outcome), index, proof.result.count, proof.path)).toBe(
        block.result.root,
      );
    });
  });
});

describe("RefuseForeignCursor", () => {
  it("takes back what it gave", () => {
    const places = {
      turn: 1,
      places: [
        [4, 2],
        [0, -1],
      ] as [number, number][],
    };
    expect(placesOf(cursorOf(places), 2)).toEqual(places);
    expect(versionOf(cursorOf({ version: 7 }))).toBe(7);
    expect(entityOf(cursorOf({ entity: "stock/é@w1" }))).toBe("stock/é@w1");
  });

  it.each([
    ["not base64url of JSON", "!!!"],
    ["empty", ""],
    ["another listing's", cursorOf({ version: 3 })],
    ["of other courts", cursorOf({ turn: 0, places: [[0, -1]] })],
    [
      "with a turn nobody has",
      cursorOf({
        turn: 2,
        places: [
          [0, -1],
          [0, -1],
        ],
      }),
    ],
    [
      "with a negative height",
      cursorOf({
        turn: 0,
        places: [
          [-1, 0],
          [0, 0],
        ],
      }),
    ],
  ])("refuses a cursor that is %s", (_, cursor) => {
    expect(() => placesOf(cursor, 2)).toThrow(BadCursor);
  });
});
