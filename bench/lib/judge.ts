// What of the specification a run of the tests showed, told on the terminal.
import { counted, testsOf, trace, unknownTags } from "../../spec/reader/trace.ts";
import type { Report } from "../../spec/reader/trace.ts";
import { WAIVERS } from "../../spec/waivers.ts";
import { obligations } from "./specification.ts";

/** How much is wrong. Part of the tests shows a part of it: then only names that nobody specified are. */
export function judged(reports: readonly Report[], whole: boolean): number {
  const all = obligations();
  const tests = reports.flatMap(testsOf);
  const traced = whole ? trace(all, tests, WAIVERS) : null;
  if (traced !== null) process.stdout.write(`\n--- specification: ${counted(traced)}\n`);
  const faults = traced?.faults ?? unknownTags(all, tests);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  return faults.length;
}
