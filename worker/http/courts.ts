/** Courts, and for operators their blocks and what their seats noted. */
import type { Hono } from "hono";
import { attestedHeights, wordsOf } from "../../objects/ledger/attest.ts";
import { LedgerCorrupt } from "../../objects/ledger/ledger.ts";
import { blockAt } from "../../objects/ledger/reads.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import type { Block } from "../../objects/shared/types.ts";
import { blockOfSeats } from "../blocks.ts";
import { unlessSilent } from "../calls.ts";
import type { Context } from "../context.ts";
import { describeCourt } from "../seats.ts";
import { notePlace } from "./edge.ts";
import { Problem } from "./problems.ts";
import { incidentsQuery } from "./queries.ts";
import { courtIn, indexIn, queryIn } from "./query.ts";
import type { Allow } from "./reads.ts";

// Rule: ShowAttestations.
export function courtRoutes(app: Hono, context: Context, allow: Allow): void {
  const { deployment, seats } = context;

  app.get("/v1/courts", async (c) => {
    allow(c, "read");
    const courts = Array.from({ length: deployment.courts }, (_, court) =>
      describeCourt(context, court),
    );
    return c.json({ items: await Promise.all(courts) });
  });

  app.get("/v1/courts/:court", async (c) => {
    allow(c, "read");
    const court = courtIn(c.req.param("court"), deployment);
    notePlace(c, { court });
    return c.json(await describeCourt(context, court));
  });

  app.get("/v1/courts/:court/attestations", async (c) => {
    allow(c, "read");
    const court = courtIn(c.req.param("court"), deployment);
    notePlace(c, { court });
    return c.json({ items: await wordsOf(await context.ledger(), court) });
  });

  app.get("/v1/courts/:court/blocks/:height", async (c) => {
    allow(c, "operate");
    const court = courtIn(c.req.param("court"), deployment);
    const height = indexIn(c.req.param("height"), Number.MAX_SAFE_INTEGER, "block");
    notePlace(c, { court, height });
    const block = await blockNow(context, court, height);
    if (block === null) throw new Problem("not-found", "The court has not decided such a block.");
    return c.json(block);
  });

  const listing = incidentsQuery(seats.length);
  app.get("/v1/courts/:court/incidents", async (c) => {
    allow(c, "operate");
    const court = courtIn(c.req.param("court"), deployment);
    notePlace(c, { court });
    return c.json(await incidentsAfter(context, court, queryIn(c.req.url, listing).after));
  });
}

/** A published block from the ledger, a younger one from the seats. */
// Rule: ShowBlock.
async function blockNow(context: Context, court: number, height: number): Promise<Block | null> {
  const ledger = await context.ledger();
  try {
    const published = await blockAt(ledger, court, height, await attestedHeights(ledger));
    if (published !== null) return published;
  } catch (error) {
    // Damaged rows are never papered over; a ledger that cannot be read keeps nobody from the seats.
    if (error instanceof LedgerCorrupt) throw error;
  }
  return height === 0 ? null : blockOfSeats(context, ledger, court, height);
}

interface Incident {
  readonly id: number;
  readonly at: string;
}

/** Every seat numbers what it noted by itself, so the cursor is a place per seat. */
// Rule: ShowIncidents.
async function incidentsAfter(
  { env, deployment, seats }: Context,
  court: number,
  after: readonly number[],
) {
  const noted = await Promise.all(
    seats.map(async (seat) => {
      const asked = clerkStub(env, deployment, court, seat).incidents(after[seat] ?? 0);
      const text = await unlessSilent(asked, LIMITS.readMs);
      return (JSON.parse(text ?? "[]") as Incident[]).map((incident) => ({
        ...incident,
        notedBy: seat,
      }));
    }),
  );
  const items = noted
    .flat()
    .toSorted((a, b) => a.at.localeCompare(b.at) || a.notedBy - b.notedBy || a.id - b.id);
  const reached = noted.map((own, seat) => own.at(-1)?.id ?? after[seat] ?? 0);
  return { items, next: items.length === 0 ? null : reached.join(".") };
}
