/** Taking an object in again that lost its storage, and its key with it: every seat is asked, and each fetches the new key itself. */
import type { Context as HonoContext, Hono } from "hono";
import type { ControlRequest } from "../../objects/shared/control.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { ControlAnswer } from "../../objects/shared/rpc.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import { messageOf, within } from "../calls.ts";
import type { Context } from "../context.ts";
import { authorise } from "./access.ts";
import { Problem } from "./problems.ts";
import { courtIn, indexIn } from "./query.ts";

export function readmitRoutes(app: Hono, context: Context): void {
  const { deployment, tokens } = context;
  const operator = (c: HonoContext) =>
    authorise(c.req.header("Authorization") ?? null, tokens, "operate");

  app.post("/v1/courts/:court/members/:seat/readmit", async (c) => {
    operator(c);
    const court = courtIn(c.req.param("court"), deployment);
    const seat = indexIn(c.req.param("seat"), deployment.quorum.n, "member");
    const asked = await askCourt(context, court, { kind: "key", officer: { kind: "clerk", seat } });
    return c.json({ court, seat, ...asked }, 202);
  });

  app.post("/v1/wardens/:warden/readmit", async (c) => {
    operator(c);
    const warden = indexIn(c.req.param("warden"), deployment.wardens, "Warden");
    const request = { kind: "key", officer: { kind: "warden", warden } } as const;
    const courts = Array.from({ length: deployment.courts }, (_, court) => court);
    const asked = await Promise.allSettled(
      courts.map(async (court) => ({ court, ...(await askCourt(context, court, request)) })),
    );
    // Asked again, those that have taken it in already are not among them.
    const ordered = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const refused = asked.find((each) => each.status === "rejected");
    if (ordered.length === 0 && refused !== undefined) throw refused.reason;
    return c.json({ warden, courts: ordered }, 202);
  });
}

interface Asked {
  readonly publicKey: string;
  /** Seats that endorse it. It is decided within moments, or never. */
  readonly endorsedBy: readonly number[];
}

/** Throws `no-quorum` where fewer seats than it takes endorse it, with what one of them says against it. */
// Rules: OrderReadmission, RefuseReadmission.
async function askCourt(
  { env, deployment, seats }: Context,
  court: number,
  request: ControlRequest,
): Promise<Asked> {
  const answers = await Promise.all(
    seats.map(async (seat) => {
      try {
        const asked = clerkStub(env, deployment, court, seat).control(JSON.stringify(request));
        return JSON.parse(await within(asked, LIMITS.readMs)) as ControlAnswer;
      } catch (error) {
        return { refused: messageOf(error), key: null };
      }
    }),
  );
  const endorsedBy = seats.filter((seat) => answers[seat]?.refused === null);
  const publicKey = answers.find(({ refused }) => refused === null)?.key ?? "";
  if (endorsedBy.length >= deployment.quorum.q) return { publicKey, endorsedBy };
  const why = answers.flatMap(({ refused }, seat) =>
    refused === null ? [] : [`seat ${seat}: ${refused}`],
  );
  throw new Problem(
    "no-quorum",
    `Only ${endorsedBy.length} seats of court ${court} endorse it: ${why.join("; ")}.`,
  );
}
