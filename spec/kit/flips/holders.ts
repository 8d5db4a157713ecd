/** Every object of the deployment, and D1, as stores of rows. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { nameOf } from "../../../objects/shared/names.ts";
import type { Officer } from "../../../objects/shared/names.ts";
import { deployment } from "../deployment.ts";
import type { Database, Row, Statement, Value } from "./cells.ts";

/** A store, what kind of holder it belongs to, and how its holder is made to read it anew. */
export interface Holder extends Database {
  readonly kind: "seat" | "warden" | "registrar" | "ledger";
  readonly number: number;
  evict(): Promise<void>;
}

export function holders(): Holder[] {
  const { generation, quorum, wardens } = deployment;
  const seats = Array.from({ length: quorum.n }, (_, seat) => seat);
  const named = (officer: Officer): string => nameOf(generation, officer);
  return [
    ...seats.map((seat) =>
      objectHolder("seat", seat, env.CLERK, named({ kind: "clerk", court: 0, seat })),
    ),
    ...Array.from({ length: wardens }, (_, warden) =>
      objectHolder("warden", warden, env.WARDEN, named({ kind: "warden", warden })),
    ),
    ...seats.map((seat) =>
      objectHolder(
        "registrar",
        seat,
        env.REGISTRAR,
        named({ kind: "registrar", court: 0, seat, shard: 0 }),
      ),
    ),
    ledgerHolder(env.LEDGER),
  ];
}

function objectHolder(
  kind: "seat" | "warden" | "registrar",
  number: number,
  namespace: DurableObjectNamespace,
  name: string,
): Holder {
  const within = <T>(work: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> =>
    overRestarts(() =>
      runInDurableObject(namespace.getByName(name), (_, { storage }) => work(storage)),
    );
  return {
    kind,
    name: `${kind} ${number}`,
    number,
    ask: (sql, ...bound) => within(({ sql: tables }) => tables.exec<Row>(sql, ...bound).toArray()),
    write: (statements) =>
      within(async (storage) => {
        storage.transactionSync(() => {
          for (const { sql, bound } of statements) storage.sql.exec(sql, ...bound);
        });
        await storage.sync();
      }),
    evict: async () => {
      try {
        await runInDurableObject(namespace.getByName(name), (_, state) =>
          state.abort("ended by the test"),
        );
      } catch {
        // The end takes the call that asked for it along.
      }
    },
  };
}

/** An object that stops under the call is asked again; any other error is the test's. */
async function overRestarts<T>(work: () => Promise<T>): Promise<T> {
  const { came } = await vi.waitUntil(
    async () => {
      try {
        return { came: await work() };
      } catch (error) {
        if (error instanceof Error && "durableObjectReset" in error) return undefined;
        throw error;
      }
    },
    { timeout: 25_000, interval: 20 },
  );
  return came;
}

/** History is append-only by triggers: whoever rots a disk does not ask them. */
function ledgerHolder(db: D1Database): Holder {
  const bound = ({ sql, bound: values }: Statement): D1PreparedStatement =>
    db.prepare(sql).bind(...values);
  const ask = async (sql: string, ...values: readonly (Value | ArrayBuffer)[]): Promise<Row[]> =>
    (
      await db
        .prepare(sql)
        .bind(...values)
        .all<Row>()
    ).results;
  return {
    kind: "ledger",
    name: "ledger",
    number: 0,
    ask,
    write: async (statements) => {
      const triggers = await ask("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'");
      await db.batch([
        ...triggers.map(({ name }) => db.prepare(`DROP TRIGGER "${String(name)}"`)),
        db.prepare("PRAGMA ignore_check_constraints = on"),
        ...statements.map(bound),
        db.prepare("PRAGMA ignore_check_constraints = off"),
        ...triggers.map(({ sql }) => db.prepare(String(sql))),
      ]);
    },
    evict: () => Promise.resolve(),
  };
}
