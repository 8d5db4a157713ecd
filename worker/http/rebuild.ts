/** Having a seat take its entity state anew from the others, when somebody doubts it. */
import type { Hono } from "hono";
import { LIMITS } from "../../objects/shared/limits.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import { messageOf, within } from "../calls.ts";
import type { Context } from "../context.ts";
import { authorise } from "./access.ts";
import { Problem } from "./problems.ts";
import { courtIn, indexIn } from "./query.ts";

/** Ordered is not done: the court's answer shows when the member is ready again. */
// Rule: OrderRebuild.
export function rebuildRoutes(app: Hono, { env, deployment, tokens }: Context): void {
  app.post("/v1/courts/:court/members/:seat/rebuild", async (c) => {
    authorise(c.req.header("Authorization") ?? null, tokens, "operate");
    const court = courtIn(c.req.param("court"), deployment);
    const seat = indexIn(c.req.param("seat"), deployment.quorum.n, "member");
    try {
      await within(clerkStub(env, deployment, court, seat).rebuild(), LIMITS.readMs);
    } catch (error) {
      const why = messageOf(error);
      throw new Problem("no-quorum", `Seat ${seat} of court ${court} is not rebuilt: ${why}.`);
    }
    return c.json({ court, seat }, 202);
  });
}
