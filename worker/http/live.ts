/** Whether the deployment serves, and whether it can agree: open to everybody. */
import type { Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import { genesisDigest } from "../../objects/shared/genesis.ts";
import { messageOf } from "../calls.ts";
import type { Context } from "../context.ts";
import { notReady } from "../court.ts";
import { statusesOf } from "../seats.ts";

export function liveRoutes(app: Hono, context: Context): void {
  const boot = context.deployment.bootId;
  app.get("/v1/live", (c) => c.json({ status: "live", boot }));
  app.get("/v1/ready", async (c) => {
    const reasons = await reasonsNotReady(context);
    const ready = reasons.length === 0;
    return c.json({ status: ready ? "ready" : "not-ready", boot, reasons }, ready ? 200 : 503);
  });
}

/** Asking wakes a fresh deployment: the genesis is composed on the way. */
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
      (error: unknown) => [`the ledger cannot be read: ${messageOf(error)}`],
    );
    return [...perCourt.flat(), ...unread];
  } catch (error) {
    return [messageOf(error)];
  }
}
