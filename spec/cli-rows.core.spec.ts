/** Rows of a file, one by one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { rowsOf } from "../cli/rows.ts";

const folder = mkdtempSync(join(tmpdir(), "assize-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a row of more or fewer columns than the first line is that row's fault, and none of it is taken", async () => {
  const file = join(folder, "deliveries.csv");
  writeFileSync(file, 'sku,pieces\nlamp,1,000\ncup,7\nvase\n"bowl, red",3\n');
  const rows = [];
  const read = rowsOf(file, "csv", { delimiter: ",", signal: new AbortController().signal });
  for await (const { line, fields } of read) rows.push([line, fields]);
  expect(rows).toEqual([
    [2, null],
    [3, { sku: "cup", pieces: "7" }],
    [4, null],
    [5, { sku: "bowl, red", pieces: "3" }],
  ]);
});
