// What a process and all it started take, as Linux counts it.
import { readdirSync, readFileSync } from "node:fs";

/** Of a second, in /proc; the same on every Linux of today. */
const TICKS = 100;

/** Between two looks at the memory. */
const PERIOD_MS = 5_000;

interface Usage {
  readonly cpuSeconds: number;
  /** Resident. Pages that processes share are counted for each. */
  readonly memoryMiB: number;
}

/** Of the contender's processes, and of the client. */
export interface Spent {
  readonly cpuSeconds: number;
  readonly clientCpuSeconds: number;
  /** At the beginning, every few seconds, and at the end. */
  readonly memoryMiB: readonly number[];
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Looks on from when it is made until it is told to end. */
export class Spending {
  readonly #pid: number;
  readonly #before: Usage | null;
  readonly #own = process.cpuUsage();
  readonly #memory: number[] = [];
  readonly #timer: NodeJS.Timeout;
  /** Null before the end, and where there is no /proc. */
  usage: Spent | null = null;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = this.#look();
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    const after = this.#look();
    const { user, system } = process.cpuUsage(this.#own);
    if (this.#before === null || after === null) return;
    this.usage = {
      // A process that has ended is no longer counted.
      cpuSeconds: Math.max(0, after.cpuSeconds - this.#before.cpuSeconds),
      clientCpuSeconds: (user + system) / 1e6,
      memoryMiB: this.#memory,
    };
  }

  #look(): Usage | null {
    const usage = usageOf(this.#pid);
    if (usage !== null) this.#memory.push(usage.memoryMiB);
    return usage;
  }
}

/** Null where there is no /proc. */
function usageOf(pid: number): Usage | null {
  if (process.platform !== "linux") return null;
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? processOf(name) : []));
  const family = new Set([pid]);
  // A parent may come after its child in the list.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const one of all) if (family.has(one.parent)) family.add(one.pid);
  }
  const own = all.filter((one) => family.has(one.pid));
  const ticks = own.reduce((sum, one) => sum + one.ticks, 0);
  const kibibytes = own.reduce((sum, one) => sum + resident(one.pid), 0);
  return { cpuSeconds: ticks / TICKS, memoryMiB: Math.round(kibibytes / 1024) };
}

function processOf(name: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // After the command in parentheses: state, parent, …, and as 12th and 13th the ticks of user and system.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
  } catch {
    return []; // It ended while we looked.
  }
}

function resident(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
