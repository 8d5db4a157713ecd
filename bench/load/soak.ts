// A load that goes on, in slices: whether an event costs the same after many, and whether memory stays.
import type { Running } from "./contenders/contender.ts";
import type { Limits } from "./runner.ts";
import { closedLoop } from "./loops.ts";
import type { Loop, Measured } from "./loops.ts";
import { Inspector } from "./profile.ts";
import { Spending } from "./usage.ts";

export interface Slice {
  /** Events that were decided before it, what fills the contender included. */
  readonly before: number;
  readonly measured: Measured;
  /** Of the contender, for a thousand events; null where it cannot be told. */
  readonly cpuPerThousand: number | null;
  /** Of all its processes, the most that was seen. */
  readonly memoryMiB: number | null;
  /** Of the isolate that holds every object, in use after a full collection at its end. */
  readonly heapMiB: number | null;
}

export async function soak(
  running: Running,
  loop: Loop,
  { slices, inFlight, filled }: { slices: number; inFlight: number; filled: number },
  { seconds, events }: Pick<Limits, "seconds" | "events">,
): Promise<Slice[]> {
  const done: Slice[] = [];
  let before = filled;
  for (let slice = 0; slice < slices; slice += 1) {
    const spending = new Spending(running.pid);
    const measured = await closedLoop(loop, inFlight, { seconds, events }).finally(() =>
      spending.end(),
    );
    const { usage } = spending;
    done.push({
      before,
      measured,
      cpuPerThousand:
        usage === null ? null : (usage.cpuSeconds * 1000) / Math.max(1, measured.events),
      memoryMiB: usage === null ? null : Math.max(...usage.memoryMiB),
      heapMiB: await heapOf(running),
    });
    before += measured.events;
  }
  return done;
}

async function heapOf({ inspector: port }: Running): Promise<number | null> {
  if (port === undefined) return null;
  const inspector = await Inspector.open(port);
  try {
    return Math.round((await inspector.heap()) / 1024 ** 2);
  } finally {
    inspector.close();
  }
}
