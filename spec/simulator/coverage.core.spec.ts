import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inAll } from "./coverage.ts";

const text = "function one() {\n  if (a) b();\n  c();\n}\n";
const at = (what: string): [number, number] => [
  text.indexOf(what),
  text.indexOf(what) + what.length,
];

it("what no run has come to is found where one has missed all of it and another a part", () => {
  const folder = mkdtempSync(join(tmpdir(), "coverage-"));
  const path = join(folder, "one.ts");
  writeFileSync(path, text);
  const whole = new Map([[path, [[0, text.length] as const]]]);
  const part = new Map([[path, [at("b()")]]]);
  const elsewhere = new Map([[join(folder, "none.ts"), []]]);
  writeFileSync(join(folder, "none.ts"), "");
  const block = { file: "one.ts", line: 2, source: "if (a) b();", code: "b()" };
  expect(inAll([whole, part, elsewhere])).toEqual([block]);
  expect(inAll([part, new Map([[path, [at("c()")]]])])).toEqual([]);
  rmSync(folder, { recursive: true });
});
