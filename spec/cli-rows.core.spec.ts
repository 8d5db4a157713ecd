/** Rows of a file, one by one, and the events that they become. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BadRow, eventOf, mappingOf } from "../cli/mapping.ts";
import type { Fields, MappedEvent } from "../cli/mapping.ts";
import { Unparsable, rowsOf } from "../cli/rows.ts";
import type { Row } from "../cli/rows.ts";

const folder = mkdtempSync(join(tmpdir(), "assize-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(
  content: string | Buffer,
  { format = "csv", delimiter = "," }: { format?: "csv" | "ndjson"; delimiter?: string } = {},
): Promise<Row[]> {
  const file = join(folder, `rows.${format}`);
  writeFileSync(file, content);
  const rows: Row[] = [];
  const { signal } = new AbortController();
  for await (const row of rowsOf(file, format, { delimiter, signal })) rows.push(row);
  return rows;
}

const brief = (rows: readonly Row[]) =>
  rows.map((row) => [row.line, row.fields === null ? row.wrong : row.fields]);

describe("a CSV file", () => {
  it("a row of more or fewer columns than the first line is that row's fault, and none of it is taken", async () => {
    const rows = await read('sku,pieces\nlamp,1,000\ncup,7\nvase\n"bowl, red",3\n');
    expect(rows.map(({ line, fields }) => [line, fields])).toEqual([
      [2, null],
      [3, { sku: "cup", pieces: "7" }],
      [4, null],
      [5, { sku: "bowl, red", pieces: "3" }],
    ]);
  });

  it("has its lines end one way or another, a mark of its bytes' order or none, and tabs where that is said", async () => {
    const [two, three] = [
      [2, { sku: "lamp", pieces: "1" }],
      [3, { sku: "cup", pieces: "2" }],
    ];
    const of = async (text: string | Buffer, delimiter = ",") =>
      brief(await read(text, { delimiter }));
    expect(await of("\uFEFFsku,pieces\r\nlamp,1\r\ncup,2")).toEqual([two, three]);
    expect(await of("sku,pieces\nlamp,1\r\ncup,2\n")).toEqual([two, three]);
    expect(await of("sku,pieces\r\nlamp,1\ncup,2\n")).toEqual([two, three]);
    expect(await of("sku\tpieces\nlamp\t1\ncup\t2\n", "\\t")).toEqual([two, three]);
    const utf16 = Buffer.from("\uFEFFsku,pieces\nlamp,1\ncup,2\n", "utf16le");
    expect(await of(utf16)).toEqual([two, three]);
    expect(await of("")).toEqual([]);
  });

  it("tells of each row the line it begins on, whatever is within its quotes", async () => {
    const text = '"sku\r\n",pieces\r\n"a\r\nb",1\r\nc,2\r\n\r\n"d\r\n\r\n",3\r\ne,4\r\n';
    for (const each of [text, text.replaceAll("\r\n", "\n")])
      expect((await read(each)).map(({ line }) => line)).toEqual([3, 5, 7, 10]);
  });

  it("ActableErrors: bytes that are no text, columns of one name, a quote that is never closed are told", async () => {
    const latin1 = Buffer.from("sku,pieces\nM\u00fcller,1\ncup,2\n", "latin1");
    expect(brief(await read(latin1))).toEqual([
      [2, "it is no UTF-8: save the file as UTF-8"],
      [3, { sku: "cup", pieces: "2" }],
    ]);
    await expect(read("sku,pieces,sku\na,1,b\n")).rejects.toThrow('two columns are named "sku"');
    // Of columns without a name, as spreadsheets leave them at the end, nobody can speak.
    expect(await read("sku,,\na,,\n")).toHaveLength(1);
    const open = `sku,pieces\nlamp,"1\n${"cup,2\n".repeat(400_000)}`;
    await expect(read(open)).rejects.toThrow(Unparsable);
    await expect(read("a,b\n", { delimiter: "" })).rejects.toThrow(/[Dd]elimiter/);
  });
});

describe("an NDJSON file", () => {
  const of = async (content: string | Buffer) => brief(await read(content, { format: "ndjson" }));

  it("has its lines end with line feeds alone", async () => {
    const rows = await of('\uFEFF{"a":"x\u2028y"}\r\n\r\n{"a":1}');
    expect(rows).toEqual([
      [1, { a: "x\u2028y" }],
      [3, { a: 1 }],
    ]);
    expect(await of("")).toEqual([]);
  });

  it("ActableErrors: a line that is no text, or longer than any event, costs the others nothing", async () => {
    const long = `{"a":"${"x".repeat(3 * 1024 * 1024)}"}\n`;
    const bytes = Buffer.concat([Buffer.from('{"a":"M\u00fc"}\n', "latin1"), Buffer.from(long)]);
    expect(await of(Buffer.concat([bytes, Buffer.from('{"a":1}\n')]))).toEqual([
      [1, "it is no UTF-8: save the file as UTF-8"],
      [2, "it has more than 1048576 bytes"],
      [3, { a: 1 }],
    ]);
  });
});

describe("a mapping", () => {
  const mapped = (data: string, fields: Fields): MappedEvent => {
    const by = mappingOf({ type: "t", data: [data] });
    if (by === null) throw new Error("no mapping");
    return eventOf(by, fields, 7);
  };

  it("ActableErrors: {line} is the line, and of a row that has such a column nobody knows which is meant", () => {
    expect(mapped("id={line}", { sku: "a" }).data).toEqual({ id: "7" });
    expect(() => mapped("id={line}", { line: "12" })).toThrow(
      /data\/id: .*a column named "line".*give it another name/,
    );
    expect(mapped("item={sku}", { sku: "a", line: "12" }).data).toEqual({ item: "a" });
  });

  it("ActableErrors: a number that JSON cannot hold exactly is never taken for another", () => {
    const row = JSON.parse('{"invoice":12345678901234567890}') as Fields;
    expect(() => mapped("id={invoice}", row)).toThrow(BadRow);
    expect(mapped("id={invoice}", { invoice: 7 }).data).toEqual({ id: "7" });
  });

  it("ActableErrors: of a column that is not there it is told which are, and of a brace or a member that is none, that it is none", () => {
    expect(() => mapped("n={pieces}", { sku: "a", " pieces": "1" })).toThrow(
      'data/n: the row has no {pieces}, it has "sku", " pieces"',
    );
    for (const text of ["n={sku", "n=sku}", "n={}", "n={{sku}}"])
      expect(() => mapped(text, { sku: "a" }), text).toThrow(/brace/);
    expect(() => mappingOf({ type: "t", data: ["a=1", "a=2"] })).toThrow("--data has a twice");
  });
});
