import { beforeAll, describe, expect, it } from "vitest";
import { publishRun } from "../objects/ledger/append.ts";
import { auditRange } from "../objects/ledger/audit.ts";
import { rowsOf } from "../objects/ledger/rows.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Scribe } from "./kit/blocks.ts";
import { chain, migrated, opened, tamper } from "./kit/ledger.ts";

beforeAll(migrated);

describe("the audit", () => {
  it("AuditHeight: every height of a good ledger, from anywhere, in steps", async () => {
    const { scribe, ledger } = await opened("audit");
    const blocks = chain(scribe, LIMITS.auditBlocks + 6);
    await publishRun(ledger, 0, blocks);
    const own = (height: number) => blocks[height - 1]?.certificate ?? null;
    const to = blocks.length;
    expect(await auditRange(ledger, 0, { from: 0, to }, own)).toEqual({ auditedHeight: to });
    expect(await auditRange(ledger, 0, { from: 40, to: 50 }, own)).toEqual({ auditedHeight: 50 });
    expect(await auditRange(ledger, 0, { from: to, to }, own)).toEqual({ auditedHeight: to });
  });

  it("ReportWrongHeight: a missing height, and one this seat agreed otherwise", async () => {
    const { scribe, ledger } = await opened("missing");
    await publishRun(ledger, 0, chain(scribe, 2));
    expect(await auditRange(ledger, 0, { from: 0, to: 3 }, () => null)).toEqual({
      auditedHeight: 2,
      wrong: { height: 3, what: "no block" },
    });
    const other = (height: number) =>
      height === 2 ? { block: "00".repeat(32), result: null } : null;
    expect(await auditRange(ledger, 0, { from: 0, to: 2 }, other)).toEqual({
      auditedHeight: 1,
      wrong: { height: 2, what: "another block than this seat agreed" },
    });
  });

  it.each([
    ["an event", "events_stay", "UPDATE events SET event = replace(event, 'w1', 'w2')"],
    [
      "an outcome",
      "events_stay",
      "UPDATE events SET outcome = replace(outcome, 'onHand\":1', 'onHand\":9')",
    ],
    [
      "an outcome that is no list of changes",
      "events_stay",
      "UPDATE events SET outcome = json_set(outcome, '$.changes', json('[\"x\"]'))",
    ],
    ["a seal", "writs_stay", "UPDATE writs SET seal = 'ff'"],
    ["a root", "blocks_stay", "UPDATE blocks SET root = prior"],
    ["a header", "blocks_stay", "UPDATE blocks SET header = json_set(header, '$.time', 1)"],
    [
      "a certificate",
      "blocks_stay",
      "UPDATE blocks SET certificate = json_set(certificate, '$.signatures[0].signature', 'ff')",
    ],
    ["a version's origin", "entity_versions_stay", "UPDATE entity_versions SET idx = 5"],
    ["a missing event", "events_kept", "DELETE FROM events"],
    ["a missing version", "entity_versions_kept", "DELETE FROM entity_versions"],
    ["a missing writ", "writs_kept", "DELETE FROM writs"],
  ])("ReportWrongHeight: %s", async (what, trigger, sql) => {
    const generation = what.replaceAll(/[^a-z]/g, "-").slice(0, 16);
    const { scribe, ledger } = await opened(generation);
    await publishRun(ledger, 0, chain(scribe, 4));
    await tamper(trigger, `${sql} WHERE generation = ? AND height = 3`, generation);
    const audit = await auditRange(ledger, 0, { from: 0, to: 4 }, () => null);
    expect(audit).toMatchObject({ auditedHeight: 2, wrong: { height: 3 } });
  });

  it("ReportWrongHeight: a chain cut and put together again", async () => {
    const { scribe, ledger } = await opened("cut");
    const fork = new Scribe("cut");
    const [first, second] = chain(scribe, 2);
    const stranger = rowsOf(fork.next(0)).block;
    if (first === undefined || second === undefined) throw new Error("no block");
    await publishRun(ledger, 0, [first, second]);
    await tamper(
      "blocks_stay",
      "UPDATE blocks SET certificate = ? WHERE generation = 'cut' AND height = 1",
      stranger.certificate,
    );
    const audit = await auditRange(ledger, 0, { from: 1, to: 2 }, () => null);
    expect(audit.wrong).toEqual({ height: 2, what: "a block that does not continue the chain" });
  });
});
