/** `GET /metrics`: counters for whoever watches the deployment (`ShowMetrics` in spec/edge.allium). */
import type { Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { regionOf } from "../../objects/shared/names.ts";
import type { WardenStatus } from "../../objects/shared/rpc.ts";
import { wardenStub } from "../../objects/shared/shell/stubs.ts";
import { unlessSilent } from "../calls.ts";
import type { Context } from "../context.ts";
import { courtView } from "../court.ts";
import { familiesOf } from "../measured.ts";
import type { Measured, MeasuredCourt } from "../measured.ts";
import { metricsText, OPENMETRICS } from "../metrics.ts";
import { statusesOf } from "../seats.ts";
import type { Allow } from "./reads.ts";

export function metricsRoutes(app: Hono, context: Context, allow: Allow): void {
  app.get("/metrics", async (c) => {
    allow(c, "read");
    const text = metricsText(familiesOf(await measured(context)));
    return new Response(text, {
      headers: { "Content-Type": OPENMETRICS, "Cache-Control": "no-store" },
    });
  });
}

// Rule: ShowMetrics.
async function measured(context: Context): Promise<Measured> {
  const { generation, quorum, courts, wardens } = context.deployment;
  const attested = attestedNow(context);
  const [measuredCourts, measuredWardens] = await Promise.all([
    Promise.all(numbers(courts).map((court) => measuredCourt(context, court, attested))),
    Promise.all(numbers(wardens).map((warden) => wardenStatus(context, warden))),
  ]);
  return { generation, mode: quorum.mode, courts: measuredCourts, wardens: measuredWardens };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, each) => each);

async function measuredCourt(
  context: Context,
  court: number,
  attested: Promise<readonly number[] | null>,
): Promise<MeasuredCourt> {
  const { deployment, seats } = context;
  const statuses = await statusesOf(context, court);
  const regions = seats.map((seat) => regionOf(deployment, seat));
  // Without the keys, which nobody measures: a deployment that has no genesis yet is shown as well.
  const view = courtView({ court, quorum: deployment.quorum, regions, publicKeys: [] }, statuses);
  return { view, statuses, attested: (await attested)?.[court] ?? null };
}

/** Null where the Ledger cannot be read: that is nothing to keep the rest from being shown. */
async function attestedNow(context: Context): Promise<readonly number[] | null> {
  try {
    return await attestedHeights(await context.ledger());
  } catch {
    return null;
  }
}

async function wardenStatus(
  { env, deployment }: Context,
  warden: number,
): Promise<WardenStatus | null> {
  const asked = wardenStub(env, deployment, warden).status();
  const text = await unlessSilent(asked, LIMITS.statusMs);
  return text === null ? null : (JSON.parse(text) as WardenStatus);
}
