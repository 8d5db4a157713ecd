// What is wrong with the specification; with --table, the table of spec/README.md made anew.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ELSEWHERE } from "../spec/elsewhere.ts";
import { told } from "../spec/reader/finding.ts";
import { lint } from "../spec/reader/linter.ts";
import { withTable } from "../spec/reader/table.ts";
import { main } from "./lib/command.ts";
import { alliums, codeTexts, obligations, texts } from "./lib/specification.ts";
import { root } from "./lib/tools.ts";

await main(async () => {
  const { values } = parseArgs({ options: { table: { type: "boolean", default: false } } });
  if (values.table) {
    const path = join(root, "spec/README.md");
    const document = readFileSync(path, "utf8");
    const made = withTable(document, obligations(), texts("spec", ".ts"), codeTexts(), ELSEWHERE);
    return writeFileSync(path, made);
  }
  const findings = lint(alliums());
  for (const finding of findings) process.stdout.write(`${told(finding)}\n`);
  process.stdout.write(`${findings.length} findings\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
});
