/** Somebody outside, who verifies the deployment over HTTP as `npm run verify` does. */
import { recordsOf } from "../../bench/verify/live.ts";
import { asking } from "../../bench/verify/server.ts";
import { Verifier } from "../../bench/verify/verifier.ts";
import type { Report } from "../../bench/verify/verifier.ts";
import { court, eventually } from "./deployment.ts";
import { get } from "./worker.ts";
import type { TokenName } from "./worker.ts";

export async function verified(token: TokenName = "all"): Promise<Report> {
  const asked = asking(
    (path) => get(path, { token }),
    (ms) => scheduler.wait(ms),
  );
  const verifier = new Verifier(null);
  for await (const record of recordsOf(asked, { court: null, histories: "all" }))
    verifier.take(record);
  return verifier.report();
}

/** Once all of a court is published. */
export function settled(of = 0): Promise<true> {
  return eventually(async () => {
    const { height, published } = await court(of);
    return height > 0 && published === height;
  });
}
