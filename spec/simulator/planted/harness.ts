/** Each bug in a process of its own, two at a time. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Job, Report } from "./child.ts";

const here = import.meta.dirname;

/** Runs a job with a bug planted, or with none. Rejects if the patch does not apply, or the run itself breaks. */
export function runPlanted(bug: string | null, job: Job): Promise<Report> {
  const hook = pathToFileURL(join(here, "hook.ts")).href;
  const child = spawn(
    process.execPath,
    ["--import", hook, join(here, "child.ts"), JSON.stringify(job)],
    {
      env: { ...process.env, PLANT: bug ?? "", NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const out: string[] = [];
  const wrong: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => wrong.push(text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out.join("")) as Report);
      else
        reject(new Error(`the run with ${bug ?? "no bug"} broke: ${wrong.join("").slice(-2000)}`));
    });
  });
}

/** As many workers take the items in turn; answers in their order. */
export async function taken<T, R>(
  items: readonly T[],
  workers: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}
