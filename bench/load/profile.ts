// Where the time of the isolate goes, as V8 samples it, over the runtime's inspector.
import { setTimeout as sleep } from "node:timers/promises";

const SAMPLE_US = 500;
const TRIES = 40;
const PAUSE_MS = 50;
const ANSWER_MS = 30_000;

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Node {
  readonly id: number;
  readonly callFrame: Frame;
  readonly children?: readonly number[];
}

/** V8's .cpuprofile, which Chromium's tools and editors show. */
export interface CpuProfile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Bytes of the heap in use after a full collection, of the one isolate that holds every object. */
interface Heap {
  readonly usedSize: number;
}

/** One talk with the inspector of a running isolate. Throws if nobody answers. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Reply) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Reply;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    });
  }

  static async open(port: number): Promise<Inspector> {
    const socket = new WebSocket(await targetOf(port));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error("the inspector hung up")), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  async start(): Promise<void> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    await this.#ask("Profiler.start");
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.#ask("Profiler.stop")) as { profile: CpuProfile };
    return profile;
  }

  /** Collects all garbage first. */
  async heap(): Promise<number> {
    await this.#ask("HeapProfiler.enable");
    await this.#ask("HeapProfiler.collectGarbage");
    return ((await this.#ask("Runtime.getHeapUsage")) as Heap).usedSize;
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answered = new Promise<unknown>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} was not answered`)), ANSWER_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(late);
        this.#waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** The isolate of the worker itself: whatever is not of the tool that runs it. */
async function targetOf(port: number): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      const reply = await fetch(`http://127.0.0.1:${port}/json`);
      const all = (await reply.json()) as { id: string; webSocketDebuggerUrl: string }[];
      const own = all.find(({ id }) => id.includes("assize"));
      if (own !== undefined) return own.webSocketDebuggerUrl;
      throw new Error(`the inspector knows only ${all.map(({ id }) => id).join(", ")}`);
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

export interface Share {
  readonly name: string;
  /** Of the time that was sampled, 0 to 1. */
  readonly self: number;
  /** With all that it called; a function that calls itself is counted once. */
  readonly total: number;
}

export interface Shares {
  /** Milliseconds sampled, and of them those in which nothing ran. */
  readonly ms: number;
  readonly idleMs: number;
  /** Of the time that something ran; by what they take themselves. */
  readonly functions: readonly Share[];
}

export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): Shares {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])),
  );
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  let [all, idle] = [0, 0];
  for (const [index, sample] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    const name = nameOf(byId.get(sample)?.callFrame);
    all += us;
    if (name === IDLE) idle += us;
    add(self, name, us);
    const above = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
      above.add(nameOf(byId.get(id)?.callFrame));
    for (const each of above) add(total, each, us);
  }
  const busy = Math.max(1, all - idle);
  const functions = [...total]
    .filter(([name]) => name !== IDLE && name !== ROOT)
    .map(([name, us]) => ({ name, self: (self.get(name) ?? 0) / busy, total: us / busy }))
    .toSorted((one, other) => other.self - one.self);
  return { ms: all / 1000, idleMs: idle / 1000, functions };
}

const IDLE = "(idle)";
const ROOT = "(root)";

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function nameOf(frame: Frame | undefined): string {
  if (frame === undefined) return "(unknown)";
  const { functionName, url, lineNumber } = frame;
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${url.split("/").at(-1) ?? ""}:${lineNumber + 1}`;
}
