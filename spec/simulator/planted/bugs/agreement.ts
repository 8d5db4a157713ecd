/** Quorums and votes. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

const directed: How = { run: "directed", watched: "all" };

export const agreement: readonly Bug<How>[] = [
  {
    name: "quorum-of-f-plus-1",
    patches: [
      { file: "objects/shared/quorum.ts", find: "const q = n - f;", replace: "const q = f + 1;" },
      {
        file: "objects/shared/quorum.ts",
        find: 'assert(2 * q - n >= f + 1 || mode !== "bft"',
        replace: "assert(true",
      },
    ],
    found: ["Agreement", "OneCertificate"],
    within: 500,
    how: directed,
  },
  {
    name: "votes-counted-by-message",
    patches: [
      {
        file: "objects/clerk/consensus/messages.ts",
        find: "return `${vote.height}/${vote.view}/${vote.from}`;",
        replace: "return `${vote.height}/${vote.view}/${vote.from}/${vote.sequence}`;",
      },
    ],
    found: ["SameSeatSameValue", "Agreement", "OneCertificate"],
    within: 500,
    how: directed,
  },
  {
    name: "commits-mixed-over-views",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "`${commit.view}/${commit.batch}/${commit.result}/${commit.block}`",
        replace: "`${commit.batch}/${commit.result}/${commit.block}`",
      },
    ],
    found: ["SameSeatSameValue"],
    within: 500,
    how: directed,
  },
  {
    name: "result-ignored",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "      other.batch === vote.batch &&\n      other.result === vote.result,",
        replace: "      other.batch === vote.batch,",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "corrupt" } },
  },
  {
    name: "commit-without-equal-result",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "      other.batch === vote.batch &&\n      other.result === vote.result,\n  );",
        replace:
          "      other.batch === vote.batch &&\n      [...seat.prepares.values()].filter((one) => one.view === other.view && one.result === other.result).length >=\n        seat.setup.quorum.q,\n  );",
      },
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "const { height, view, batch, result } = vote;",
        replace:
          "const { height, view, batch } = vote;\n  const result = equal[0]?.result ?? vote.result;",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "corrupt" } },
  },
  {
    name: "commit-in-a-view-that-was-left",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "if (vote.view !== seat.view || seat.commit?.view === seat.view) return false;",
        replace: "if (seat.commit?.view === vote.view) return false;",
      },
    ],
    found: ["NeverBack"],
    within: 500,
    how: directed,
  },
  {
    name: "two-prepares-in-a-view",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "const lowest = seat.vote?.prepare.view === seat.view ? seat.view + 1 : seat.view;",
        replace: "const lowest = seat.view;",
      },
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "seat.vote === null || seat.vote.prepare.view < proposal.view,",
        replace: "true,",
      },
      {
        file: "objects/clerk/consensus/votes.ts",
        find: "  const why = unacceptable(turn, proposal);",
        replace:
          '  const again = evaluated(turn.seat, proposal.batch).batch === turn.seat.vote?.prepare.batch;\n  if (again && turn.seat.vote?.prepare.view === proposal.view) return "invalid";\n  const why = unacceptable(turn, proposal);',
      },
    ],
    found: [
      "OneValue",
      "Agreement",
      "AnswerIsAgreed",
      "PublishedIsAgreed",
      "everything pending is decided",
    ],
    within: 300,
    how: { run: "mix", options: {} },
  },
  {
    name: "parent-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: 'if (header.parent !== seat.tip.block || header.time <= seat.tip.time) return "invalid";',
        replace: 'if (header.time <= seat.tip.time) return "invalid";',
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 800,
    how: { run: "mix", options: { lie: "mutator" } },
  },
  {
    name: "no-joining-of-f-plus-1",
    patches: [
      {
        file: "objects/clerk/consensus/views.ts",
        find: "return higher[f] ?? (",
        replace: "return (",
      },
    ],
    found: ["f + 1 pull others along"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "no-joining-of-a-resignation",
    patches: [
      {
        file: "objects/clerk/consensus/views.ts",
        find: "return higher[f] ?? (resigned?.view === seat.view + 1 ? resigned.view : null);",
        replace: "return higher[f] ?? null;",
      },
    ],
    found: ["a resignation is joined"],
    within: 100,
    how: { run: "mix", options: {} },
  },
];
