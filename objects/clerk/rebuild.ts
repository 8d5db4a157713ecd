/** An operator's order to take the entity state anew: key, votes and chain stay. */
import { LIMITS } from "../shared/limits.ts";
import type { SeatStatus } from "../shared/rpc.ts";
import { clerkStub } from "../shared/shell/stubs.ts";
import type { Bench } from "./bench.ts";

/** Why this seat is not to be rebuilt now, or null: meanwhile it has no voice, and the court must decide without it. */
// Rule: RefuseRebuild.
export async function rebuildObjection(bench: Bench): Promise<string | null> {
  const { n, q } = bench.deployment.quorum;
  const others = Array.from({ length: n }, (_, seat) => seat).filter((seat) => seat !== bench.seat);
  const ready = await Promise.all(others.map((other) => isReady(bench, other)));
  const count = ready.filter(Boolean).length;
  return count >= q ? null : `${count} other seats are ready, and it takes ${q}`;
}

async function isReady({ env, deployment, court }: Bench, seat: number): Promise<boolean> {
  try {
    const asked = clerkStub(env, deployment, court, seat).status();
    const text = await Promise.race([asked, scheduler.wait(LIMITS.statusMs)]);
    return typeof text === "string" && (JSON.parse(text) as SeatStatus).ready;
  } catch {
    return false;
  }
}

/** To be the last piece of this life: the next one has no voice until its state is the court's. */
// Rule: SilenceForRebuild.
export function orderRebuild(bench: Bench, now: number): void {
  bench.atomic(() => {
    bench.heal();
    bench.standing.change({ rebuild: false });
    bench.silence("its state is rebuilt by an operator's order", now);
    bench.order(now);
  });
}
