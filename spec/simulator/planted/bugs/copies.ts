/** What is copied out of the chain: the Ledger and the Registrars. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

export const copies: readonly Bug<How>[] = [
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
];
