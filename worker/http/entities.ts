/** Entity state: agreed by a quorum, from the nearest copy, or from the ledger. */
import type { Context as HonoContext, Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import { certified } from "../../objects/ledger/ledger.ts";
import { entitiesPage, entityHistory, entityState } from "../../objects/ledger/reads.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { courtOf, frontRegion, regionOf, registrarOf } from "../../objects/shared/names.ts";
import type { EntityAnswer } from "../../objects/shared/rpc.ts";
import { lastTerm } from "../../objects/shared/terms.ts";
import { clerkStub, registrarStub } from "../../objects/shared/shell/stubs.ts";
import { readAgreed } from "../agreed.ts";
import { unlessSilent } from "../calls.ts";
import type { Context } from "../context.ts";
import { seatsByDistance } from "../nearest.ts";
import { jsonText } from "./answers.ts";
import { entityDocument, pageDocument, publishedDocument } from "./documents.ts";
import { notePlace } from "./edge.ts";
import { Problem } from "./problems.ts";
import { entitiesQuery, entityQuery, historyQuery } from "./queries.ts";
import type { CONSISTENCIES } from "./queries.ts";
import { queryIn } from "./query.ts";
import type { Allow } from "./reads.ts";

/** One entity of one tenant, and where it is decided. */
interface Located {
  readonly tenant: string;
  /** `type/id` */
  readonly entity: string;
  readonly court: number;
}

/** What is known of it, as of `height`; no state where it never existed. */
type Value = Pick<EntityAnswer, "version" | "state" | "height">;

export function entityRoutes(app: Hono, context: Context, allow: Allow): void {
  app.get("/v1/entities", async (c) => {
    const { tenant } = allow(c, "read");
    const { type, prefix, after, limit } = queryIn(c.req.url, entitiesQuery);
    const ledger = await context.ledger();
    const asked = {
      tenant,
      prefix: type === undefined ? prefix : `${type}/${prefix}`,
      after,
      limit,
    };
    const { items, next } = await entitiesPage(ledger, asked, await attestedHeights(ledger));
    return jsonText(
      pageDocument(
        items.map((item) => entityDocument(item)),
        next,
      ),
    );
  });

  app.get("/v1/entities/:type/:id", async (c) => {
    const { tenant } = allow(c, "read");
    const located = locate(context, tenant, c.req.param());
    const { consistency } = queryIn(c.req.url, entityQuery);
    const { version, state, height } = await READS[consistency](context, located, c);
    notePlace(c, { court: located.court, height });
    if (state === null) throw new Problem("not-found", "The entity has never existed.");
    const etag = `"${version}"`;
    if (isKnown(c.req.header("If-None-Match"), etag)) return c.body(null, 304, { ETag: etag });
    return jsonText(entityDocument({ entity: located.entity, version, state, height }), 200, {
      ETag: etag,
    });
  });

  app.get("/v1/entities/:type/:id/history", async (c) => {
    const { tenant } = allow(c, "read");
    const { entity } = locate(context, tenant, c.req.param());
    const asked = { tenant, entity, ...queryIn(c.req.url, historyQuery) };
    const ledger = await context.ledger();
    const { items, next } = await entityHistory(ledger, asked, await attestedHeights(ledger));
    return jsonText(
      pageDocument(
        items.map((item) => entityDocument(item, publishedDocument(item.madeBy))),
        next,
      ),
    );
  });
}

/** Throws `not-found` for a type that no domain of the deployment has, or an id that it cannot have. */
function locate(
  { deployment, registry }: Context,
  tenant: string,
  { type, id }: { readonly type: string; readonly id: string },
): Located {
  const entity = `${type}/${id}`;
  const found = registry.entity(entity);
  if (found === undefined) throw new Problem("not-found", "No domain has such an entity.");
  return { tenant, entity, court: courtOf(deployment, tenant, found.partition) };
}

const keyOf = ({ tenant, entity }: Located) => `${tenant}/${entity}`;

type Read = (context: Context, located: Located, c: HonoContext) => Promise<Value>;

const READS: Record<(typeof CONSISTENCIES)[number], Read> = { agreed, local, ledger: published };

async function agreed(context: Context, located: Located): Promise<Value> {
  const { env, deployment } = context;
  const trust = await context.ledger();
  return readAgreed(
    deployment.quorum,
    (seat, atLeast) => {
      const clerk = clerkStub(env, deployment, located.court, seat, frontRegion(deployment));
      const asked = clerk.entity(keyOf(located), atLeast);
      const answer = asked.then(async (text) => {
        const said = JSON.parse(text) as EntityAnswer;
        // Keys may have changed since this isolate last looked.
        const known = lastTerm(trust.terms.of(located.court)).epoch;
        if ((said.certificate?.epoch ?? 0) > known) await context.learnTerms(located.court, seat);
        return said;
      });
      return unlessSilent(answer, LIMITS.readMs);
    },
    (certificate) => certificate.court === located.court && certified(trust, certificate),
    () => scheduler.wait(LIMITS.readPauseMs),
  );
}

/** The first copy that answers, beginning with the nearest. That there is none is not taken from one seat. */
// Rule: AgreeOnAbsence.
async function local(context: Context, located: Located, c: HonoContext): Promise<Value> {
  const copy = await nearestCopy(context, located, c);
  return copy.state === null ? agreed(context, located) : copy;
}

// Rule: ReadNearestCopy.
async function nearestCopy(
  { env, deployment, seats }: Context,
  located: Located,
  c: HonoContext,
): Promise<Value> {
  const key = keyOf(located);
  const shard = registrarOf(deployment, key);
  const continent = c.req.raw.cf?.["continent"];
  const regions = seats.map((seat) => regionOf(deployment, seat));
  for (const seat of seatsByDistance(
    regions,
    typeof continent === "string" ? continent : undefined,
  )) {
    const registrar = registrarStub(env, deployment, { court: located.court, seat, shard });
    const answer = await unlessSilent(registrar.read(key), LIMITS.readMs);
    if (answer !== null) return JSON.parse(answer) as EntityAnswer;
  }
  throw new Problem("no-quorum", "No copy of this entity can be reached.");
}

async function published(context: Context, { tenant, entity, court }: Located): Promise<Value> {
  const ledger = await context.ledger();
  const attested = await attestedHeights(ledger);
  const found = await entityState(ledger, tenant, entity, attested);
  return {
    version: found?.version ?? 0,
    state: found?.state ?? null,
    height: attested[court] ?? 0,
  };
}

/** Weak comparison, as RFC 9110 has it for If-None-Match. */
function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? "").split(",").some((each) => {
    const tag = each.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}
