/** What the client makes of a receipt: it believes what is proven from the pinned genesis, and says of everything else what is wrong. */
import { describe, expect, it } from "vitest";
import { AssizeClient, verifyProof } from "../client/index.ts";
import type { Outcome } from "../client/index.ts";
import { changed, leavesOf, scene } from "./kit/proven.ts";
import type { Scene } from "./kit/proven.ts";

const known = ({ genesis, id, source }: Scene) => ({ genesis, id, source });

/** A clear other value of the same kind. */
function other(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "string" && /^[0-9a-f]{64,}$/.test(value))
    return (value.startsWith("0") ? "1" : "0") + value.slice(1);
  return typeof value === "string" ? `${value}x` : 7;
}

/** What no digest covers: it says nothing about the outcome. */
const UNPROVEN = new Set(["/published", "/event/specversion"]);

describe("a receipt", () => {
  it.each([1, 2, 3, 5, 8, 13])(
    "ConfirmReceipt: holds for every event of a block of %i",
    async (count) => {
      for (let at = 0; at < count; at++) {
        const shown = scene({ count, at });
        expect(await verifyProof(shown.answer, known(shown))).toEqual({
          ok: true,
          flaws: [],
          signers: 3,
          quorum: 3,
        });
      }
    },
  );

  it("ConfirmReceipt: holds for a rejection, for four signatures, and for what the submission was answered", async () => {
    const shown = scene({ status: "rejected", signers: [0, 1, 2, 3] });
    const verification = await verifyProof(shown.answer, {
      ...known(shown),
      tenant: "dev",
      answered: shown.settled,
    });
    expect(verification).toEqual({ ok: true, flaws: [], signers: 4, quorum: 3 });
  });

  it("ConfirmReceipt: holds under keys that changed since the genesis", async () => {
    const shown = scene({ rekeyed: [1, 3, 1], signers: [0, 1, 3] });
    expect(await verifyProof(shown.answer, known(shown))).toMatchObject({ ok: true, signers: 3 });
  });

  it("FindFlawInReceipt: no single value of the answer can be another", async () => {
    const shown = scene({ rekeyed: [2] });
    const leaves = leavesOf(shown.answer).filter(([pointer]) => !UNPROVEN.has(pointer));
    expect(leaves.length).toBeGreaterThan(80);
    // Another signature counts no more, of the two that remain there are too few.
    for (const [pointer, value] of leaves) {
      const { ok, flaws } = await verifyProof(
        changed(shown.answer, pointer, other(value)),
        known(shown),
      );
      expect([pointer, ok]).toEqual([pointer, false]);
      expect(flaws.length).toBeGreaterThan(0);
    }
  });

  it("FindFlawInReceipt: no member can be missing or added", async () => {
    const shown = scene({ rekeyed: [2] });
    for (const [pointer] of leavesOf(shown.answer).filter(([each]) => !UNPROVEN.has(each)))
      expect([
        pointer,
        (await verifyProof(changed(shown.answer, pointer, undefined), known(shown))).ok,
      ]).toEqual([pointer, false]);
    for (const pointer of [
      "/proof/more",
      "/proof/header/more",
      "/proof/certificate/more",
      "/receipt/more",
      "/proof/genesis/more",
    ])
      expect(
        (await verifyProof(changed(shown.answer, pointer, 1), known(shown))).flaws[0]?.step,
      ).toBe("shape");
  });

  it.each([
    ["/event/data/quantity", 99, "event", "the outcome is of other content"],
    ["/changes/0/state/onHand", 99, "outcome", "the answer shows something else than was agreed"],
    ["/status", "rejected", "outcome", "the answer shows something else than was agreed"],
    ["/receipt/outcome", "0".repeat(64), "outcome", "the receipt is of another outcome"],
    ["/receipt/height", 99, "place", "the receipt names another place"],
    ["/receipt/streamTime", "2026-11-22T11:00:00.000Z", "place", "the receipt names another time"],
    ["/receipt/block", "0".repeat(64), "block", "the receipt is of another block"],
    [
      "/proof/path/0",
      "0".repeat(64),
      "place",
      "the path does not lead to the root of the outcomes",
    ],
    ["/proof/result/prior", "0".repeat(64), "result", "the certificate is of another result"],
    ["/proof/header/parent", "0".repeat(64), "batch", "the certificate is of another batch"],
    ["/proof/certificate/block", "0".repeat(64), "block", "the certificate is of another block"],
    [
      "/proof/certificate/signatures/0/signature",
      "0".repeat(128),
      "quorum",
      "too few seats of the court signed the block",
    ],
    [
      "/proof/certificate/signatures/1/seat",
      0,
      "quorum",
      "too few seats of the court signed the block",
    ],
    ["/proof/genesis/windowMs", 1, "genesis", "the genesis is not the pinned one"],
    [
      "/proof/genesis/mode",
      "solo",
      "genesis",
      "protocol 1 with 4 seats in mode solo is none there is",
    ],
    ["/proof/certificate", null, "shape", "/proof/certificate is not an object"],
    ["/receipt", undefined, "shape", "/receipt is not an object"],
    ["/event/data/quantity", 1.5, "shape", "numbers must be integers within ±(2^53−1)"],
  ])("FindFlawInReceipt: %s as %j is a flaw of the %s: %s", async (pointer, value, step, what) => {
    const shown = scene();
    const { ok, flaws } = await verifyProof(changed(shown.answer, pointer, value), known(shown));
    expect(ok).toBe(false);
    expect(flaws).toContainEqual(expect.objectContaining({ step, what }));
  });

  it("FindFlawInReceipt: two signatures are too few, and one seat's signature counts once", async () => {
    const two = scene({ signers: [0, 3] });
    expect((await verifyProof(two.answer, known(two))).flaws).toEqual([
      {
        step: "quorum",
        what: "too few seats of the court signed the block",
        expected: "3 valid signatures of distinct seats",
        found: "2 of the 2 shown",
      },
    ]);
    const thrice = scene({ signers: [0, 3, 3] });
    expect(await verifyProof(thrice.answer, known(thrice))).toMatchObject({
      ok: false,
      signers: 2,
    });
  });

  it("FindFlawInReceipt: a key that was replaced counts no more; a change of keys must be signed, in order, and by the keys before it", async () => {
    const shown = scene({ rekeyed: [1, 2] });
    const { controls } = shown.answer["proof"] as { readonly controls: readonly object[] };
    const steps = async (value: readonly unknown[]) =>
      (await verifyProof(changed(shown.answer, "/proof/controls", value), known(shown))).flaws.map(
        ({ step }) => step,
      );
    expect(await steps([])).toContain("quorum");
    expect(await steps(controls.toReversed())).toContain("control");
    expect(await steps(controls.slice(1))).toContain("control");
    expect(
      await steps([controls[0], changed(controls[1] ?? {}, "/certificate/signatures", [])]),
    ).toEqual(["control"]);
  });

  it("FindFlawInReceipt: another event, another tenant's, another court's genesis, another answer than the submission had", async () => {
    const [shown, foreign] = [scene(), scene()];
    const of = async (more: object) =>
      (await verifyProof(shown.answer, { ...known(shown), ...more })).flaws.map(({ what }) => what);
    expect(await of({ id: "e-9" })).toEqual(["it is another event"]);
    expect(await of({ tenant: "shop" })).toEqual(["it is another tenant's event"]);
    expect(await of({ genesis: foreign.genesis })).toEqual(["the genesis is not the pinned one"]);
    expect(await of({ answered: scene({ status: "rejected" }).settled })).toEqual([
      "it is not what the submission was answered",
    ]);
  });

  it.each([null, 7, "text", [], {}, { proof: {} }])(
    "FindFlawInReceipt: %j is no answer",
    async (answer) => {
      const shown = scene();
      expect(await verifyProof(answer, known(shown))).toMatchObject({
        ok: false,
        flaws: [{ step: "shape" }],
      });
    },
  );
});

