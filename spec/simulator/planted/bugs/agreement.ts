/** The rules of the agreement: quorums, views, certificates, what is durable. */
import type { How } from "../how.ts";
import type { Bug, Patch } from "../plant.ts";

const core = "objects/clerk/consensus";
const of = (file: string, find: string, replace: string): Patch => ({ file, find, replace });
const soak: How = { run: "soak" };

export const agreement: readonly Bug<How>[] = [
  {
    name: "quorum of f + 1",
    patches: [
      of("objects/shared/quorum.ts", "const q = n - f;", "const q = f + 1;"),
      of("objects/shared/quorum.ts", `assert(2 * q - n >= f + 1 || mode !== "bft"`, "assert(true"),
    ],
    found: ["agreement"],
    within: 100,
    how: soak,
  },
  {
    name: "commits mixed over views",
    patches: [
      of(
        `${core}/votes.ts`,
        "`${commit.view}/${commit.batch}/${commit.result}/${commit.block}`",
        "`${commit.batch}/${commit.result}/${commit.block}`",
      ),
    ],
    found: ["agreement", "liveness"],
    within: 100,
    how: soak,
  },
  {
    name: "result ignored",
    patches: [
      of(
        `${core}/votes.ts`,
        "      other.batch === vote.batch &&\n      other.result === vote.result,",
        "      other.batch === vote.batch,",
      ),
    ],
    found: ["agreement", "liveness"],
    within: 100,
    how: soak,
  },
  {
    name: "commit in a view that was left",
    patches: [
      of(
        `${core}/votes.ts`,
        "if (vote.view !== seat.view || seat.commit?.view === seat.view) return false;",
        "if (seat.commit?.view === vote.view) return false;",
      ),
    ],
    found: ["agreement", "framing"],
    within: 100,
    how: soak,
  },
  {
    name: "view change without its certificate",
    patches: [of(`${core}/views.ts`, "prepared: seat.prepared?.proof ?? null,", "prepared: null,")],
    found: ["agreement", "framing"],
    within: 100,
    how: soak,
  },
  {
    name: "certificate dropped on entering a view",
    patches: [
      of(
        `${core}/views.ts`,
        "  seat.viewStart = seat.incarnation;",
        "  seat.viewStart = seat.incarnation;\n  seat.prepared = null;",
      ),
    ],
    found: ["agreement", "framing"],
    within: 100,
    how: soak,
  },
  {
    name: "votes forgotten in a crash",
    patches: [
      of(
        `${core}/seat.ts`,
        "const { vote = null, commit = null, prepared = null, change = null } = durable ?? {};",
        "const { change = null } = durable ?? {};\n  const [vote, commit, prepared] = [null, null, null];",
      ),
    ],
    found: ["agreement", "one vote", "framing"],
    within: 100,
    how: soak,
  },
  {
    name: "no joining of f + 1",
    patches: [of(`${core}/views.ts`, "return higher[f] ?? (", "return (")],
    found: ["joins"],
    within: 100,
    how: soak,
  },
  {
    name: "sent before written",
    patches: [
      of(
        `${core}/turn.ts`,
        "return [...this.#writes, ...this.#sends, {",
        "return [...this.#sends, ...this.#writes, {",
      ),
    ],
    found: ["stored first"],
    within: 10,
    how: soak,
  },
];
