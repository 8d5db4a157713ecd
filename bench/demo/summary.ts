// What is printed at the end.
import { count } from "../lib/table.ts";

export function reasons(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([reason, number]) => `${count(number)} ${reason}`).join(", ");
}

interface ItemRow {
  readonly item: string;
  readonly ledger: string;
  readonly recount: string;
}

/** The on-hand total of every item, as the ledger has it and as it was recounted. */
export function itemTable(rows: readonly ItemRow[]): string {
  const head = { item: "item", ledger: "ledger", recount: "recount" };
  const width = Math.max(...[head, ...rows].map(({ item }) => item.length));
  return [head, ...rows]
    .map(
      ({ item, ledger, recount }) =>
        `  ${item.padEnd(width)}  ${ledger.padStart(8)}  ${recount.padStart(8)}`,
    )
    .join("\n");
}
