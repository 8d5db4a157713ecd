/** The description of the contract: valid, whole, and made of what validates. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chosen } from "../objects/arbiter/domains/shipped.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { documentOf } from "../worker/http/openapi/document.ts";
import { operationsOf } from "../worker/http/openapi/operations.ts";
import { PAGE_POLICY, pageOf } from "../worker/http/openapi/page.ts";
import { routesOf } from "./reader/drift.ts";

const deployment = deploymentOf({ GENERATION: "1", COURTS: "3", FAULT_INJECTION: "on" });
const document = documentOf(deployment);
/** As a client reads it. */
const read = JSON.parse(JSON.stringify(document)) as {
  readonly paths: Record<
    string,
    Record<string, { readonly security: unknown[]; readonly parameters?: unknown[] }>
  >;
  readonly components: { readonly schemas: Record<string, object> };
};

const routed = (): string[] => {
  const folder = join(import.meta.dirname, "../worker/http");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => routesOf(readFileSync(join(folder, name), "utf8")));
};

describe("DescribeContract", () => {
  it("the document is OpenAPI 3.1 by another's judgement, and that judge finds a flaw", async () => {
    expect(await new Validator().validate(structuredClone(read))).toEqual({ valid: true });
    const flawed = { ...structuredClone(read), info: { title: "without a version" } };
    expect((await new Validator().validate(flawed)).valid).toBe(false);
  });

  it("what is routed is described, and what is described is routed", () => {
    const described = operationsOf(deployment).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    );
    expect(described.toSorted()).toEqual(routed().toSorted());
    expect(Object.keys(read.paths)).toHaveLength(
      new Set(operationsOf(deployment).map(({ path }) => path)).size,
    );
  });

  it("fault routes are described only where there are any", () => {
    const without = documentOf(deploymentOf({ GENERATION: "1" }));
    const paths = Object.keys(without.paths ?? {});
    expect(paths.filter((path) => path.endsWith("/fault"))).toEqual([]);
    expect(Object.keys(read.paths).filter((path) => path.endsWith("/fault"))).toHaveLength(3);
  });

  it("only what the contract opens is open", () => {
    const open = Object.entries(read.paths).flatMap(([path, methods]) =>
      Object.values(methods).flatMap(({ security }) => (security.length === 0 ? [path] : [])),
    );
    expect(open.toSorted()).toEqual(["/docs", "/openapi.json", "/v1/live", "/v1/ready"]);
  });

  it("every event type of every domain has its schema, with the bounds that validate it", () => {
    for (const type of chosen(deployment.domains).flatMap(({ events }) => Object.keys(events)))
      expect(Object.keys(read.components.schemas)).toContain(type);
    expect(read.components.schemas["stock.received.data"]).toMatchObject({
      properties: {
        quantity: { type: "integer", minimum: 1 },
        item: { type: "string", pattern: "^[A-Za-z0-9._-]{1,64}$" },
      },
      required: ["item", "warehouse", "quantity"],
      additionalProperties: false,
    });
    // Of what plain JSON may leave out nothing is required.
    expect(read.components.schemas["stock.received"]).toMatchObject({ required: ["type", "data"] });
  });

  it("queries are those that are checked: a court is below the number of courts, a page has its bounds", () => {
    const parameters = JSON.stringify(read.paths["/v1/events"]?.["get"]?.parameters);
    expect(parameters).toContain('"maximum":2');
    expect(parameters).toContain('"type":"integer","minimum":1,"maximum":1000,"default":100');
  });
});

describe("PageOfItsOwn", () => {
  it("shows every operation and schema, runs nothing, and loads nothing", async () => {
    const page = await pageOf(document);
    for (const path of Object.keys(read.paths)) expect(page).toContain(path);
    for (const name of Object.keys(read.components.schemas))
      expect(page).toContain(`id="schema-${name}"`);
    expect(page).not.toMatch(
      /<script|<iframe|<link|<img|\son\w+=|javascript:|https?:\/\/(?!json-schema)/,
    );
    expect(PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}';/);
  });

  it("every link leads to something on it, and every id is there once", async () => {
    const page = await pageOf(document);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
