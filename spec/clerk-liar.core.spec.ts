import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  objection,
  parseMessages,
  parseWrit,
  writObjection,
} from "../objects/clerk/consensus/check.ts";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { known } from "../objects/shared/assert.ts";
import { courtAtWork, sample } from "./kit/at-work.ts";
import { verifyModel } from "./kit/cluster.ts";

describe("whatever a liar writes", () => {
  const court = courtAtWork();
  const { certificate, batch, change, block } = sample(court);
  const truths: readonly Message[] = [
    ...court.sent(2, "prepare"),
    ...court.sent(2, "proposal"),
    ...court.sent(2, "view-change"),
    ...court.sent(2, "sync"),
    court.said(2, { kind: "batch-answer", batch }),
    court.said(2, { kind: "decided", certificate }),
    court.said(2, { kind: "blocks", height: 2, blocks: [block], lowest: 1 }),
    change,
  ];

  it("NeverThrows: any text, and true messages with anything in any place, are taken or dropped", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(-1, 1.5, 2 ** 53, "", "\ud800", "ab".repeat(32), [], {}, null),
    );
    const told = fc.tuple(
      fc.constantFrom(...truths),
      fc.array(fc.tuple(fc.nat(), odd), { maxLength: 3 }),
    );
    let taken = 0;
    const hear = (text: string): void => {
      for (const message of parseMessages(text).messages)
        if (objection(message, court.setup(1), verifyModel) === null) taken += 1;
      const writ = parseWrit(text);
      if (writ !== null) writObjection(writ, court.setup(1), verifyModel);
    };
    fc.assert(
      fc.property(told, fc.string({ unit: "binary" }), ([truth, changes], text) => {
        const message = structuredClone(truth) as object;
        for (const [at, value] of changes) replaced(message, at, value);
        hear(JSON.stringify([message]));
        hear(JSON.stringify(message));
        hear(text);
      }),
      { seed: 59, numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});

/** Puts a value into one of all the places of a document. */
function replaced(document: object, at: number, value: unknown): void {
  const places: [object, string][] = [];
  const walk = (within: object): void => {
    for (const [name, inner] of Object.entries(within)) {
      places.push([within, name]);
      if (typeof inner === "object" && inner !== null) walk(inner as object);
    }
  };
  walk(document);
  const [within, name] = known(places[at % places.length], "a place");
  (within as Record<string, unknown>)[name] = value;
}