describe("verify()", () => {
  const clientOf = (answer: unknown, genesis?: string, status = 200) =>
    new AssizeClient({
      url: "http://assize.test",
      token: "t",
      fetch: async () => Response.json(answer, { status }),
      ...(genesis === undefined ? {} : { pinned: { genesis } }),
    });

  it("ConfirmReceipt, FindFlawInReceipt: of an outcome compares what was answered with what is proven", async () => {
    const shown = scene();
    const outcome = { ...(shown.settled as Outcome), replayed: true };
    const client = clientOf(shown.answer, shown.genesis);
    expect(await client.verify(outcome)).toMatchObject({ ok: true });
    const lied = { ...outcome, changes: [] };
    expect((await client.verify(lied)).flaws).toMatchObject([
      { what: "it is not what the submission was answered" },
    ]);
  });

  it("wants a pinned genesis, and an event that is decided", async () => {
    const problem = {
      type: "/problems/not-found",
      title: "There is nothing here",
      status: 404,
      detail: "",
    };
    const genesis = "0".repeat(64);
    await expect(clientOf({}).verify({ id: "m" })).rejects.toMatchObject({ code: "not-pinned" });
    await expect(clientOf(problem, genesis, 404).verify({ id: "m" })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(
      clientOf({ status: "pending" }, genesis).verify({ id: "m" }),
    ).rejects.toMatchObject({ code: "pending" });
  });
});
