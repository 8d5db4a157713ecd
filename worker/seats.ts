/** Asking the seats of a court how they are. */
import { waitUntil } from "cloudflare:workers";
import { LIMITS } from "../objects/shared/limits.ts";
import { regionOf } from "../objects/shared/names.ts";
import { lastTerm } from "../objects/shared/terms.ts";
import type { SeatStatus } from "../objects/shared/rpc.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { unlessSilent } from "./calls.ts";
import type { Context } from "./context.ts";
import { courtView } from "./court.ts";
import type { CourtView, Statuses } from "./court.ts";

/** By seat; null for one that refuses, or takes longer than `LIMITS.statusMs`. A seat that is just waking is given that long. */
export async function statusesOf(context: Context, court: number): Promise<Statuses> {
  const until = Date.now() + LIMITS.statusMs;
  return Promise.all(context.seats.map((seat) => statusOf(context, court, seat, until)));
}

async function statusOf(
  context: Context,
  court: number,
  seat: number,
  until: number,
): Promise<SeatStatus | null> {
  const { env, deployment } = context;
  const asked = clerkStub(env, deployment, court, seat).status();
  const text = await unlessSilent(asked, Math.max(until - Date.now(), 0));
  if (text === null) return null;
  const status = JSON.parse(text) as SeatStatus;
  if (status.stage !== "starting" || Date.now() + LIMITS.courtPollMs > until) return status;
  await scheduler.wait(LIMITS.courtPollMs);
  return statusOf(context, court, seat, until);
}

/** Has the seats look at what a reader met, so that it is repaired though nothing else wakes them. Nobody waits for it. */
// Rule: LookWhereReadingFailed.
export function tellSeats(
  { env, deployment, seats }: Context,
  { court, height }: { readonly court: number; readonly height: number },
): void {
  // A damaged row may name a court that there is not.
  if (court >= deployment.courts) return;
  for (const seat of seats)
    waitUntil(unlessSilent(clerkStub(env, deployment, court, seat).reread(height), LIMITS.readMs));
}

export async function describeCourt(context: Context, court: number): Promise<CourtView> {
  const { deployment, seats } = context;
  const [terms, statuses] = [await context.terms(), await statusesOf(context, court)];
  const { keys } = lastTerm(terms.of(court));
  // Another key than is known here may be that of a seat that was taken in again.
  const rekeyed = statuses.findIndex(
    (status, seat) => status?.ready && status.publicKey !== keys[seat],
  );
  if (rekeyed !== -1) await context.learnTerms(court, rekeyed);
  const facts = {
    court,
    quorum: deployment.quorum,
    regions: seats.map((seat) => regionOf(deployment, seat)),
    publicKeys: lastTerm(terms.of(court)).keys,
  };
  return courtView(facts, statuses);
}
