/** `GET /v1/events/stream`: what a court publishes, as server-sent events (spec/stream.allium). */
import { waitUntil } from "cloudflare:workers";
import type { Hono } from "hono";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import { cursorOf } from "../../objects/ledger/cursor.ts";
import { LedgerCorrupt } from "../../objects/ledger/ledger.ts";
import { eventsPage } from "../../objects/ledger/reads.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { TookTooLong, within } from "../calls.ts";
import type { Context } from "../context.ts";
import { afterBeat, afterPage, BEFORE_ALL, followingFrom, nextStep } from "../follow.ts";
import type { FollowedPage, Following, Mark } from "../follow.ts";
import { tellSeats } from "../seats.ts";
import type { Token } from "./access.ts";
import { publishedDocument } from "./documents.ts";
import { notePlace } from "./edge.ts";
import { logged } from "./log.ts";
import { Problem } from "./problems.ts";
import { mark, streamQuery } from "./queries.ts";
import { queryIn } from "./query.ts";
import type { Allow } from "./reads.ts";

export function streamRoutes(app: Hono, context: Context, allow: Allow): void {
  const query = streamQuery(context.deployment.courts);

  app.get("/v1/events/stream", async (c, next) => {
    // An event may be called "stream" too: whoever asks for one names its source, as its location does.
    if (c.req.query("source") !== undefined) return next();
    const token = allow(c, "read");
    const { court, after } = queryIn(c.req.url, query);
    notePlace(c, { court });
    const from = markIn(c.req.header("Last-Event-ID")) ?? after ?? BEFORE_ALL;
    // What answers a HEAD is never read, nor given up.
    if (c.req.raw.method === "HEAD") return new Response(null, { headers: HEADERS });
    return opened(context, { token, court, from, signal: c.req.raw.signal });
  });
}

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
};

/** Throws `malformed`. An empty one is none. */
function markIn(header: string | undefined): Mark | undefined {
  if (header === undefined || header === "") return undefined;
  const read = mark.safeParse(header);
  if (read.success) return read.data;
  throw new Problem("malformed", "The Last-Event-ID is none that this stream gave.");
}

interface Wanted {
  readonly token: Token;
  readonly court: number;
  readonly from: Mark;
  readonly signal: AbortSignal;
}

interface Item extends Mark {
  /** As it is sent. */
  readonly text: string;
}

/** Throws `overloaded`, or what keeps the first page from being read. */
// Rules: OpenStream, RefuseStream.
async function opened(context: Context, wanted: Wanted): Promise<Response> {
  const leave = context.streams.enter(wanted.token.name);
  if (leave === null) throw new Problem("overloaded", "Too many streams are open already.");
  try {
    const following = followingFrom(wanted.from, Date.now());
    const page = await pageAfter(context, wanted, following);
    const body = bodyOf(context, wanted, { following, page, leave });
    return new Response(body, { headers: HEADERS });
  } catch (error) {
    leave();
    throw error;
  }
}

interface Begun {
  readonly following: Following;
  readonly page: FollowedPage<Item>;
  readonly leave: () => void;
}

/**
 * Nothing is read before the client has taken what was sent: a write ends with the read of it. The sending is waited for, or it would
 * be gone with its client, and its place never given back.
 */
// Rules: EndLeftStream, EndUnreadableStream.
function bodyOf(context: Context, wanted: Wanted, { following, page, leave }: Begun) {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const left = new AbortController();
  const end = () => left.abort();
  wanted.signal.addEventListener("abort", end);
  // The runtime knows of a client that is gone when something is sent to it: at the next beat at the latest.
  writer.closed.catch(end);
  waitUntil(sent());
  return readable;

  async function sent(): Promise<void> {
    const encoder = new TextEncoder();
    let state = afterPage(following, page, Date.now());
    let text: string | null = `retry: ${LIMITS.streamRetryMs}\n\n${textOf(page)}`;
    try {
      while (text !== null && !left.signal.aborted && !wanted.signal.aborted) {
        await taken(encoder.encode(text));
        [state, text] = await advanced(context, wanted, state, left.signal);
      }
    } catch (error) {
      failed(context, error);
    }
    leave();
    // Where the client is gone there is nobody to close it for.
    await writer.close().catch(() => undefined);
  }

  /** Ends with the client's read of it, or the stream with it. */
  async function taken(bytes: Uint8Array): Promise<void> {
    try {
      await within(writer.write(bytes), LIMITS.streamTakeMs);
    } catch (error) {
      end();
      // What is not taken would keep the writer from closing.
      if (error instanceof TookTooLong) await writer.abort(error).catch(() => undefined);
    }
  }
}

/** Goes on until there is something to be sent; null at the end. Rejects where the Ledger cannot be read. */
async function advanced(
  context: Context,
  wanted: Wanted,
  from: Following,
  left: AbortSignal,
): Promise<[Following, string | null]> {
  let state = from;
  while (!left.aborted) {
    const step = nextStep(state, Date.now());
    switch (step.do) {
      case "end":
        return [state, null];
      case "beat":
        return [afterBeat(state, Date.now()), ":\n\n"];
      case "wait":
        await waited(step.ms, left);
        break;
      case "read": {
        const read = await pageAfter(context, wanted, state);
        state = afterPage(state, read, Date.now());
        if (read.items.length > 0) return [state, textOf(read)];
      }
    }
  }
  return [state, null];
}

/** Over when the time is, or at once when the client leaves. */
async function waited(ms: number, signal: AbortSignal): Promise<void> {
  await scheduler.wait(ms, { signal }).catch(() => undefined);
}

function failed(context: Context, error: unknown): void {
  if (error instanceof LedgerCorrupt) tellSeats(context, error);
  logged(error, "stream");
}

const textOf = ({ items }: FollowedPage<Item>): string => items.map(({ text }) => text).join("");

async function pageAfter(
  context: Context,
  { token, court }: Wanted,
  { after, seen }: Following,
): Promise<FollowedPage<Item>> {
  const ledger = await context.ledger();
  const attested = await attestedHeights(ledger);
  const height = attested[court] ?? 0;
  if (height <= seen) return { items: [], height, more: false };
  const places = attested.map((_, each): [number, number] =>
    each === court ? [after.height, after.index] : [0, -1],
  );
  const asked = {
    tenant: token.tenant,
    court,
    limit: LIMITS.streamPage,
    after: cursorOf({ turn: 0, places }),
  };
  const { items, next } = await eventsPage(ledger, asked, attested);
  return {
    items: items.map((item) => ({
      height: item.height,
      index: item.index,
      text: `id: ${item.height}.${item.index}\ndata: ${publishedDocument(item)}\n\n`,
    })),
    height,
    more: next !== null,
  };
}
