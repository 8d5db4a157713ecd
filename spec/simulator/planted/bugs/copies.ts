/** What is copied out of the chain: the Ledger and the Registrars. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

export const copies: readonly Bug<How>[] = [
  {
    name: "read-again-never",
    patches: [
      { file: "objects/clerk/publisher.ts", find: "    this.#patrol.wake();\n", replace: "" },
    ],
    found: ["everything pending is decided"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "published-as-soon-as-agreed",
    patches: [
      {
        file: "objects/clerk/publisher.ts",
        find: "this.#attested = (await attestedHeights(ledger))[court] ?? 0;",
        replace: "this.#attested = this.#press.chain.height();",
      },
    ],
    found: ["PublishedNeverChanges"],
    within: 200,
    how: { run: "mix", options: {} },
  },
  {
    name: "word-of-another-height",
    patches: [
      {
        file: "objects/clerk/publisher.ts",
        find: "      const signature = sign(attestDigest(court, auditedHeight, block));",
        replace: "      const signature = sign(attestDigest(court, from, block));",
      },
    ],
    found: ["WordIsKept"],
    within: 200,
    how: { run: "mix", options: {} },
  },
  {
    name: "watermark-remembered",
    patches: [
      {
        file: "objects/clerk/publisher.ts",
        find: "    this.#note(await publishedHeight(ledger, court));",
        replace: "    if (this.#held === null) this.#note(await publishedHeight(ledger, court));",
      },
      {
        file: "objects/clerk/publisher.ts",
        find: "      this.#note(await publishRun(ledger, court, run));",
        replace:
          "      this.#note(run.at(-1)?.header.height ?? 0);\n      await publishRun(ledger, court, run);",
      },
    ],
    found: ["publish"],
    within: 600,
    how: { run: "mix", options: {} },
  },
  {
    name: "old-copies-kept-after-a-gap",
    patches: [
      {
        file: "objects/registrar/core/cache.ts",
        find: 'if (push.after > height) return [{ kind: "empty" }, follow];',
        replace: "",
      },
    ],
    found: ["CurrentAsOfItsHeight"],
    within: 200,
    how: { run: "mix", options: {} },
  },
  {
    name: "lost-push-unnoticed",
    patches: [
      { file: "objects/clerk/feed.ts", find: "      lane.told = height;\n", replace: "" },
      {
        file: "objects/clerk/feed.ts",
        find: "        .catch(() => {});",
        replace: "        .then(() => (lane.told = height))\n        .catch(() => {});",
      },
    ],
    found: ["CurrentAsOfItsHeight"],
    within: 200,
    how: { run: "mix", options: {} },
  },
  {
    name: "one-seat-is-believed",
    patches: [
      {
        file: "worker/agreed.ts",
        find: ".size >= r)",
        replace: ".size >= 1)",
      },
    ],
    found: ["ShownIsAgreed"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "attested-by-too-few",
    patches: [
      {
        file: "objects/ledger/attest.ts",
        find: "heights[ledger.quorum.r - 1] ?? 0",
        replace: "heights[0] ?? 0",
      },
    ],
    found: ["PublishedIsAttested"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "read-as-of-its-version-only",
    patches: [
      {
        file: "worker/agreed.ts",
        find: "return { version, state, height: Math.max(floor, since) };",
        replace: "return { version, state, height: since };",
      },
    ],
    found: ["ShownIsFresh"],
    within: 150,
    how: { run: "mix", options: {} },
  },
  {
    name: "copies-as-old-as-they-were-taken",
    patches: [
      {
        file: "objects/registrar/core/cache.ts",
        find: "return { height: Math.max(height, copy.height), certificate",
        replace: "return { height: copy.height, certificate",
      },
      {
        file: "objects/registrar/core/cache.ts",
        find: "return { answer: answerOf(row, height), keep: row };",
        replace:
          "return { answer: { ...answerOf(row, height), height: Math.max(height, row.height) }, keep: row };",
      },
    ],
    found: ["HeightNeverFalls"],
    within: 200,
    how: { run: "mix", options: {} },
  },
];
