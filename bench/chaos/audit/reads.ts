// What the audit asks the deployment for.
import type { Block } from "../../../objects/shared/types.ts";
import type { Arena } from "../arena.ts";
import { Unmet } from "../unmet.ts";
import { exchange } from "../../lib/exchange.ts";

const AT_ONCE = 8;

/** In order, each asked for while those before it are looked at. */
export async function* blocksUpTo(arena: Arena, from: number, to: number): AsyncGenerator<Block> {
  const ask = (height: number): Promise<Block> => {
    const asked = arena.demand("GET", `/v1/courts/0/blocks/${height}`) as Promise<Block>;
    // Awaited in its turn; until then its failure is nobody's.
    asked.catch(() => undefined);
    return asked;
  };
  const asked: Promise<Block>[] = [];
  let next = from;
  for (let height = from; height <= to; height += 1) {
    for (; next <= to && asked.length < AT_ONCE; next += 1) asked.push(ask(next));
    const block = await asked.shift();
    if (block !== undefined) yield block;
  }
}

export interface Entity {
  readonly entity: string;
  readonly version: number;
  readonly state: unknown;
}

/** All entities of the ledger. */
export async function entitiesOf(arena: Arena): Promise<Entity[]> {
  const all: Entity[] = [];
  let after: string | null = "";
  do {
    const query: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const page = (await arena.demand("GET", `/v1/entities?limit=1000${query}`)) as {
      readonly items: readonly Entity[];
      readonly next: string | null;
    };
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}

/** What the path shows; null for 404. */
export async function shown(arena: Arena, path: string): Promise<unknown> {
  for (let tries = 0; tries < 20; tries += 1) {
    const reply = await exchange(arena.access, "GET", path);
    if (reply?.status === 404) return null;
    if (reply?.status === 200) return reply.body;
  }
  throw new Unmet(`GET ${path} is not answered`);
}

/** In parallel, a few at a time. */
export async function each<T>(all: readonly T[], look: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async (): Promise<void> => {
    for (const one of left) await look(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
