// Numbers and tables as the commands print them.

export type Row = readonly [what: string, value: string];

const grouped = new Intl.NumberFormat("en");

/** With thousands apart. */
export function count(value: number): string {
  return grouped.format(value);
}

/** Two columns, the second aligned. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}
