/** Keeping a page up to date: its parts, rendered as the page has them, by server-sent events while somebody watches. */
import { streamSSE } from "hono/streaming";
import type { SSEStreamingApi } from "hono/streaming";
import type { Context as Call } from "hono";
import { LIMITS } from "../../objects/shared/limits.ts";
import { Problem } from "../http/problems.ts";
import { partsOf } from "./court.tsx";
import { htmlOf } from "./html.ts";
import { HEADERS } from "./visit.ts";
import type { Scene } from "./scene.ts";

/** A watcher's place. */
export interface Lease {
  /** To be called with every look; times are Unix milliseconds. */
  readonly renew: (now: number) => void;
  /** Calling it again does nothing. */
  readonly leave: () => void;
}

/** The open streams of this isolate. */
export class Streams {
  /** When each looked last. */
  readonly #looked = new Map<symbol, number>();

  get open(): number {
    return this.#looked.size;
  }

  /** Throws `overloaded`. The runtime may end a stream without a word: one that looks no more has left. */
  // Rules: OpenWatch, RefuseWatcher, LeaveSilentStream.
  enter(now: number): Lease {
    for (const [stream, looked] of this.#looked)
      if (now - looked > LIMITS.consoleLeaseMs) this.#looked.delete(stream);
    if (this.#looked.size >= LIMITS.consoleStreams)
      throw new Problem("overloaded", "Too many watch already: reload later.");
    const own = Symbol("stream");
    this.#looked.set(own, now);
    return {
      renew: (later) => {
        this.#looked.set(own, later);
      },
      leave: () => {
        this.#looked.delete(own);
      },
    };
  }
}

/** The parts that are not as they were sent last. */
// Rule: SendWhatChanged.
export function changedParts(scene: Scene, sent: Map<string, string>): string[] {
  const changed: string[] = [];
  for (const [name, part] of partsOf(scene)) {
    const html = htmlOf(part);
    if (sent.get(name) === html) continue;
    sent.set(name, html);
    changed.push(html);
  }
  return changed;
}

interface Watched {
  readonly streams: Streams;
  readonly look: () => Promise<Scene>;
}

/** Throws `overloaded`. */
export function liveStream(c: Call, { streams, look }: Watched): Response {
  const lease = streams.enter(Date.now());
  const { signal } = c.req.raw;
  // The runtime ends what runs for a viewer who has gone, but tells this first.
  signal.addEventListener("abort", lease.leave);
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  return streamSSE(c, async (stream) => {
    try {
      await keepSending(stream, signal, lease, look);
    } finally {
      lease.leave();
    }
  });
}

/** Until the viewer has gone, or for a while: the browser comes back by itself, and its token is looked at again. */
// Rule: EndStream.
async function keepSending(
  stream: SSEStreamingApi,
  signal: AbortSignal,
  lease: Lease,
  look: () => Promise<Scene>,
): Promise<void> {
  const sent = new Map<string, string>();
  const until = Date.now() + LIMITS.consoleStreamMs;
  let heartbeat = Date.now() + LIMITS.consoleHeartbeatMs;
  const goesOn = () => !signal.aborted && !stream.aborted && !stream.closed && Date.now() < until;
  while (goesOn()) {
    const changed = changedParts(await look(), sent);
    if (changed.length > 0) await stream.writeSSE({ event: "parts", data: changed.join("\n") });
    else if (Date.now() >= heartbeat) await stream.write(": nothing new\n\n");
    if (changed.length > 0 || Date.now() >= heartbeat)
      heartbeat = Date.now() + LIMITS.consoleHeartbeatMs;
    await scheduler.wait(LIMITS.consolePollMs);
    if (goesOn()) lease.renew(Date.now());
  }
}
