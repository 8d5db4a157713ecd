/** What helps a court on: suspicion of who leaves writs out, the Ledger in place of peers, officers taken in again, texts that are refused. */
import type { Bug } from "../plant.ts";
import type { How } from "../how.ts";

export const relief: readonly Bug<How>[] = [
  {
    name: "no-suspicion-of-censorship",
    patches: [
      {
        file: "objects/clerk/consensus/step.ts",
        find: "if (!leftOut(seat) && !censored(seat)) return;",
        replace: "if (!leftOut(seat) && (!censored(seat) || seat.tip.height > 0)) return;",
      },
    ],
    found: ["nobody is left out"],
    within: 60,
    how: { run: "mix", options: { lie: "censor" } },
  },
  {
    // As it is read, and once more by the seat: either alone would do.
    name: "ledger-believed-without-certificate",
    patches: [
      {
        file: "objects/ledger/proof.ts",
        find: '  demand(certified(trust, certificate), "a certificate that does not verify");\n',
        replace: "",
      },
      {
        file: "objects/clerk/consensus/check.ts",
        find: "return wrong < 0 ? blocks : blocks.slice(0, wrong);",
        replace: "return wrong < -1 ? [] : blocks;",
      },
    ],
    found: ["SameSeatSameValue", "Agreement"],
    within: 200,
    how: { run: "mix", options: { fate: "mute" } },
  },
  {
    name: "numbers-of-a-taken-in-warden-go-on",
    patches: [
      {
        file: "objects/clerk/consensus/controls.ts",
        find: "    seat.progress.delete(control.officer.warden);\n",
        replace: "",
      },
    ],
    found: ["everything pending is decided", "OnlyWhatIsJustified"],
    within: 60,
    how: { run: "mix", options: { fate: "warden-lost" } },
  },
  {
    name: "calls-of-any-length",
    patches: [
      {
        file: "objects/clerk/consensus/check.ts",
        find: "if (!Array.isArray(raw) || raw.length > LIMITS.messagesPerCall)",
        replace: "if (!Array.isArray(raw))",
      },
    ],
    found: ["GarbledIsDropped"],
    within: 100,
    how: { run: "mix", options: {} },
  },
];
