/** Keys, writs and answers. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

export const warden: readonly Bug<How>[] = [
  {
    name: "answers-not-looked-up",
    patches: [
      {
        file: "objects/warden/store.ts",
        find: "if (keys.length === 0) return found;",
        replace: "if (keys.length >= 0) return found;",
      },
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
    name: "answers-forgotten-after-a-restart",
    patches: [
      {
        file: "objects/warden/store.ts",
        find: '.map(({ name }) => Number(name.slice("settled_".length)))',
        replace:
          '.filter(({ name }) => name === "")\n      .map(({ name }) => Number(name.slice("settled_".length)))',
      },
      {
        file: "objects/warden/store.ts",
        find: ".exec(`CREATE TABLE settled_${end}",
        replace: ".exec(`CREATE TABLE IF NOT EXISTS settled_${end}",
      },
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
    name: "too-old-though-it-is-known",
    patches: [
      {
        file: "objects/warden/core/admission.ts",
        find: "  const { known } = state;\n",
        replace:
          '  const { known } = state;\n  if (isLate(submission.sentAt, state)) return "too-old";\n',
      },
    ],
    found: ["NothingKeptOnRefusal"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "too-old-never-said",
    patches: [
      {
        file: "objects/warden/core/admission.ts",
        find: "return sentAt !== null && state.now - sentAt > state.windowMs;",
        replace: "return sentAt !== null && state.now < 0;",
      },
    ],
    found: ["OneUsePerSending"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "other-data-gets-the-same-answer",
    patches: [
      {
        file: "objects/warden/core/admission.ts",
        find: 'if (known.fingerprint !== submission.fingerprint) return "key-reused";',
        replace: "",
      },
    ],
    found: ["AnswerIsAgreed"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "number-used-again-after-a-restart",
    patches: [
      {
        file: "objects/warden/store.ts",
        find: "    this.#number(writ.court, numbering);\n",
        replace: "",
      },
    ],
    found: ["SameBytesSameNumber"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "sealed-anew-after-a-restart",
    patches: [
      {
        file: "objects/warden/core/book.ts",
        find: "    book.unsealed = book.unsealed.filter((entry) => !inside(entry));\n    book.sealed.set(number, { writ, entries, since: now });\n",
        replace: "",
      },
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
    name: "reserved-in-memory-only",
    patches: [
      { file: "objects/warden/desk.ts", find: "      store.reserve(reserved);\n", replace: "" },
    ],
    found: ["NothingKeptOnRefusal"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "writs-sealed-in-memory-only",
    patches: [
      {
        file: "objects/warden/desk.ts",
        find: "      for (const one of sealed) store.sealed(one, book.numbering(one.writ.court));\n",
        replace: "",
      },
    ],
    found: ["SameBytesSameNumber"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "settled-in-memory-only",
    patches: [
      {
        file: "objects/warden/desk.ts",
        find: "      for (const writ of decided) store.settled(writ);\n",
        replace: "",
      },
    ],
    found: ["FreshAfterItsLife"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "answer-of-another-outcome",
    patches: [
      {
        file: "objects/warden/core/settlement.ts",
        find: 'prove(leaf === leaves[index + offset], "an outcome is not the agreed one");',
        replace: "",
      },
    ],
    found: ["AnswerIsAgreed"],
    within: 200,
    how: { run: "mix", options: {} },
  },
  {
    name: "entry-ends-when-it-is-sealed",
    patches: [
      {
        file: "objects/warden/store.ts",
        find: "    // In place of a damaged row, should one have come to name this number.\n",
        replace:
          '    this.#sql.exec("DELETE FROM pending WHERE court = ? AND place BETWEEN ? AND ?", writ.court, first, last);\n',
      },
    ],
    found: ["everything pending is decided", "SameBytesSameNumber"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "entry-ends-before-its-window",
    patches: [
      {
        file: "objects/warden/core/expiry.ts",
        find: "(Math.max(settledAt, sent) + windowMs + LIMITS.clockBoundMs) / width",
        replace: "Math.max(settledAt, sent) / width",
      },
    ],
    found: ["KeptForItsWindow"],
    within: 600,
    how: { run: "mix", options: {} },
  },
  {
    name: "entry-ends-unpublished",
    patches: [
      {
        file: "objects/warden/core/expiry.ts",
        find: "now >= bucket.ends && [...bucket.heights].every(([court, height]) => height <= published(court))",
        replace: "now >= bucket.ends && published(0) >= 0",
      },
    ],
    found: ["KeptUntilPublished"],
    within: 600,
    how: { run: "mix", options: {} },
  },
  {
    name: "answers-without-certificate",
    patches: [
      {
        file: "objects/warden/core/settlement.ts",
        find: '  prove(certifiedIn(terms, certificate, court.q, court.verify), "the certificate has no quorum");\n',
        replace: "",
      },
    ],
    found: ["AnswerIsAgreed"],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "event-changed-by-its-warden",
    patches: [
      {
        file: "objects/warden/core/book.ts",
        find: "    const unsigned = {\n      court,\n      warden: this.#warden,\n      number,\n      events: entries.map(({ event }) => event),",
        replace:
          '    const unsigned = {\n      court,\n      warden: this.#warden,\n      number,\n      events: entries.map(({ event }) => event.replace(/"sentat":"[^"]*",/, "")),',
      },
    ],
    found: ["OnlySubmitted"],
    within: 100,
    how: { run: "mix", options: {} },
  },
];
