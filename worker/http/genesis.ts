/** Where a reader begins: what everything is verified from, and as whom it reads. */
import type { Hono } from "hono";
import { genesisDigest } from "../../objects/shared/genesis.ts";
import type { Context } from "../context.ts";
import type { Allow } from "./reads.ts";

// Rules: ShowGenesis, ShowToken.
export function genesisRoutes(app: Hono, context: Context, allow: Allow): void {
  app.get("/v1/genesis", async (c) => {
    allow(c, "read");
    const { document, signatures } = await context.signedGenesis();
    return c.json({ digest: genesisDigest(document), document, signatures });
  });

  app.get("/v1/token", (c) => {
    const { name, tenant, scopes } = allow(c, "read");
    return c.json({ name, tenant, scopes });
  });
}
