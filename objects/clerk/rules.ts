/** The rules by which the seats of a deployment evaluate. */
import { chosen } from "../arbiter/domains/shipped.ts";
import type { Rules } from "../arbiter/evaluation.ts";
import { registryOf } from "../arbiter/registry.ts";
import type { Deployment } from "../shared/config.ts";
import { LIMITS } from "../shared/limits.ts";
import { courtOf } from "../shared/names.ts";

export function rulesOf(deployment: Deployment): Rules {
  return {
    registry: registryOf(chosen(deployment.domains)),
    windowMs: deployment.windowMs,
    clockBoundMs: LIMITS.clockBoundMs,
    courtOf: (tenant, partition) => courtOf(deployment, tenant, partition),
  };
}
