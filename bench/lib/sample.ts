// Real invoice lines as events: stock is received once for every item, then each line adjusts it.
import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";

export const WAREHOUSE = "main";

/** Producers that submit side by side. An item always has the same one, or the order of its events would be chance. */
export const SOURCES = 8;

/** Stock comes in crates: of an item as many as the sample sells of it need … */
export const CRATE = 100;
/** … but every so many-th item is understocked: half of what the sample sells of it is received. */
export const UNDERSTOCKED_EVERY = 10;

/** What of an invoice line becomes an event; `line` counts those of the file, its header being 1. */
export interface InvoiceLine {
  readonly line: number;
  readonly invoice: string;
  readonly item: string;
  readonly quantity: number;
  readonly date: string;
}

interface Received {
  readonly item: string;
  readonly warehouse: string;
  readonly quantity: number;
}

interface Adjusted {
  readonly item: string;
  readonly warehouse: string;
  readonly delta: number;
  readonly reason: "sale" | "return";
}

interface Common {
  readonly id: string;
  readonly source: string;
}

export type StockEvent =
  | (Common & { readonly type: "stock.received"; readonly data: Received })
  | (Common & { readonly type: "stock.adjusted"; readonly time: string; readonly data: Adjusted });

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Throws for a file without the expected columns, and for a quantity or date that is none. */
export function linesOf(csv: string): InvoiceLine[] {
  const records = parse<Parsed>(csv, {
    columns: true,
    bom: true,
    skip_empty_lines: true,
    info: true,
  });
  return records.map(({ record, info }) => lineOf(record, info.lines));
}

function lineOf(record: Parsed["record"], line: number): InvoiceLine {
  const { InvoiceNo: invoice, StockCode: item, Quantity: text, InvoiceDate: date } = record;
  const quantity = Number(text);
  if (!invoice || !item || !date || !text || !Number.isSafeInteger(quantity)) {
    throw new Error(`line ${line} of the sample is no invoice line`);
  }
  return { line, invoice, item, quantity, date: instantOf(date, line) };
}

/** `01/12/2010 08:26`, London time, which in winter is UTC. */
function instantOf(text: string, line: number): string {
  const [, day, month, year, time] = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d)$/.exec(text) ?? [];
  if (time === undefined) throw new Error(`line ${line} of the sample has no date`);
  return `${year}-${month}-${day}T${time}:00Z`;
}

/**
 * In the order of submission. Items that the contract does not allow and lines that change nothing are sent all the same: they
 * must be refused.
 */
export function eventsOf(lines: readonly InvoiceLine[]): StockEvent[] {
  const received = [...soldOf(lines)].map(([item, sold], index): StockEvent => {
    const understocked = (index + 1) % UNDERSTOCKED_EVERY === 0;
    const needed = understocked ? Math.floor(sold / 2) : Math.ceil(sold / CRATE) * CRATE;
    const data = { item, warehouse: WAREHOUSE, quantity: Math.max(needed, 1) };
    return { id: `received-${item}`, source: sourceOf(item), type: "stock.received", data };
  });
  return [...received, ...lines.map(adjustment)];
}

function adjustment({ line, invoice, item, quantity, date }: InvoiceLine): StockEvent {
  return {
    id: `${invoice}-${line}`,
    source: sourceOf(item),
    type: "stock.adjusted",
    time: date,
    data: {
      item,
      warehouse: WAREHOUSE,
      delta: 0 - quantity,
      reason: quantity < 0 ? "return" : "sale",
    },
  };
}

/** What is sold of every item, in the order of first appearance. */
function soldOf(lines: readonly InvoiceLine[]): Map<string, number> {
  const sold = new Map<string, number>();
  for (const { item, quantity } of lines) {
    sold.set(item, (sold.get(item) ?? 0) + Math.max(quantity, 0));
  }
  return sold;
}

function sourceOf(item: string): string {
  const drawn = createHash("sha256").update(item).digest().readUInt32BE(0);
  return `/tills/${drawn % SOURCES}`;
}

/** One queue a source, each cut into requests of at most `size` events, in order. */
export function requestsOf<E extends { readonly source: string }>(
  events: readonly E[],
  size: number,
): E[][][] {
  const queues = [...Map.groupBy(events, ({ source }) => source).values()];
  return queues.map((queue) =>
    Array.from({ length: Math.ceil(queue.length / size) }, (_, index) =>
      queue.slice(index * size, (index + 1) * size),
    ),
  );
}
