/** Whether the deployment serves, and whether it can agree: open to everybody. */
import type { Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import { LedgerCorrupt } from "../../objects/ledger/ledger.ts";
import { genesisDigest } from "../../objects/shared/genesis.ts";
import type { Context } from "../context.ts";
import { notReady } from "../court.ts";
import { statusesOf, tellSeats } from "../seats.ts";
import { tellable } from "./log.ts";
import { Problem, problemResponse } from "./problems.ts";

export function liveRoutes(app: Hono, context: Context): void {
  const boot = context.deployment.bootId;
  app.get("/v1/live", (c) => c.json({ status: "live", boot }));
  app.get("/v1/ready", async (c) => {
    const reasons = await reasonsNotReady(context);
    if (reasons.length === 0) {
      const genesis = genesisDigest(await context.genesis());
      return c.json({ status: "ready", boot, genesis, reasons });
    }
    const problem = new Problem("no-quorum", reasons.join("; "));
    return problemResponse(problem, "/v1/ready", { members: { boot, reasons } });
  });
}

/** Asking wakes a fresh deployment: the genesis is composed on the way. */
// Rule: TellReadiness.
async function reasonsNotReady(context: Context): Promise<string[]> {
  const { quorum, courts } = context.deployment;
  try {
    const ledger = await context.ledger();
    const agreed = genesisDigest(ledger.genesis);
    const perCourt = await Promise.all(
      Array.from({ length: courts }, async (_, court) =>
        notReady(court, quorum, agreed, await statusesOf(context, court)),
      ),
    );
    // Fails where the ledger cannot be reached or lacks its tables.
    const unread = await attestedHeights(ledger).then(
      () => [],
      (error: unknown) => {
        if (!(error instanceof LedgerCorrupt))
          return [`the ledger cannot be read: ${tellable(error, "ready")}`];
        tellSeats(context, error);
        return [];
      },
    );
    return [...perCourt.flat(), ...unread];
  } catch (error) {
    return [tellable(error, "ready")];
  }
}
