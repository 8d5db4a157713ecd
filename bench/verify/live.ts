// The records of a ledger, as its server shows them while it goes on.
import { z } from "zod";

import { Domains } from "./domains.ts";
import { courtOf, numbers, quorumOf } from "./genesis.ts";
import { FORMAT, Unreadable, Usage } from "./records.ts";
import type { Get } from "./server.ts";
import { genesisShape, misshapen, wordShape } from "./shapes.ts";
import type { GenesisDocument } from "./shapes.ts";

/** Requests under way at once. */
const WIDTH = 8;
const PAGE = 1000;
/** Where not all histories are asked for, of each page of entities about so many. */
const SAMPLED = 100;

export interface Wanted {
  /** One court only, or all. */
  readonly court: number | null;
  readonly histories: "all" | "sample";
}

const natural = z.int().min(0);
const wordsShape = z.looseObject({ items: z.array(wordShape) });
const pageShape = z.looseObject({ items: z.array(z.unknown()), next: z.string().nullable() });
const placedShape = z.looseObject({
  receipt: z.looseObject({ court: natural, height: natural }),
});
const entityShape = z.looseObject({ entity: z.string(), height: natural });

export async function* recordsOf(get: Get, wanted: Wanted): AsyncGenerator<object> {
  let records = 0;
  for await (const record of ledger(get, wanted)) {
    records += 1;
    yield record;
  }
  yield { record: "end", records };
}

async function* ledger(get: Get, { court, histories }: Wanted): AsyncGenerator<object> {
  const { digest: _, ...shown } = await read(get, "/v1/genesis", z.looseObject({}));
  const genesis = demand("/v1/genesis", genesisShape, shown);
  const { tenant } = await read(get, "/v1/token", z.looseObject({ tenant: z.string() }));
  const { document } = genesis;
  const chosen = numbers(document.courts).filter((each) => court === null || each === court);
  if (chosen.length === 0) throw new Usage(`there are courts 0 to ${document.courts - 1} only`);
  const courts = await Promise.all(chosen.map((each) => announced(get, each, document)));
  yield { record: "ledger", format: FORMAT, genesis, tenant, histories, courts };
  for (const each of courts) yield* chain(get, each);
  yield* entities(get, { document, tenant, courts, histories });
}

/** How far a court is published: what enough seats vouch for, each for all below too. */
async function announced(get: Get, court: number, document: GenesisDocument) {
  const { items: words } = await read(get, `/v1/courts/${court}/attestations`, wordsShape);
  const heights = words.map(({ height }) => height).toSorted((a, b) => b - a);
  return { court, height: heights[quorumOf(document).r - 1] ?? 0, words };
}

/** The blocks of a court, each with its tenant's events after it; they end where one is missing. */
async function* chain(
  get: Get,
  { court, height: last }: { readonly court: number; readonly height: number },
): AsyncGenerator<object> {
  const listed = pages(get, `/v1/events?court=${court}&limit=${PAGE}`);
  let next = await listed.next();
  for await (const { height, block } of blocks(get, court, 1, last)) {
    if (block === null) return;
    yield { record: "block", court, block };
    while (next.done !== true) {
      const { receipt } = demand("/v1/events", placedShape, next.value);
      if (receipt.height > height) break;
      yield { record: "event", event: next.value };
      next = await listed.next();
    }
  }
}

function blocks(get: Get, court: number, first: number, last: number) {
  const heights = Array.from({ length: Math.max(0, last + 1 - first) }, (_, at) => first + at);
  return inOrder(heights, async (height) => {
    return { height, block: await get(`/v1/courts/${court}/blocks/${height}`) };
  });
}

interface Shown {
  readonly document: GenesisDocument;
  readonly tenant: string;
  readonly courts: readonly { readonly court: number; readonly height: number }[];
  readonly histories: "all" | "sample";
}

/** The entities with their histories, then the blocks above that some of them were made in meanwhile. */
async function* entities(get: Get, shown: Shown): AsyncGenerator<object> {
  const heights = new Map(shown.courts.map(({ court, height }) => [court, height]));
  const highest = new Map(heights);
  const rows = numbered(pages(get, `/v1/entities?limit=${PAGE}`));
  const withHistories = inOrder(rows, async ({ row, at }) => {
    const { entity, height } = demand("/v1/entities", entityShape, row);
    const court = courtOfEntity(shown, entity);
    if (court !== null && !heights.has(court)) return [];
    const history = shown.histories === "all" || at % (PAGE / SAMPLED) === 0;
    if (court !== null) highest.set(court, Math.max(height, highest.get(court) ?? 0));
    const versions = history ? await versionsOf(get, entity, heights.get(court ?? 0) ?? 0) : [];
    return [{ record: "entity", entity: row, history }, ...versions];
  });
  for await (const records of withHistories) yield* records;
  for (const [court, height] of heights)
    for await (const { block } of blocks(get, court, height + 1, highest.get(court) ?? height)) {
      if (block === null) break;
      yield { record: "block", court, block };
    }
}

/** Null for what no domain has. */
function courtOfEntity({ document, tenant }: Shown, entity: string): number | null {
  const found = new Domains(document).located(entity);
  return found === undefined ? null : courtOf(document, tenant, found.partition);
}

async function versionsOf(get: Get, entity: string, last: number): Promise<object[]> {
  const slash = entity.indexOf("/");
  const path = [entity.slice(0, slash), entity.slice(slash + 1)].map(encodeURIComponent).join("/");
  const records: object[] = [];
  for await (const version of pages(get, `/v1/entities/${path}/history?limit=${PAGE}`)) {
    if (demand(path, entityShape, version).height > last) break;
    records.push({ record: "version", version });
  }
  return records;
}

async function* numbered(rows: AsyncIterable<unknown>) {
  let at = 0;
  for await (const row of rows) yield { row, at: at++ };
}

/** The items of a listing, the next page being asked for while one is read. */
async function* pages(get: Get, path: string): AsyncGenerator<unknown, undefined> {
  const ask = (cursor: string): Promise<z.infer<typeof pageShape>> => {
    const asked = read(get, `${path}${cursor}`, pageShape);
    // Whoever reads on hears of it.
    asked.catch(() => undefined);
    return asked;
  };
  for (let page = ask(""); ;) {
    const { items, next } = await page;
    if (next !== null) page = ask(`&after=${encodeURIComponent(next)}`);
    yield* items;
    if (next === null) return undefined;
  }
}

/** What the work gives for each, in their order, some under way at once. */
async function* inOrder<T, R>(
  all: Iterable<T> | AsyncIterable<T>,
  work: (one: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const one of all) {
    const begun = work(one);
    begun.catch(() => undefined);
    running.push(begun);
    if (running.length < WIDTH) continue;
    const [first] = running.splice(0, 1);
    if (first !== undefined) yield await first;
  }
  for (const left of running) yield await left;
}

async function read<T>(get: Get, path: string, shape: z.ZodType<T>): Promise<T> {
  const body = await get(path);
  if (body === null) throw new Unreadable(`GET ${path}: there is no such thing`);
  return demand(path, shape, body);
}

function demand<T>(path: string, shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new Unreadable(`GET ${path}: ${misshapen(parsed.error)}`);
  return parsed.data;
}
