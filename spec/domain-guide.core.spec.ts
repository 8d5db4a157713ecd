/** The guide to writing a domain shows what there is: its code is that of real files, what it sends is accepted, what it prints is printed. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECKS, keepsItsBounds } from "../kit/checks.ts";
import { tickets } from "../kit/example/tickets.ts";
import { START } from "../kit/given.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "../kit/memory.ts";
import { chosen, SHIPPED } from "../objects/arbiter/domains/shipped.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Json } from "../objects/shared/canonical.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { BAD, badSubject } from "./kit/bad-domains.ts";

const root = join(import.meta.dirname, "..");
const text = (path: string): string => readFileSync(join(root, path), "utf8");
const guide = text("docs/domain.md");

/** Fenced blocks, by what stands behind the fence. */
const blocks = [...guide.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info = "", body = ""]) => ({
  info,
  body,
}));
const of = (info: string): string[] =>
  blocks.filter((block) => block.info === info).map(({ body }) => body);

interface Sent {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
}

describe("the guide to writing a domain", () => {
  it.each(["kit/example/tickets.ts", "kit/example/tickets.core.spec.ts"])(
    "has the whole of %s, in order",
    (path) => {
      expect(of(`ts ${path}`).join("\n")).toBe(text(path));
    },
  );

  it("has no other code than that of files", () => {
    const files = blocks.filter(({ info }) => info.startsWith("ts"));
    expect(files.filter(({ info }) => !info.startsWith("ts kit/example/"))).toEqual([]);
  });

  it("leads to files that there are", () => {
    const links = [...guide.matchAll(/\]\(\.\.\/([^)#]+)\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const path of links.filter((each) => !each.endsWith("/"))) expect(text(path)).not.toBe("");
  });

  it("names every event type and entity type that ships, and every check", () => {
    const ours = guide.slice(0, guide.indexOf("This page builds"));
    for (const { name, events, entities } of SHIPPED) {
      const row = ours.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
      for (const type of Object.keys(events)) expect(row).toContain(`.${type.split(".")[1]}`);
      for (const type of Object.keys(entities)) expect(row).toContain(`\`${type}/{`);
    }
    for (const [title] of CHECKS)
      for (const [named] of title.matchAll(/[A-Z]\w+(?=[,:])/g))
        expect(guide).toContain(`\`${named}\``);
  });

  it("sends events that are accepted, and come to the state that it shows", () => {
    const [, sent = "[]"] = /-d '(\[[^']*\])'/.exec(guide) ?? [];
    const bench = new Bench(rulesOf(...SHIPPED));
    const events = (JSON.parse(sent) as Sent[]).map((event) => textOf(event));
    const outcomes = outcomesOf(bench.block(START, ...events));
    expect(outcomes.map(({ status }) => status)).toEqual(events.map(() => "accepted"));
    const [, entity = ""] = /\/v1\/entities\/(\S+)/.exec(guide) ?? [];
    expect(of("json").map((body) => JSON.parse(body))).toEqual([bench.stateOf(entity)]);
  });

  it("shows what the kit says", () => {
    const clock = BAD.find(([, what]) => what === "looks at the clock")?.[2] ?? tickets;
    const [said = "", by = ""] = keepsItsBounds(badSubject(clock))?.split("\n") ?? [];
    const [shown = "", shownBy = ""] =
      of("")
        .find((body) => body.startsWith("seat.sold"))
        ?.split("\n") ?? [];
    expect(said.split(" (at ")[0]).toBe(shown.split(" (at ")[0]);
    expect(shownBy.length).toBeGreaterThan(50);
    expect(by).toContain(shownBy.replace(/ …$/, ""));
  });

  it("counts the domains that are found", () => {
    expect(guide).toContain(`\n${BAD.length} domains that each do one thing wrong`);
  });

  it("builds a domain that fits beside those that ship, and that a deployment must choose", () => {
    // Whoever walked the guide has it there already.
    const others = SHIPPED.filter(({ name }) => name !== tickets.name);
    expect(registryOf([...others, tickets]).eventType("seat.sold")).toBeDefined();
    const [, wanted = ""] = /`DOMAINS = "([^"]+)"`/.exec(guide) ?? [];
    const { domains } = deploymentOf({ GENERATION: "g", DOMAINS: wanted });
    expect(domains).toEqual(["inventory", "tickets"]);
    expect(() => chosen([...domains, "nobodys"])).toThrow(/is none/);
  });

  it("moves the files so that what they import is where they then look", () => {
    const moves = [...guide.matchAll(/^ *(sed .*) (\S+) > (\S+)$/gm)];
    expect(moves.map(([, , from]) => from)).toEqual([
      "kit/example/tickets.ts",
      "kit/example/tickets.core.spec.ts",
    ]);
    const arrived = moves.map(([, , , to = ""]) => join(root, to));
    for (const [, sed = "", from = "", to = ""] of moves) {
      const moved = execFileSync("sh", ["-c", `${sed} ${from}`], { cwd: root, encoding: "utf8" });
      const imported = [...moved.matchAll(/ from "(\.[^"]+)";/g)].map(([, path = ""]) =>
        join(root, dirname(to), path),
      );
      expect(imported.length).toBeGreaterThan(2);
      for (const path of imported)
        expect([path, existsSync(path) || arrived.includes(path)]).toEqual([path, true]);
    }
  });
});
