// How fast the disk is at what all durable contenders wait for.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { spreadOf } from "./summary.ts";

const BYTES = 8192;

/** Milliseconds of one write of 8 KiB that is synced. */
export interface Disk {
  readonly p50: number;
  readonly p95: number;
}

export function probe(folder: string, writes: number): Disk {
  const file = join(folder, "probe");
  const bytes = Buffer.alloc(BYTES, 1);
  const handle = openSync(file, "w");
  try {
    const times = Array.from({ length: writes }, () => {
      const from = performance.now();
      writeSync(handle, bytes);
      fdatasyncSync(handle);
      return performance.now() - from;
    });
    const sorted = times.toSorted((a, b) => a - b);
    return { p50: spreadOf(times)?.median ?? 0, p95: sorted[Math.floor(writes * 0.95)] ?? 0 };
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}
