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

/** How many streams of this isolate are open. */
export class Streams {
  #open = 0;

  get open(): number {
    return this.#open;
  }

  /** Throws `overloaded`. */
  // Rules: OpenStream, RefuseWatcher.
  enter(): () => void {
    if (this.#open >= LIMITS.consoleStreams)
      throw new Problem("overloaded", "Too many watch already: reload later.");
    this.#open++;
    return () => {
      this.#open--;
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
  const leave = streams.enter();
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  return streamSSE(c, async (stream) => {
    try {
      await keepSending(stream, c.req.raw.signal, look);
    } finally {
      leave();
    }
  });
}

/** Until the viewer has gone, or for a while: the browser comes back by itself, and its token is looked at again. */
// Rule: EndStream.
async function keepSending(
  stream: SSEStreamingApi,
  signal: AbortSignal,
  look: () => Promise<Scene>,
): Promise<void> {
  const sent = new Map<string, string>();
  const until = Date.now() + LIMITS.consoleStreamMs;
  let heartbeat = Date.now() + LIMITS.consoleHeartbeatMs;
  while (!signal.aborted && !stream.aborted && !stream.closed && Date.now() < until) {
    const changed = changedParts(await look(), sent);
    if (changed.length > 0) await stream.writeSSE({ event: "parts", data: changed.join("\n") });
    else if (Date.now() >= heartbeat) await stream.write(": nothing new\n\n");
    if (changed.length > 0 || Date.now() >= heartbeat)
      heartbeat = Date.now() + LIMITS.consoleHeartbeatMs;
    await scheduler.wait(LIMITS.consolePollMs);
  }
}
