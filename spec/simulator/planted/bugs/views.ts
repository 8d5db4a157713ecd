/** View change: what is handed over, and what justifies a proposal. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

const directed: How = { run: "directed", watched: "all" };

export const views: readonly Bug<How>[] = [
  {
    name: "view-change-without-certificate",
    patches: [
      {
        file: "objects/clerk/consensus/views.ts",
        find: "prepared: seat.prepared?.proof ?? null,",
        replace: "prepared: null,",
      },
    ],
    found: ["NobodyFramed", "JustifiedVotes", "OnlyWhatIsJustified", "OneCertificate"],
    within: 500,
    how: directed,
  },
  {
    name: "certificate-dropped-on-entering",
    patches: [
      {
        file: "objects/clerk/consensus/views.ts",
        find: "  seat.viewStart = seat.incarnation;",
        replace: "  seat.viewStart = seat.incarnation;\n  seat.prepared = null;",
      },
    ],
    found: ["NobodyFramed", "JustifiedVotes", "OnlyWhatIsJustified", "OneCertificate"],
    within: 500,
    how: directed,
  },
  {
    name: "continued-by-any-view",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: " && (certificate?.view ?? 0) === view;",
        replace: ";",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 500,
    how: directed,
  },
  {
    name: "justification-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "const unjustified = faultOf(turn, proposal);",
        replace: "const unjustified = null as Reason | null;",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 500,
    how: directed,
  },
  {
    name: "lowest-certificate",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "prepared.view > highest.view",
        replace: "prepared.view < highest.view",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 3000,
    how: directed,
  },
  {
    name: "height-maximum-ignored",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: '  if (Math.max(...why.changes.map((change) => change.height)) !== header.height) return "invalid";\n',
        replace: "",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 2000,
    how: directed,
  },
  {
    name: "too-few-view-changes",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: '  if (movers.size < setup.quorum.q) return "too few view changes";\n',
        replace: "",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 1500,
    how: directed,
  },
  {
    name: "one-seat-moves-twice",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: 'if (movers.size < why.changes.length) return "two view changes of one seat";\n  if (movers.size < setup.quorum.q)',
        replace: "if (why.changes.length < setup.quorum.q)",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 500,
    how: directed,
  },
  {
    name: "view-changes-of-any-view",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: "if (why.changes.some((change) => change.view !== said.view))",
        replace: "if (why.changes.length === 0)",
      },
    ],
    found: ["JustifiedVotes", "OnlyWhatIsJustified"],
    within: 1500,
    how: directed,
  },
  {
    name: "prepared-certificate-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: 'return preparedValid(change.prepared, setup, verify) ? null : "a false prepared certificate";',
        replace: "return null;",
      },
    ],
    found: ["SameSeatSameValue", "JustifiedVotes", "OnlyWhatIsJustified"],
    within: 1500,
    how: directed,
  },
  {
    name: "view-change-not-said-anew",
    patches: [
      {
        file: "objects/clerk/consensus/views.ts",
        find: "if (!seat.voice || seat.change?.view !== seat.view || seat.change.height > seat.tip.height)",
        replace: "if (seat.setup.quorum.n > 0)",
      },
    ],
    found: ["a view change is for the next height"],
    within: 100,
    how: { run: "mix", options: {} },
  },
  {
    name: "result-of-a-re-proposal-ignored",
    patches: [
      {
        file: "objects/clerk/consensus/votes.ts",
        find: 'return differs ? "diverged" : null;',
        replace: "return null;",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "corrupt" } },
  },
];
