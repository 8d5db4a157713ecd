/** What a crash must not take, and who may speak. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

const directed: How = { run: "directed", watched: "all" };

export const durability: readonly Bug<How>[] = [
  {
    name: "votes-forgotten-in-a-crash",
    patches: [
      {
        file: "objects/clerk/consensus/seat.ts",
        find: "const { vote = null, commit = null, prepared = null, change = null } = durable ?? {};",
        replace:
          "const { change = null } = durable ?? {};\n  const [vote, commit, prepared] = [null, null, null];",
      },
    ],
    found: ["NobodyFramed", "OneValue", "KeepVoteOverRestart", "OnlyWhatIsJustified"],
    within: 500,
    how: directed,
  },
  {
    name: "sent-before-written",
    patches: [
      {
        file: "objects/clerk/consensus/turn.ts",
        find: "return [...this.#writes, ...this.#sends, {",
        replace: "return [...this.#sends, ...this.#writes, {",
      },
    ],
    found: ["PersistBeforeSend"],
    within: 500,
    how: directed,
  },
  {
    name: "votes-not-written",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "  seat.commits.set(voteKey(commit), commit);\n  turn.persist();",
        replace: "  seat.commits.set(voteKey(commit), commit);",
      },
    ],
    found: ["PersistBeforeSend"],
    within: 500,
    how: directed,
  },
  {
    name: "repaired-to-an-older-change",
    patches: [
      {
        file: "objects/clerk/repair.ts",
        find: "  let top = upTo;\n",
        replace: "  let top = base + ((upTo - base) >> 1);\n",
      },
    ],
    found: ["Repair"],
    within: 60,
    how: { run: "mix", options: { flaw: "row damaged" } },
  },
  {
    name: "proposes-in-a-view-of-an-earlier-life",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "  if (seat.viewStart !== seat.incarnation) return resignStranded(turn);\n",
        replace: "",
      },
    ],
    found: ["NoProposalFromAnotherLife"],
    within: 500,
    how: directed,
  },
  {
    name: "view-forgotten-in-a-crash",
    patches: [
      {
        file: "objects/clerk/consensus/seat.ts",
        find: "const known = durable?.view ?? 0;",
        replace: "const known = durable?.vote?.prepare.view ?? 0;",
      },
    ],
    found: ["KeepVoteOverRestart", "NeverBack"],
    within: 500,
    how: directed,
  },
  {
    name: "votes-without-a-voice",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "if (!seat.voice || seat.applying) return false;\n  for (const",
        replace: "if (seat.applying) return false;\n  for (const",
      },
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "if (!seat.voice || seat.applying || seat.vote === null",
        replace: "if (seat.applying || seat.vote === null",
      },
    ],
    found: ["NoVoiceBeforeReady", "PersistBeforeSend"],
    within: 100,
    how: { run: "mix", options: { flaw: "wiped" } },
  },
];
