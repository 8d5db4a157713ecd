/** One Warden over its lives, on real storage, before fake seats. */
import { abortAllDurableObjects, env, runInDurableObject } from "cloudflare:test";
import type { Lookup, Submission, WardenAnswer } from "../../objects/shared/rpc.ts";
import type { Bindings } from "../../objects/shared/shell/stubs.ts";
import { Warden } from "../../objects/warden/warden.ts";
import { FakeClerks } from "./fake-clerks.ts";

const bindings = env as unknown as Bindings;
// A Warden beyond the real deployment's, so that the object the platform makes by itself refuses and stays out of the way.
export const wide = { WARDENS: "64", COURTS: "1", MODE: "bft", SEATS: "4", WINDOW_SECONDS: "300" };
const TEN_SECONDS = 10_000;

interface Life {
  readonly warden: Warden;
  readonly ctx: DurableObjectState;
  /** Aborts asked for: a real one would end the test with the object. */
  readonly aborts: () => number;
}

/** One Warden over its lives: each is a new object over the same storage, the one before is gone. */
export class Shard {
  readonly clerks = new FakeClerks();
  readonly #name: string;

  constructor(shard: number) {
    this.#name = `1/warden/${shard}`;
  }

  /** A life that ends at its step `at`; how many steps there were. Nothing of it is heard or done afterwards. */
  async dying(at: number, test: (warden: Warden) => Promise<void>): Promise<number> {
    const fuse = new Fuse(at);
    await this.life(async () => undefined);
    const died = runInDurableObject(stubOf(this.#name), async (_, ctx) => {
      const all = { ...env, ...wide };
      const clerks = this.clerks.namespace(all) as object;
      // The platform takes no other context than its own, so that one is covered.
      Object.defineProperty(ctx, "storage", {
        value: fuse.wrapped(ctx.storage),
        configurable: true,
      });
      Object.defineProperty(ctx, "abort", { value: () => undefined, configurable: true });
      try {
        const warden = new Warden(ctx, {
          ...all,
          CLERK: fuse.wrapped(clerks),
        } as unknown as Bindings);
        const over = new Promise<void>((resolve) => setTimeout(resolve, 300));
        await Promise.race([test(warden), over]);
      } catch {
        // It died at once.
      } finally {
        Reflect.deleteProperty(ctx, "storage");
        Reflect.deleteProperty(ctx, "abort");
      }
    });
    // Where it died in its constructor's own work, the platform has broken it.
    await died.catch((error: unknown) => {
      if (!String(error).includes(GONE)) throw error;
    });
    await abortAllDurableObjects();
    return fuse.steps;
  }

  async life<T>(test: (life: Life) => Promise<T>, changed: object = {}): Promise<T> {
    // A stub of its own: one that saw an abort stays broken.
    const lived = await runInDurableObject(stubOf(this.#name), async (_, ctx) => {
      let aborts = 0;
      const here = new Proxy(ctx, {
        get: (target, property) => {
          if (property === "abort") return () => (aborts += 1);
          const value: unknown = Reflect.get(target, property);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
      const all = { ...env, ...wide, ...changed };
      const warden = new Warden(ctx, {
        ...all,
        CLERK: this.clerks.namespace(all),
      } as unknown as Bindings);
      Object.defineProperty(warden, "ctx", { value: here });
      if (this.clerks.genesis === "") this.clerks.found(all, await warden.identity());
      return test({ warden, ctx, aborts: () => aborts });
    });
    // Eviction would wait for what is still being driven.
    await abortAllDurableObjects();
    return lived;
  }
}

const GONE = "the object is gone";

/** Whatever the object does with its storage, and every call that it makes, is a step; at one of them its life ends. */
class Fuse {
  steps = 0;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  /** The same object, its methods being steps. */
  wrapped<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value === "object" && value !== null) return this.wrapped(value);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          this.#step();
          const result: unknown = Reflect.apply(value, of, args);
          return name === "transactionSync" ? (this.#step(), result) : result;
        };
      },
    });
  }

  #step(): void {
    if (this.steps++ >= this.#at) throw new Error(GONE);
  }
}

export function stubOf(name: string): DurableObjectStub<Warden> {
  return bindings.WARDEN.getByName(name) as unknown as DurableObjectStub<Warden>;
}

export async function admit(
  warden: Warden,
  submissions: readonly Submission[],
  waitMs = TEN_SECONDS,
): Promise<WardenAnswer[]> {
  return JSON.parse(await warden.admit(JSON.stringify(submissions), waitMs)) as WardenAnswer[];
}

export async function lookup(warden: Warden, key: string): Promise<Lookup | null> {
  return JSON.parse(await warden.lookup(key)) as Lookup | null;
}

export async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

export function count(ctx: DurableObjectState, table: string): number {
  return ctx.storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
}

export function bucketsOf(ctx: DurableObjectState): string[] {
  const tables = ctx.storage.sql.exec<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE name GLOB 'settled_*'",
  );
  return [...tables].map(({ name }) => name);
}

/** The settlements of what was answered are stored: they are in the first turn after. */
export async function stored(warden: Warden): Promise<void> {
  await admit(warden, [], 0);
}
