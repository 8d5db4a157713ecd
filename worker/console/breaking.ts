/** Faults by button, from the form to the route that injects them. */
import type { Deployment } from "../../objects/shared/config.ts";
import type { ProblemDocument } from "../http/problems.ts";
import { Problem } from "../http/problems.ts";
import { indexIn } from "../http/query.ts";
import type { Api } from "./api.ts";
import { BREAKS } from "./forms.tsx";
import type { Break, Breaking, Broken } from "./forms.tsx";
import type { Typed } from "./fields.ts";

/** Long enough to be looked at. */
const CRASH_SECONDS = 15;

const isBreak = (kind: string | undefined): kind is Break =>
  kind !== undefined && Object.hasOwn(BREAKS, kind);

export const faultByButton = {
  /** Throws `malformed` or `not-found`. */
  ordered({ kind, seat = "" }: Typed, { quorum }: Deployment): Broken {
    if (!isBreak(kind)) throw new Problem("malformed", "There is no such fault.");
    return { kind, seat: indexIn(seat, quorum.n, "seat") };
  },

  /** Why it could not be done, or null. */
  async passOn(api: Api, court: number, { kind, seat }: Broken): Promise<ProblemDocument | null> {
    const member = `/v1/courts/${court}/members/${seat}`;
    const seconds = kind === "crash" ? { seconds: CRASH_SECONDS } : {};
    const { problem } =
      kind === "readmit"
        ? await api.ask(`${member}/readmit`, { method: "POST" })
        : await api.ask(`${member}/fault`, {
            method: "POST",
            body: JSON.stringify({ kind, ...seconds }),
          });
    return problem;
  },

  /** What the address of a page says was done just now; nothing for what no button does. */
  told({ done, seat = "" }: Typed, { quorum, faultInjection }: Deployment): Breaking {
    const known = /^[0-6]$/.test(seat) && Number(seat) < quorum.n;
    return faultInjection && isBreak(done) && known
      ? { done: { kind: done, seat: Number(seat) } }
      : {};
  },
};
