/** Documentation that a machine can hold to what is there: links, headings, commands, variables, and blocks to be run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, blocksOf, fits, linksOf, pagesIn, scriptsOf } from "../bench/docs/pages.ts";

const root = join(import.meta.dirname, "..");
const pages = pagesIn(root);
const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("the documentation", () => {
  it("leads to files and headings that are there", () => {
    const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page)]));
    const dead = pages.flatMap((page) =>
      linksOf(page).flatMap(({ file, anchor }) => {
        const link = `${page.path}: ${file}${anchor === null ? "" : `#${anchor}`}`;
        if (!existsSync(join(root, file))) return [link];
        return anchor === null || anchors.get(file)?.has(anchor) === true ? [] : [link];
      }),
    );
    expect(dead).toEqual([]);
  });

  it("names commands that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const unknown = pages.flatMap((page) =>
      [...scriptsOf(page)]
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${page.path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it("names every command that there is", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = new Set(pages.flatMap((page) => [...scriptsOf(page)]));
    expect(Object.keys(scripts).filter((name) => !named.has(name))).toEqual([]);
  });

  it("explains every variable of the deployment, with its default", () => {
    const operating = read("docs/operating.md");
    const [, vars = ""] = read("wrangler.toml").split("[vars]");
    const [own = ""] = vars.split(/^\[/m);
    const unexplained = [...own.matchAll(/^(\w+) = "(.*)"$/gm)].filter(
      ([, name = "", value = ""]) => {
        const shown = value === "" ? "empty" : `\`${value}\``;
        return !new RegExp(
          `^\\| \`${name}\`[^|]*\\| ${shown.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")} \\|`,
          "m",
        ).test(operating);
      },
    );
    expect(unexplained.map(([, name]) => name)).toEqual([]);
  });

  it("has blocks to be run on the pages that a newcomer reads", () => {
    const readme = pages.find(({ path }) => path === "README.md");
    const blocks = readme === undefined ? [] : blocksOf(readme);
    expect(blocks.filter(({ language }) => language === "sh").length).toBeGreaterThan(0);
  });

  it("shows answers as they come, but for what differs each time", () => {
    const answer = {
      id: "a",
      at: "2026-11-22T20:34:18.926Z",
      block: "3777aa",
      n: [1, { x: null }],
    };
    const later = { ...answer, at: "2027-01-01T00:00:00.000Z", block: "ffff00" };
    expect(fits({ ...answer, block: "3777…" }, later)).toBe(true);
    expect(fits({ ...answer, block: "3777…" }, { ...later, id: "b" })).toBe(false);
    expect(fits({ ...answer, block: "3777…" }, { ...later, more: 1 })).toBe(false);
    expect(fits({ ...answer, n: [1, { x: 0 }] }, answer)).toBe(false);
    expect(fits(answer, later)).toBe(false);
  });

  it("finds dead links and unknown commands where there are some", () => {
    const page = {
      path: "docs/a.md",
      text: "# A b\n[x](../no.md#c) `npm run nothing`\n```\n[y](z.md)\n```\n",
    };
    expect(linksOf(page)).toEqual([{ file: "no.md", anchor: "c" }]);
    expect([...scriptsOf(page)]).toEqual(["nothing"]);
    expect([...anchorsOf(page)]).toEqual(["a-b"]);
    expect(blocksOf(page)).toEqual([{ line: 4, language: "", text: "[y](z.md)" }]);
  });
});
