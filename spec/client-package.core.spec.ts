/** The packed client as somebody else has it: installed into an empty folder, compiled against, run in Node and in a browser. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launch } from "../bench/console/browser.ts";
import { startServer } from "../bench/lib/server.ts";
import type { Server } from "../bench/lib/server.ts";
import { root, toolArguments } from "../bench/lib/tools.ts";
import { freshVars } from "../bench/lib/vars.ts";

const run = promisify(execFile);
const base = mkdtempSync(join(tmpdir(), "assize-package-"));
const PATIENCE_MS = 180_000;
let server: Server;
const pages = createServer((request, response) => {
  const script = request.url === "/app.js";
  response.setHeader("content-type", script ? "text/javascript" : "text/html");
  response.end(script ? readFileSync(join(base, "app.js")) : "<title>shop</title>");
});
let origin = "";

const APP = `
import { AssizeClient } from "assize/client";
import type { InventoryEvents, Outcome, Verification } from "assize/client";

/** Submits, follows, reads and verifies. */
export async function tried(url: string, token: string, item: string): Promise<string> {
  const { genesis } = (await new AssizeClient({ url, token }).get("/v1/ready")) as { genesis: string };
  const client = new AssizeClient<InventoryEvents>({ url, token, pinned: { genesis } });
  const data = { item, warehouse: "w1", quantity: 2 };
  const outcome: Outcome = await client.submit({ type: "stock.received", data });
  const { ok }: Verification = await client.verify(outcome);
  const state = await client.read<{ onHand: number }>(\`stock/\${item}@w1\`);
  let followed = "";
  for await (const { event } of client.stream()) {
    followed = event.id;
    if (followed === outcome.id) break;
  }
  return [outcome.status, ok, state?.state.onHand, followed === outcome.id].join();
}
`;

beforeAll(async () => {
  await new Promise<void>((done) => pages.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  const vars = { ...freshVars(), CORS_ORIGINS: origin };
  const starting = startServer({ persist: mkdtempSync(join(base, "persist-")), vars });
  const packed = await run(process.execPath, [join(root, "bench/pack.ts"), "--to", base]);
  writeFileSync(join(base, "package.json"), '{ "type": "module" }');
  // Its own dependencies are those that are here: nothing is asked of a registry.
  const here = ["eventsource-parser", "zod"].map((name) => join(root, "node_modules", name));
  const quiet = ["--offline", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...quiet, packed.stdout.trim(), ...here], { cwd: base });
  writeFileSync(join(base, "app.ts"), APP);
  server = await starting;
}, PATIENCE_MS);
afterAll(async () => {
  pages.closeAllConnections();
  pages.close();
  await server?.stop();
  rmSync(base, { recursive: true, force: true });
}, PATIENCE_MS);

describe("RunsAnywhere: the packed client", () => {
  it.each(["nodenext", "bundler"])(
    "compiles with its types, resolved as %s does, without anything of Node",
    async (resolution) => {
      const how =
        resolution === "nodenext"
          ? ["--module", "nodenext", "--outDir", base]
          : ["--module", "esnext", "--moduleResolution", "bundler", "--noEmit"];
      const library = ["--lib", "es2023,dom,dom.iterable,dom.asynciterable", "--target", "es2023"];
      const args = ["--strict", ...how, ...library, "--types", "", join(base, "app.ts")];
      const { stdout } = await run(process.execPath, toolArguments("tsc", args), { cwd: base });
      expect(stdout).toBe("");
    },
    PATIENCE_MS,
  );

  it(
    "runs in Node, by its name",
    async () => {
      const call = `import { tried } from "./app.js";
console.log(await tried(process.env.URL, process.env.TOKEN, "node"));`;
      writeFileSync(join(base, "call.mjs"), call);
      const env = { ...process.env, URL: server.url, TOKEN: server.token };
      const { stdout } = await run(process.execPath, ["call.mjs"], { cwd: base, env });
      expect(stdout).toBe("accepted,true,2,true\n");
    },
    PATIENCE_MS,
  );

  it.runIf(findChromium() !== undefined)(
    "runs in a browser, bundled, on a page of an origin that the server names",
    async () => {
      const bundle = ["app.js", "--file", "app.js", "--format", "esm"];
      await run(process.execPath, toolArguments("rolldown", bundle), { cwd: base });
      const browser = await launch(findChromium() ?? "");
      try {
        const page = await browser.newPage();
        await page.goto(origin);
        const said = await page.evaluate(
          `import("/app.js").then(({ tried }) => tried(${JSON.stringify(server.url)}, ${JSON.stringify(server.token)}, "chromium"))`,
        );
        expect(said).toBe("accepted,true,2,true");
      } finally {
        await browser.close();
      }
    },
    PATIENCE_MS,
  );
});
