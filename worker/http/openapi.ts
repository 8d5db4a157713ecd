/** The contract, described by the server that keeps it: open to everybody (`DescribeContract` in spec/edge.allium). */
import type { Hono } from "hono";
import type { Context } from "../context.ts";
import { jsonText } from "./answers.ts";
import { documentOf } from "./openapi/document.ts";
import { PAGE_POLICY, pageOf } from "./openapi/page.ts";

// Rule: DescribeContract.
export function openapiRoutes(app: Hono, { deployment }: Context): void {
  let made: { readonly text: string; readonly page: Promise<string> } | undefined;
  // At the first request: most isolates are never asked.
  const contract = () => {
    if (made === undefined) {
      const document = documentOf(deployment);
      made = { text: JSON.stringify(document), page: pageOf(document) };
    }
    return made;
  };
  app.get("/openapi.json", () => jsonText(contract().text));
  app.get("/docs", async (c) =>
    c.html(await contract().page, 200, {
      "Content-Security-Policy": PAGE_POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    }),
  );
}
