/** The description of the contract as a page: made on the server, with nothing that runs and nothing from elsewhere. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { Document } from "./document.ts";

type Html = ReturnType<typeof html>;
type Path = NonNullable<Document["paths"]>[string];
type OperationObject = NonNullable<Path["get"]>;

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; }
code, pre { font: 0.875rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; border: 1px solid var(--line); padding: 0.75rem; }
section { border-top: 1px solid var(--line); padding: 0.5rem 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); }
nav ul { columns: 20rem; padding-left: 1.25rem; }
`;

/** Nothing but its own style, and no page around it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export async function pageOf(document: Document): Promise<string> {
  const operations = operationsIn(document);
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}: the HTTP contract</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>${document.info.title}</h1>
          <p>
            ${document.info.description ?? ""} This page is made from
            <a href="/openapi.json">/openapi.json</a> (OpenAPI ${document.openapi}).
          </p>
          <p>
            Send <code>Authorization: Bearer &lt;token&gt;</code>, but where it says open. Every
            error is an <code>application/problem+json</code> of RFC 9457.
          </p>
        </header>
        <nav aria-label="Operations">
          <ul>
            ${operations.map(
              ({ id, method, path }) =>
                html`<li>
                  <a href="#${id}"><code>${method} ${path}</code></a>
                </li>`,
            )}
          </ul>
        </nav>
        <main>
          <h2>Operations</h2>
          ${operations.map(operationSection)}
          <h2>Schemas</h2>
          ${Object.entries(document.components?.schemas ?? {}).map(
            ([name, schema]) =>
              html`<section id="schema-${name}">
                <h3>${name}</h3>
                ${schemaText(schema)}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
  return String(page);
}

interface Listed {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

function operationsIn({ paths = {} }: Document): Listed[] {
  return Object.entries(paths).flatMap(([path, { get, post }]) =>
    [
      { method: "GET", operation: get },
      { method: "POST", operation: post },
    ].flatMap(({ method, operation }) =>
      operation === undefined
        ? []
        : [{ id: operation.operationId ?? path, method, path, operation }],
    ),
  );
}

function operationSection({ id, method, path, operation }: Listed): Html {
  const { summary = "", description = "It is open to everybody.", parameters = [] } = operation;
  const bodies = contentOf(operation.requestBody);
  return html`<section id="${id}">
    <h3><code>${method} ${path}</code></h3>
    <p>${summary}. ${description.replaceAll("`", "")}</p>
    ${parameters.length === 0 ? "" : parametersTable(parameters)}
    ${bodies.map(
      ([type, schema]) =>
        html`<h4>Body: <code>${type}</code></h4>
          ${schemaText(schema)}`,
    )}
    ${answersTable(operation)}
  </section>`;
}

function parametersTable(parameters: NonNullable<OperationObject["parameters"]>): Html {
  const rows = parameters.flatMap((parameter) => ("name" in parameter ? [parameter] : []));
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Parameter</th>
        <th scope="col">In</th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <td><code>${row.name}</code></td>
            <td>${row.in}</td>
            <td>${meaningOf(row.description ?? descriptionIn(row.schema))}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function answersTable({ responses = {} }: OperationObject): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Status</th>
        <th scope="col">Meaning</th>
        <th scope="col">Body</th>
      </tr>
    </thead>
    <tbody>
      ${Object.entries(responses as Record<string, { description?: string }>).map(
        ([status, response]) =>
          html`<tr>
            <td>${status}</td>
            <td>${meaningOf(response.description)}</td>
            <td>
              ${contentOf(response).map(
                ([type, schema]) => html`<code>${type}</code> ${schemaNames(schema)} `,
              )}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const meaningOf = (text = ""): string => text.replaceAll("`", "");

function descriptionIn(schema: unknown): string {
  const { description } = (schema ?? {}) as { readonly description?: string };
  return description ?? "";
}

function contentOf(holder: unknown): [string, unknown][] {
  const { content = {} } = (holder ?? {}) as {
    readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
  };
  return Object.entries(content).map(([type, { schema }]) => [type, schema]);
}

/** The components that a schema names, in their order, as links. */
function schemaNames(schema: unknown): Html[] {
  const found = JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  const names = new Set([...found].map(([, name = ""]) => name));
  return [...names].map((name) => html`<a href="#schema-${name}">${name}</a> `);
}

function schemaText(schema: unknown): Html {
  return html`<p>${schemaNames(schema)}</p>
    <pre tabindex="0"><code>${JSON.stringify(schema, null, 2)}</code></pre>`;
}
