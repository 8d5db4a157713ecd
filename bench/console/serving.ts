// `npm run serve` on a free port and a fresh folder, as a person would start it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stopGroup } from "../lib/group.ts";
import { freePort } from "../lib/ports.ts";
import { root } from "../lib/tools.ts";
import { devVars } from "../lib/vars.ts";

export interface Served {
  readonly url: string;
  readonly token: string;
  readonly stop: () => Promise<void>;
}

export async function serve(): Promise<Served> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "assize-console-"));
  const args = ["run", "serve", "--", "--port", String(port), "--persist", folder];
  const child = spawn("npm", args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const group = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    if (group > 0) await stopGroup(group, port);
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const ready = new Promise<void>((done, fail) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(`assize ready on ${url}`)) done();
    });
    child.on("error", fail);
    child.on("exit", (code) => fail(new Error(`npm run serve ended (exit code ${code})`)));
  });
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, token: devVars()["DEV_TOKEN"] ?? "", stop };
}

/** Events beside those of the page, as any client sends them; `number` of one request. */
export async function sendEvents(
  { url, token }: Pick<Served, "url" | "token">,
  prefix: string,
  number: number,
): Promise<void> {
  const events = Array.from({ length: number }, (_, at) => ({
    id: `${prefix}-${at}`,
    type: "stock.received",
    data: { item: `sku-${at % 7}`, warehouse: "w1", quantity: 5 },
  }));
  const response = await fetch(`${url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}
