/** The one place that makes stubs: a hint counts only at the very first `get` of an id, and a wrong name makes a new object. */
import type { Deployment } from "../config.ts";
import { nameOf, regionOf, roundTripMs } from "../names.ts";
import type { ClerkApi, RegistrarApi, WardenApi } from "../rpc.ts";
import { wallClock } from "./clock.ts";
import { distant } from "./distance.ts";

export interface Bindings {
  readonly CLERK: DurableObjectNamespace;
  readonly WARDEN: DurableObjectNamespace;
  readonly REGISTRAR: DurableObjectNamespace;
  readonly LEDGER: D1Database;
}

// The runtime's own stub types expand every method's arguments structurally; the interfaces of rpc.ts are flat on purpose.
/** `from` is the caller's region, where its distance to the seat counts. */
export function clerkStub(
  env: Bindings,
  deployment: Deployment,
  court: number,
  seat: number,
  from?: string,
): ClerkApi {
  const region = regionOf(deployment, seat);
  const locationHint = region as DurableObjectLocationHint;
  const name = nameOf(deployment.generation, { kind: "clerk", court, seat });
  const stub = env.CLERK.getByName(name, { locationHint }) as unknown as ClerkApi;
  return from === undefined
    ? stub
    : distant(stub, roundTripMs(deployment, from, region), wallClock);
}

export function wardenStub(env: Bindings, deployment: Deployment, warden: number): WardenApi {
  return env.WARDEN.getByName(
    nameOf(deployment.generation, { kind: "warden", warden }),
  ) as unknown as WardenApi;
}

export function registrarStub(
  env: Bindings,
  deployment: Deployment,
  at: { readonly court: number; readonly seat: number; readonly shard: number },
): RegistrarApi {
  const locationHint = regionOf(deployment, at.seat) as DurableObjectLocationHint;
  const name = nameOf(deployment.generation, { kind: "registrar", ...at });
  return env.REGISTRAR.getByName(name, { locationHint }) as unknown as RegistrarApi;
}
