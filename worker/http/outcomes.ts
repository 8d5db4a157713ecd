/** Events and what they came to: from their Warden while it knows them, from the ledger afterwards. */
import type { Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import type { Ledger } from "../../objects/ledger/ledger.ts";
import { eventByKey, eventsPage, inclusion } from "../../objects/ledger/reads.ts";
import { keyDigest } from "../../objects/shared/digests.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { wardenOf } from "../../objects/shared/names.ts";
import type { Lookup } from "../../objects/shared/rpc.ts";
import { wardenStub } from "../../objects/shared/shell/stubs.ts";
import type { Header, LedgerEvent, Receipt } from "../../objects/shared/types.ts";
import { blockOfSeats, inclusionIn } from "../blocks.ts";
import { within } from "../calls.ts";
import type { Context } from "../context.ts";
import { jsonText } from "./answers.ts";
import { eventDocument, pageDocument, pendingDocument, publishedDocument } from "./documents.ts";
import { tellable } from "./log.ts";
import { Problem } from "./problems.ts";
import { eventQuery, eventsQuery } from "./queries.ts";
import { queryIn } from "./query.ts";
import type { Allow } from "./reads.ts";

type Key = Pick<LedgerEvent, "tenant" | "source" | "id">;

export function eventRoutes(app: Hono, context: Context, allow: Allow): void {
  const { deployment } = context;
  const listing = eventsQuery(deployment.courts);

  app.get("/v1/events", async (c) => {
    const { tenant } = allow(c, "read");
    const asked = queryIn(c.req.url, listing);
    const ledger = await context.ledger();
    const { items, next } = await eventsPage(
      ledger,
      { tenant, ...asked },
      await attestedHeights(ledger),
    );
    return jsonText(
      pageDocument(
        items.map((item) => publishedDocument(item)),
        next,
      ),
    );
  });

  app.get("/v1/events/:id", async (c) => {
    const { tenant } = allow(c, "read");
    const { source, proof } = queryIn(c.req.url, eventQuery);
    const document = await eventNow(
      context,
      { tenant, source, id: c.req.param("id") },
      proof === "1",
    );
    if (document === null) throw new Problem("not-found", "There is no such event of this source.");
    return jsonText(document);
  });
}

/** The latest use of a key: the Warden has it until it is published and its window is over. */
// Rule: TellLatestUse.
async function eventNow(context: Context, key: Key, proven: boolean): Promise<string | null> {
  const { env, deployment } = context;
  const warden = wardenStub(env, deployment, wardenOf(deployment, key.tenant, key.source));
  const known = await within(warden.lookup(keyDigest(key)), LIMITS.readMs).then(
    (text) => JSON.parse(text) as Lookup | null,
    (error: unknown) =>
      new Problem(
        "no-quorum",
        `The Warden of this source does not answer: ${tellable(error, "lookup")}.`,
      ),
  );
  if (known !== null && !(known instanceof Problem)) {
    if (known.status === "pending") return pendingDocument(known.event);
    return settledNow(context, known, key.tenant, proven);
  }
  const ledger = await context.ledger();
  const attested = await attestedHeights(ledger);
  const found = await eventByKey(ledger, key, attested);
  // Only the Warden can tell an unknown event from one that is not published yet.
  if (found === null && known !== null) throw known;
  if (found === null) return null;
  return publishedDocument(
    found,
    proven ? await publishedProof(ledger, key.tenant, found, attested) : undefined,
  );
}

async function settledNow(
  context: Context,
  { body, event }: Extract<Lookup, { status: "settled" }>,
  tenant: string,
  proven: boolean,
): Promise<string> {
  const { receipt } = JSON.parse(body) as { readonly receipt: Receipt };
  const ledger = await context.ledger();
  // A ledger that cannot be read attests nothing, and keeps no outcome from its sender.
  const attested = await attestedHeights(ledger).catch(() => []);
  const published = receipt.height <= (attested[receipt.court] ?? 0);
  if (!proven) return eventDocument(body, event, published);
  const proof = published
    ? await publishedProof(ledger, tenant, receipt, attested)
    : await unpublishedProof(context, ledger, tenant, receipt);
  return eventDocument(body, event, published, proof);
}

type At = Pick<Receipt, "court" | "height" | "index">;

/** The genesis, and what changed its keys below a block. */
function roots({ genesis, terms }: Ledger, { court, height }: Header) {
  return {
    genesis,
    controls: terms.proofs(court).filter(({ header }) => header.height < height),
  };
}

/** With the genesis: whoever pinned its digest needs nothing else. */
// Rule: ProveOutcome.
async function publishedProof(
  ledger: Ledger,
  tenant: string,
  { court, height, index }: At,
  attested: readonly number[],
): Promise<object | undefined> {
  const included = await inclusion(ledger, tenant, { court, height, index }, attested);
  return included === null ? undefined : { ...included, ...roots(ledger, included.header) };
}

// Rule: ProveOutcome.
async function unpublishedProof(
  context: Context,
  ledger: Ledger,
  tenant: string,
  { court, height, index }: At,
): Promise<object> {
  const block = await blockOfSeats(context, ledger, court, height);
  if (block === null)
    throw new Problem("no-quorum", "No replica gives the block of this event just now.");
  return { ...inclusionIn(block, index), ...roots(ledger, block.header) };
}
