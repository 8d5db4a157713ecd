/** What only the runtime's test tools can do to a seat: look into its storage, change it, end its life. */
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { clerkObject, eventually, fault, received, seatStatus, settle } from "./deployment.ts";
import type { Answer } from "./deployment.ts";

/** Runs in the seat's object, over its restarts. */
export function within<T>(
  seat: number,
  work: (storage: DurableObjectStorage) => T | Promise<T>,
): Promise<T> {
  return vi
    .waitUntil(
      async () => {
        try {
          return {
            came: await runInDurableObject(clerkObject(seat), (_, { storage }) => work(storage)),
          };
        } catch (error) {
          // An object that stopped under the call; whatever else it is must not be tried again.
          if (error instanceof Error && "durableObjectReset" in error) return undefined;
          throw error;
        }
      },
      { timeout: 60_000, interval: 20 },
    )
    .then(({ came }) => came);
}

export function run(
  seat: number,
  sql: string,
  ...bound: (string | number | null)[]
): Promise<number> {
  return within(seat, async (storage) => {
    const { rowsWritten } = storage.sql.exec(sql, ...bound);
    await storage.sync();
    return rowsWritten;
  });
}

export function ask<Row extends Record<string, SqlStorageValue>>(
  seat: number,
  sql: string,
  ...bound: (string | number | null)[]
): Promise<Row[]> {
  return within(seat, ({ sql: tables }) => tables.exec<Row>(sql, ...bound).toArray());
}

/** How often the seat has started. */
export async function livesOf(seat: number): Promise<number> {
  const [row] = await ask<{ v: string }>(seat, "SELECT v FROM notes WHERE k = 'incarnation'");
  return Number(row?.v.slice(64) ?? 0);
}

/** Ends the seat's life; what it had not yet written is lost. */
export async function endLife(seat: number): Promise<void> {
  try {
    await runInDurableObject(clerkObject(seat), (_, state) => state.abort("ended by the test"));
  } catch {
    // The end takes the call that asked for it along.
  }
}

/** A seat that neither leads nor is the next to lead. */
export async function bystander(): Promise<number> {
  const { leader } = await seatStatus(0);
  return (leader + 2) % 4;
}

export async function heal(seat: number): Promise<void> {
  await fault(seat, "heal");
  await eventually(async () => (await seatStatus(seat)).ready);
}

/** Decides one more event and waits until the seat has it. */
export async function followed(seat: number, id: string, item: string): Promise<Answer> {
  const answer = await settle(received(id, item, 1));
  await eventually(async () => (await seatStatus(seat)).height >= answer.receipt.height);
  return answer;
}
