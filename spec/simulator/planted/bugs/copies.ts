/** What is copied out of the chain: the Ledger and the Registrars. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

const SCHEMA = "objects/ledger/migrations/0001_ledger.sql";
const REPAIRS = "objects/ledger/migrations/0004_repairs.sql";

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
    // Whether a row is there already is asked by the schema, and the height by the publisher: either would mend it.
    name: "ambiguous-write-repeated-blindly",
    patches: [
      {
        file: "objects/clerk/publisher.ts",
        find: "this.#note(Math.min(await publishRun(ledger, court, run), chain.height()));",
        replace:
          "const again = () => publishRun(ledger, court, run);\n        this.#note(Math.min(await again().catch(again), chain.height()));",
      },
      {
        file: SCHEMA,
        find: "  CHECK ((writ IS NULL) = (event IS NULL)),\n  PRIMARY KEY (generation, court, height, idx)\n) STRICT, WITHOUT ROWID;",
        replace: "  CHECK ((writ IS NULL) = (event IS NULL))\n) STRICT;",
      },
      {
        file: SCHEMA,
        find: "  SELECT RAISE(IGNORE) FROM events\n    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND idx = NEW.idx;\n",
        replace: "",
      },
    ],
    found: ["AllOrNothing", "publish"],
    within: 400,
    how: { run: "mix", options: {} },
  },
  {
    // With the seats' certificates, each of other signatures, in place of the ones that were there.
    name: "published-anew-each-time",
    patches: [
      {
        file: "objects/clerk/publisher.ts",
        find: "    for (;;) {\n      const run = chain.above(this.#held ?? 0, LIMITS",
        replace:
          "    for (let from = 0; ; from = this.#held ?? 0) {\n      const run = chain.above(from, LIMITS",
      },
      {
        file: "objects/ledger/append.ts",
        find: "`INSERT INTO ${table} (generation",
        replace: "`INSERT OR REPLACE INTO ${table} (generation",
      },
      {
        file: REPAIRS,
        find: "  SELECT RAISE(IGNORE) FROM blocks\n    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND block = NEW.block;\n  SELECT RAISE(ABORT, 'ledger: another block at this height') FROM blocks\n    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height;\n",
        replace: "",
      },
    ],
    found: ["PublishedNeverChanges"],
    within: 400,
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
        find: "signature: sign(attestDigest(court, height, block)),",
        replace: "signature: sign(attestDigest(court, height - 1, block)),",
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
        find: "    this.#note(await publishedHeight(ledger, court, chain.height()));",
        replace:
          "    if (this.#held === null) this.#note(await publishedHeight(ledger, court, chain.height()));",
      },
      {
        file: "objects/clerk/publisher.ts",
        find: "this.#note(Math.min(await publishRun(ledger, court, run), chain.height()));",
        replace:
          "this.#note(run.at(-1)?.header.height ?? 0);\n        await publishRun(ledger, court, run);",
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
        find: "      await within(this.#clock, LIMITS.callLostMs, push);\n",
        replace:
          "      await within(this.#clock, LIMITS.callLostMs, push.then(() => (lane.told = height)));\n",
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
