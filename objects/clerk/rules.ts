/** The rules by which the seats of a deployment evaluate. */
import type { Rules } from "../arbiter/evaluation.ts";
import { DOMAINS } from "../arbiter/registry.ts";
import type { Deployment } from "../shared/config.ts";
import { LIMITS } from "../shared/limits.ts";
import { courtOf } from "../shared/names.ts";

export function rulesOf(deployment: Deployment): Rules {
  return {
    registry: DOMAINS,
    windowMs: deployment.windowMs,
    clockBoundMs: LIMITS.clockBoundMs,
    courtOf: (tenant, partition) => courtOf(deployment, tenant, partition),
  };
}
