/** What is believed of what others say. */
import type { How } from "../how.ts";
import type { Bug } from "../plant.ts";

const directed: How = { run: "directed", watched: "all" };

export const belief: readonly Bug<How>[] = [
  {
    name: "certificate-unchecked-when-decided",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: '      return certificateObjection(said.certificate, setup, verify);\n    case "view-change"',
        replace: '      return null;\n    case "view-change"',
      },
    ],
    found: ["SameSeatSameValue", "Agreement"],
    within: 100,
    how: { run: "mix", options: { lie: "librarian" } },
  },
  {
    name: "blocks-without-certificate",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: "    batchObjection(candidate, setup, verify) ??\n    certificateObjection(candidate.certificate, setup, verify)\n",
        replace: "    batchObjection(candidate, setup, verify)\n",
      },
    ],
    found: ["NobodyFramed", "SameSeatSameValue"],
    within: 300,
    how: { run: "mix", options: { lie: "librarian" } },
  },
  {
    name: "one-signature-fills-a-certificate",
    patches: [
      {
        file: "objects/shared/verify.ts",
        find: "const signers = new Set<number>();",
        replace: "const signers = new Set<VoteSignature>();",
      },
      {
        file: "objects/shared/verify.ts",
        find: "if (key === undefined || signers.has(vote.seat)) continue;",
        replace: "if (key === undefined) continue;",
      },
      {
        file: "objects/shared/verify.ts",
        find: "signers.add(vote.seat);",
        replace: "signers.add(vote);",
      },
    ],
    found: ["SameSeatSameValue", "Agreement", "NobodyFramed"],
    within: 200,
    how: { run: "mix", options: { lie: "librarian" } },
  },
  {
    name: "sender-forged",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: 'digested, said.signature) ? null : "bad signature";',
        replace: 'digested, said.signature) || said.signature !== "" ? null : "bad signature";',
      },
    ],
    found: ["NobodyFramed", "OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "mutator" } },
  },
  {
    name: "seal-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: 'return sealValid(candidate, key, verify) ? null : "a writ without its seal";',
        replace: "return null;",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "inventor" } },
  },
  {
    name: "place-of-a-writ-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/waiting.ts",
        find: "if (writ.number !== next.number || first !== next.first || count < 1) return false;",
        replace: "if (count < 1) return false;",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 100,
    how: { run: "mix", options: { lie: "inventor" } },
  },
  {
    name: "gaps-between-writs",
    patches: [
      {
        file: "objects/clerk/consensus/waiting.ts",
        find: "if (writ.number !== next.number || first",
        replace: "if (writ.number < next.number || first",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 300,
    how: { run: "mix", options: { lie: "inventor" } },
  },
  {
    name: "block-time-unbounded",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "return time <= turn.now + LIMITS.clockAheadMs && time >= turn.now - behind;",
        replace: "return time >= 0 || behind > 0;",
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 400,
    how: { run: "mix", options: { lie: "mutator" } },
  },
  {
    name: "block-time-of-a-re-proposal-bounded",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: '  return forced.batch === batchDigest(header) ? null : "invalid";',
        replace:
          '  if (!timely(turn, header.time)) return "time";\n  return forced.batch === batchDigest(header) ? null : "invalid";',
      },
    ],
    found: ["OnlyWhatIsJustified"],
    within: 400,
    how: { run: "mix", options: { lie: "evil" } },
  },
  {
    name: "back-dating-where-there-is-none",
    patches: [
      {
        file: "objects/clerk/consensus/evidence.ts",
        find: "return vote.sequence > change.sequence;",
        replace: "return vote.sequence < change.sequence;",
      },
    ],
    found: ["NobodyFramed"],
    within: 500,
    how: directed,
  },
  {
    name: "amnesia-where-there-is-none",
    patches: [
      {
        file: "objects/clerk/consensus/evidence.ts",
        find: 'if (vote.kind !== "commit" || vote.height !== change.height) return false;',
        replace: "if (vote.height !== change.height) return false;",
      },
    ],
    found: ["NobodyFramed"],
    within: 500,
    how: directed,
  },
  {
    name: "poison-proof-unchecked",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: "if (proof !== undefined && !poisonValid(proof, head, court, verify))",
        replace: "if (proof !== undefined && head.height < 0)",
      },
    ],
    found: ["OnlyPoisonCondemned", "CondemnedWithProof"],
    within: 100,
    how: { run: "mix", options: { lie: "poisoner" } },
  },
  {
    name: "control-accepted-unasked",
    patches: [
      {
        file: "objects/clerk/consensus/controls.ts",
        find: "  return keeps(seat, control);\n}\n\n/** The view",
        replace: "  return keeps(seat, control) || !forced;\n}\n\n/** The view",
      },
    ],
    found: ["everything pending is decided"],
    within: 100,
    how: { run: "mix", options: { lie: "petitioner" } },
  },
  {
    name: "state-chunk-without-its-root",
    patches: [
      {
        file: "objects/clerk/consensus/transfer.ts",
        find: "const whole = fit && chunk.last && samePart(tally.part(), part);",
        replace: "const whole = fit && chunk.last;",
      },
    ],
    found: ["TakenIsAgreed"],
    within: 60,
    how: { run: "mix", options: { lie: "librarian", fate: "taken" } },
  },
  {
    name: "words-without-a-signature",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: 'if (kind === "blocks" && said.blocks.length === 0)',
        replace: 'if (kind === "blocks" && said.blocks.length < 0)',
      },
    ],
    found: ["nobody speaks for another"],
    within: 30,
    how: { run: "mix", options: { lie: "replayer" } },
  },
  {
    name: "honest-view-changes-too-few",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: "if (movers.size < setup.quorum.q) return",
        replace: "if (movers.size <= setup.quorum.q) return",
      },
    ],
    found: ["HonestIsHeard"],
    within: 500,
    how: directed,
  },
  {
    name: "unable-few",
    patches: [
      {
        file: "objects/shared/verify.ts",
        find: "distinct(rejects) >= quorum.q &&",
        replace: "distinct(rejects) > 0 &&",
      },
    ],
    found: ["OnlyPoisonCondemned", "CondemnedWithProof"],
    within: 300,
    how: { run: "mix", options: { lie: "poisoner" } },
  },
  {
    name: "block-time-stands-still",
    patches: [
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "const time = Math.max(now, tip.time + 1);",
        replace: "const time = Math.min(now, tip.time + 1);",
      },
      {
        file: "objects/clerk/consensus/proposals.ts",
        find: "const doubled = Math.min(2 ** turn.seat.failures, LIMITS.clockBehindCapFactor);",
        replace: "const doubled = LIMITS.clockBehindCapFactor;",
      },
    ],
    found: ["BlockTimeNearTrue"],
    within: 400,
    how: { run: "mix", options: {} },
  },
  {
    name: "control-taken-from-one",
    patches: [
      {
        file: "objects/clerk/consensus/controls.ts",
        find: "    if (others.length + 1 >= seat.setup.quorum.q) return control;",
        replace: "    if (others.length >= 0) return control;",
      },
      {
        file: "objects/clerk/consensus/controls.ts",
        find: "  return keeps(seat, control);\n}\n\n/** The view",
        replace: "  return keeps(seat, control) || !forced;\n}\n\n/** The view",
      },
    ],
    found: ["NoControlUnasked"],
    within: 500,
    how: directed,
  },
  {
    name: "seats-that-differ-go-on",
    patches: [
      {
        file: "objects/clerk/consensus/majority.ts",
        find: "if (f === 0) {",
        replace: "if (f < 0) {",
      },
    ],
    found: ["SeatsThatDifferStop"],
    within: 60,
    how: { run: "mix", options: { mode: "detect", liars: 1, lie: "corrupt" } },
  },
];
