/** What events come to. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

export const arbiter: readonly Bug<How>[] = [
  {
    name: "keys-never-end",
    patches: [
      {
        file: "objects/arbiter/intake.ts",
        find: "row === undefined || row.expires < this.#block.time ? undefined : row;",
        replace: "row;",
      },
    ],
    found: ["ReplaysAlike", "OneUsePerKey", "FreshAfterItsLife"],
    within: 60,
    how: { run: "mix", options: {} },
  },
  {
    name: "key-table-ignored",
    patches: [
      {
        file: "objects/arbiter/intake.ts",
        find: "if (used === undefined) {",
        replace: "if (used === undefined || used.height < this.#block.height) {",
      },
    ],
    found: ["OneUsePerKey"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "duplicate-names-another-first",
    patches: [
      {
        file: "objects/arbiter/intake.ts",
        find: "first: { height, index: first } };",
        replace: "first: { height: Math.max(1, height - 1), index: first } };",
      },
    ],
    found: ["OneUsePerKey"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "same-key-other-data-is-a-duplicate",
    patches: [
      {
        file: "objects/arbiter/intake.ts",
        find: 'used.fingerprint === fresh.fingerprint ? duplicate : rejected("key_reused"),',
        replace: 'used.fingerprint === "" ? rejected("key_reused") : duplicate,',
      },
    ],
    found: ["ReplaysAlike"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "keys-end-too-early",
    patches: [
      {
        file: "objects/arbiter/rows.ts",
        find: "expires: block.time + rules.windowMs + rules.clockBoundMs,",
        replace: "expires: block.time + rules.clockBoundMs - rules.clockBoundMs + 1_000,",
      },
    ],
    found: ["ReplaysAlike"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "expiries-in-another-order",
    patches: [
      {
        file: "objects/arbiter/expiry.ts",
        find: "for (const key of due) {",
        replace: "for (const key of [...due].reverse()) {",
      },
    ],
    found: ["ReplaysAlike"],
    within: 250,
    how: { run: "mix", options: {} },
  },
  {
    name: "reservation-closed-twice",
    patches: [
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: 'if (over || reservation.status !== "open") {',
        replace: "if (over) {",
      },
    ],
    found: ["ReplaysAlike"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "reserves-what-is-reserved",
    patches: [
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "if (stock.onHand - stock.reserved < data.quantity)\n      return insufficient(stock, data, data.quantity);",
        replace:
          "if (stock.onHand < data.quantity) return insufficient(stock, data, data.quantity);",
      },
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "return parsed.success && parsed.data.reserved <= parsed.data.onHand;",
        replace: "return parsed.success;",
      },
    ],
    found: ["AvailableNeverNegative"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "released-stock-is-lost",
    patches: [
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "reserved: before - held.quantity,",
        replace: "reserved: taken ? before - held.quantity : before,",
      },
    ],
    found: ["ReservedIsSumOfOpen"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "moved-stock-appears-twice",
    patches: [
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "state: { ...source, onHand: source.onHand - data.quantity }",
        replace: "state: source",
      },
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "invariant: (data, before, after) => grewBy(endsOf(data), 0, before, after),",
        replace: "invariant: () => true,",
      },
    ],
    found: ["StockConserved"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "outcomes-counted-wrongly",
    patches: [
      {
        file: "objects/clerk/consensus/evaluate.ts",
        find: "count: outcomes.length, root",
        replace: "count: outcomes.length - evaluation.system, root",
      },
    ],
    found: ["SameSeatSameValue"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "leaves-without-their-prefix",
    patches: [
      {
        file: "objects/shared/digests.ts",
        find: "return sha256Leaf(0, text);",
        replace: "return sha256(text);",
      },
    ],
    found: ["SameSeatSameValue"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "last-leaf-outside-the-root",
    patches: [
      {
        file: "objects/shared/digests.ts",
        find: "above.push(right === undefined ? left : sha256Node(1, left, right));\n    }\n    level = above;\n  }\n  return level[0]",
        replace:
          "if (right !== undefined || index === 0) above.push(right === undefined ? left : sha256Node(1, left, right));\n    }\n    level = above;\n  }\n  return level[0]",
      },
    ],
    found: ["SameSeatSameValue"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "certificate-not-over-the-parent",
    patches: [
      {
        file: "objects/shared/digests.ts",
        find: 'return digest("block", height, parent, batch, result);',
        replace: 'return digest("block", height, parent.slice(0, 1), batch, result);',
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "reserved-below-nothing",
    patches: [
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: 'if (over || reservation.status !== "open") {',
        replace: "if (over) {",
      },
      {
        file: "objects/arbiter/domains/inventory.ts",
        find: "const stockState = z.strictObject({ onHand: z.int().min(0), reserved: z.int().min(0) });",
        replace:
          "const stockState = z.strictObject({ onHand: z.int().min(0), reserved: z.int() });",
      },
    ],
    found: ["ReservedNeverNegative"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "parts-outside-the-root",
    patches: [
      {
        file: "objects/shared/state-root.ts",
        find: "return [kind, id, count, size, until, of];",
        replace: "return [kind, id, count, size, until, of.slice(0, 0)];",
      },
    ],
    found: ["RootIsOfState"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "keys-switched-too-late",
    patches: [
      {
        file: "objects/shared/terms.ts",
        find: "const from = height + 1;",
        replace: "const from = height + 2;",
      },
    ],
    found: ["Agreement"],
    within: 100,
    how: { run: "mix", options: { flaw: "wiped" } },
  },
];
