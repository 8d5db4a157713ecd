/** What operators do and see: faults on purpose, and what the seats noted. */
import type { Context as HonoContext, Hono } from "hono";
import type { z } from "zod";
import { LIMITS } from "../../objects/shared/limits.ts";
import { clerkStub, wardenStub } from "../../objects/shared/shell/stubs.ts";
import { refusalOf } from "../calls.ts";
import type { Context } from "../context.ts";
import { authorise } from "./access.ts";
import { readBody } from "./body.ts";
import { complaintsOf } from "./events.ts";
import { ledgerFault, seatFault, wardenFault } from "./fault-shapes.ts";
import type { Fault, LedgerFault } from "./fault-shapes.ts";
import { Problem } from "./problems.ts";
import { courtIn, indexIn } from "./query.ts";
import { REFUSE_BLOCKS, healLedger, tamper } from "./tampering.ts";

/** The fault routes exist only where `FAULT_INJECTION` is `"on"`. */
// Rule: InjectFault.
export function operateRoutes(app: Hono, context: Context): void {
  const { env, deployment, tokens } = context;
  if (!deployment.faultInjection) return;
  const operator = (c: HonoContext) =>
    authorise(c.req.header("Authorization") ?? null, tokens, "operate");

  app.post("/v1/courts/:court/members/:seat/fault", async (c) => {
    operator(c);
    const court = courtIn(c.req.param("court"), deployment);
    const seat = indexIn(c.req.param("seat"), deployment.quorum.n, "member");
    const fault = await faultIn(c.req.raw, seatFault);
    await injected(() => clerkStub(env, deployment, court, seat), fault);
    return c.json({ court, seat, ...fault });
  });

  app.post("/v1/wardens/:warden/fault", async (c) => {
    operator(c);
    const warden = indexIn(c.req.param("warden"), deployment.wardens, "Warden");
    const fault = await faultIn(c.req.raw, wardenFault);
    await injected(() => wardenStub(env, deployment, warden), fault);
    return c.json({ warden, ...fault });
  });

  app.post("/v1/ledger/fault", async (c) => {
    operator(c);
    const fault = await faultIn(c.req.raw, ledgerFault);
    await harmLedger(context, fault);
    return c.json(fault);
  });
}

async function harmLedger({ env, deployment }: Context, fault: LedgerFault): Promise<void> {
  const { kind } = fault;
  if (kind === "refuse") await env.LEDGER.prepare(REFUSE_BLOCKS).run();
  if (kind === "tamper") await tamper(env.LEDGER, deployment.generation);
  if (kind === "heal") await healLedger(env.LEDGER);
  if (kind === "refuse" || kind === "tamper") return;
  const ms = millisecondsOf(fault);
  await Promise.all(
    seatsOf(deployment).map(({ court, seat }) =>
      told(() => clerkStub(env, deployment, court, seat), `ledger-${kind}`, ms),
    ),
  );
}

function seatsOf(deployment: Context["deployment"]) {
  const seats = Array.from({ length: deployment.quorum.n }, (_, seat) => seat);
  return Array.from({ length: deployment.courts }, (_, court) =>
    seats.map((seat) => ({ court, seat })),
  ).flat();
}

async function faultIn<T>(request: Request, shape: z.ZodType<T>): Promise<T> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw new Problem("unsupported-media-type", "A fault is sent as application/json.");
  const body = await readBody(request);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Problem("malformed", "The body is not JSON.");
  }
  const fault = shape.safeParse(value);
  if (!fault.success)
    throw new Problem("malformed", "There is no such fault.", complaintsOf(fault.error));
  return fault.data;
}

/** What a message waits in a `slow`, otherwise how long the fault lasts: a crash ends by itself, the rest when healed (0). */
function millisecondsOf({ kind, seconds, milliseconds }: Fault | LedgerFault): number {
  if (kind === "slow") return milliseconds ?? LIMITS.faultSlowMs;
  if (seconds !== undefined) return seconds * 1000;
  return kind === "crash" ? LIMITS.faultCrashMs : 0;
}

interface Breakable {
  fault(kind: string, ms: number): Promise<void>;
}

function injected(object: () => Breakable, fault: Fault): Promise<void> {
  return told(object, fault.kind, millisecondsOf(fault));
}

/**
 * Until it has said that it heard: one that goes down under the call, of itself or as it was told, may not have, and told twice is
 * told once. A stub that saw that stays broken, so every call has its own.
 */
// Rule: InjectFault.
export async function told(object: () => Breakable, kind: string, ms: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await object().fault(kind, ms);
    } catch (error) {
      if (refusalOf(error) !== null || attempt === LIMITS.faultAttempts) throw error;
    }
  }
}
