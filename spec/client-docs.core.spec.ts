/** The pages on the client and the command line: every snippet is run against a real server, as it stands there. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../bench/lib/server.ts";
import type { Server } from "../bench/lib/server.ts";
import { root, toolArguments } from "../bench/lib/tools.ts";
import { run } from "./kit/command-line.ts";

const base = mkdtempSync(join(tmpdir(), "assize-docs-"));
/** A server is started, and the client built. */
const PATIENCE_MS = 180_000;
let server: Server;

beforeAll(async () => {
  server = await startServer({ persist: join(base, "persist") });
}, PATIENCE_MS);
afterAll(async () => {
  await server?.stop();
  rmSync(base, { recursive: true, force: true });
}, PATIENCE_MS);

interface Block {
  readonly language: string;
  readonly text: string;
  /** The file that the line before it names. */
  readonly file: string | undefined;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  const found = text.matchAll(/(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```$/gms);
  return [...found].map(([, file, language = "", body = ""]) => ({ language, text: body, file }));
}

/** Digests, times and heights differ; how wide a table is does not. */
const outputs = (text: string): string[] => text.trimEnd().split("\n").toSorted();

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

function node(args: readonly string[], command = process.execPath): Promise<Ran> {
  const env = { ...process.env, ASSIZE_URL: server.url, ASSIZE_TOKEN: server.token };
  const child = spawn(command, args, { cwd: base, env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done({ code, out }));
  });
}

describe("docs/client.md", () => {
  it(
    "RunsAnywhere, TypedByDomain: the built client is imported by name, and every snippet compiles and does what it says",
    async () => {
      const built = await node(toolArguments("tsc", ["-p", join(root, "tsconfig.client.json")]));
      expect(built).toEqual({ code: 0, out: "" });
      mkdirSync(join(base, "node_modules/@types"), { recursive: true });
      symlinkSync(root, join(base, "node_modules/assize"));
      symlinkSync(join(root, "node_modules/@types/node"), join(base, "node_modules/@types/node"));
      writeFileSync(join(base, "package.json"), '{ "type": "module" }');
      const snippets = blocksOf("client.md").filter(({ language }) => language === "ts");
      expect(snippets).toHaveLength(5);
      const files = snippets.map(({ text }, at) => {
        const file = join(base, `snippet-${at}.ts`);
        writeFileSync(file, text);
        return file;
      });
      const strict = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023"];
      const library = ["--lib", "es2023,dom,dom.iterable,dom.asynciterable", "--types", "node"];
      expect(await node(toolArguments("tsc", [...strict, ...library, ...files]))).toEqual({
        code: 0,
        out: "",
      });
      const said: string[] = [];
      for (const file of files) {
        const { code, out } = await node(["--disable-warning=ExperimentalWarning", file]);
        expect([code, out]).toEqual([0, expect.any(String)]);
        said.push(out);
      }
      expect(said[0]).toMatch(
        /^accepted \{ onHand: 10, reserved: 0 \} \d+\nrejected insufficient_stock\n$/,
      );
      expect(said[1]).toBe("500\n");
      expect(said[2]).toBe("deadline true\ntrue\n");
      expect(said[3]).toMatch(/^10\n(?:1 delivery-17\n)?$/);
      expect(said[4]).toBe("true 0 true\n");
    },
    PATIENCE_MS,
  );

  it(
    "RunsAnywhere: the oldest Node that there is on this machine submits and verifies with the built client",
    async () => {
      const script = `
      import { AssizeClient } from "assize/client";
      const access = { url: process.env.ASSIZE_URL, token: process.env.ASSIZE_TOKEN };
      const { genesis } = await new AssizeClient(access).get("/v1/ready");
      const client = new AssizeClient({ ...access, pinned: { genesis } });
      const data = { item: "node", warehouse: "w1", quantity: 1 };
      const outcome = await client.submit({ type: "stock.received", data });
      const { ok } = await client.verify(outcome);
      console.log(ok, Number(process.versions.node.split(".")[0]) >= 20);`;
      const file = join(base, "oldest.mjs");
      writeFileSync(file, script);
      const found = await Promise.all(
        [process.execPath, "/usr/bin/node", "/usr/local/bin/node"].map(async (command) => {
          const { code, out } = await node(["--version"], command).catch(() => ({
            code: 1,
            out: "",
          }));
          const major = Number(/^v(\d+)/.exec(out)?.[1] ?? 0);
          return code === 0 && major >= 20 ? [{ command, major }] : [];
        }),
      );
      const [oldest] = found.flat().toSorted((a, b) => a.major - b.major);
      const { out } = await node(["--no-warnings", file], oldest?.command);
      expect(out).toBe("true true\n");
    },
    PATIENCE_MS,
  );
});

describe("docs/cli.md", () => {
  it(
    "ActableErrors: every command ends as it says, and shows what it says",
    async () => {
      const folder = mkdtempSync(join(base, "cli-"));
      const blocks = blocksOf("cli.md");
      for (const { file, text } of blocks)
        if (file !== undefined) writeFileSync(join(folder, file), text);
      let commands = 0;
      for (const [at, { language, text }] of blocks.entries()) {
        if (language !== "sh") continue;
        const shown = blocks[at + 1]?.language === "text" ? blocks[at + 1]?.text : undefined;
        for (const line of text.trim().split("\n")) {
          const [, command = "", exit = "0"] =
            /^npx assize (.*?)(?: # exit (\d))?$/.exec(line) ?? [];
          expect(command, line).not.toBe("");
          commands += 1;
          const args = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
            ([, quoted, plain]) => quoted ?? plain ?? "",
          );
          const { code, out, err } = await run(args, {
            folder,
            url: server.url,
            token: server.token,
          });
          expect([line, code, err]).toEqual([
            line,
            Number(exit),
            exit === "0" ? expect.any(String) : err,
          ]);
          if (shown !== undefined) expect(outputs(out + err)).toEqual(outputs(shown));
        }
      }
      expect(commands).toBe(11);
    },
    PATIENCE_MS,
  );
});
