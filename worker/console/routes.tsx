/** The console's routes: who is let in, and which page answers what. */
import { Hono } from "hono";
import type { Context as Call } from "hono";
import type { Child } from "hono/jsx";
import { LIMITS } from "../../objects/shared/limits.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import type { Block } from "../../objects/shared/types.ts";
import { unlessSilent } from "../calls.ts";
import type { Context } from "../context.ts";
import { readBody } from "../http/body.ts";
import { logged } from "../http/log.ts";
import { Problem, problemDocument } from "../http/problems.ts";
import { courtIn, indexIn } from "../http/query.ts";
import { Api } from "./api.ts";
import { ASSETS } from "./assets.ts";
import type { Asset } from "./assets.ts";
import { courtPage } from "./dashboard.tsx";
import { faultByButton } from "./breaking.ts";
import { BlockPanel, EvidencePanel } from "./found.tsx";
import type { Recorded } from "./found.tsx";
import { Lacking } from "./court.tsx";
import { htmlOf } from "./html.ts";
import { Page, SignIn, Trouble } from "./layout.tsx";
import { liveStream, Streams } from "./live.ts";
import { searched, wordsOf } from "./search.tsx";
import { blank, send } from "./trying.ts";
import {
  demandOwnForm,
  forgetToken,
  HEADERS,
  keepToken,
  mayDo,
  pageAfter,
  visitOf,
  visitWith,
} from "./visit.ts";
import type { Visit } from "./visit.ts";
import { Watcher } from "./watcher.ts";

type Status = 200 | 400 | 401 | 403 | 404 | 413 | 422 | 429 | 500 | 503 | 504;

/** Adds the console's pages to the routes; they are clients of the others. */
export function consoleRoutes(parent: Hono, context: Context): void {
  const app = new Hono();
  const pages = new Pages(context, parent);
  app.onError((error, c) => pages.trouble(c, error));
  assetRoutes(app);
  accessRoutes(app, pages);
  courtRoutes(app, pages);
  formRoutes(app, pages);
  app.get("/console/*", () => {
    throw new Problem("not-found", "The console has no such page.");
  });
  parent.route("/", app);
}

/** What all routes share. */
class Pages {
  readonly context: Context;
  readonly streams = new Streams();
  readonly #parent: Hono;

  constructor(context: Context, parent: Hono) {
    this.context = context;
    this.#parent = parent;
  }

  api(c: Call, visit: Visit): Api {
    const handle = (request: Request) => this.#parent.fetch(request);
    return new Api(handle, new URL(c.req.url).origin, visit, this.context.registry);
  }

  /** Who asks; throws {@link Unknown} for nobody known. */
  visit(c: Call): Visit {
    const visit = visitOf(c, this.context.tokens);
    if (visit === null) throw new Unknown();
    return visit;
  }

  /** Who sends a form of this console. */
  // Rules: TakeOwnForm, RefuseFormWithoutToken.
  sender(c: Call): Visit {
    demandOwnForm(c);
    return this.visit(c);
  }

  show(
    c: Call,
    shown: Omit<Parameters<typeof Page>[0], "courts">,
    status: Status = 200,
  ): Response | Promise<Response> {
    const { courts } = this.context.deployment;
    return html(c, htmlOf(<Page courts={courts} {...shown} />), status);
  }

  signIn(c: Call, next: string, complaint?: string): Response | Promise<Response> {
    c.header("WWW-Authenticate", "Bearer");
    const asking = { next, ...(complaint === undefined ? {} : { complaint }) };
    return this.show(
      c,
      { title: "Sign in", token: null, court: null, children: <SignIn {...asking} /> },
      401,
    );
  }

  /** Every error as a page. */
  trouble(c: Call, error: unknown): Response | Promise<Response> {
    if (error instanceof Unknown) {
      const { pathname, search } = new URL(c.req.url);
      return this.signIn(c, c.req.method === "GET" ? `${pathname}${search}` : "/console");
    }
    const problem = error instanceof Problem ? error : this.#unforeseen(c, error);
    const { title, status } = problemDocument(problem, c.req.path);
    const token = visitOf(c, this.context.tokens)?.token ?? null;
    const children = <Trouble title={title} detail={problem.message} />;
    return this.show(c, { title, token, court: null, children }, status as Status);
  }

  #unforeseen(c: Call, error: unknown): Problem {
    return new Problem(
      "internal",
      `The log has it as ${logged(error, `${c.req.method} ${c.req.path}`)}.`,
    );
  }
}

/** Nobody known asks: told by the form to sign in. */
class Unknown extends Error {
  override readonly name = "Unknown";
}

function html(c: Call, page: string, status: Status): Response | Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  return c.html(`<!doctype html>${page}`, status);
}

function served({ type, text }: Asset): Response {
  return new Response(text, {
    headers: {
      "Content-Type": type,
      "Cache-Control": "public, max-age=31536000, immutable",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
    },
  });
}

function assetRoutes(app: Hono): void {
  app.get("/console/style.css", () => served(ASSETS.style));
  app.get("/console/script.js", () => served(ASSETS.script));
  app.get("/console/icon.svg", () => served(ASSETS.icon));
}

function accessRoutes(app: Hono, pages: Pages): void {
  // Rule: RefuseUnknownToken.
  app.post("/console/sign-in", async (c) => {
    demandOwnForm(c);
    const form = await formOf(c);
    const presented = (form["token"] ?? "").trim();
    const next = pageAfter(form["next"]);
    if (visitWith(`Bearer ${presented}`, pages.context.tokens) === null)
      return pages.signIn(
        c,
        next,
        "This token is not known here. Look for spaces or missing letters at its ends.",
      );
    keepToken(c, presented);
    return c.redirect(next, 303);
  });

  app.post("/console/sign-out", (c) => {
    demandOwnForm(c);
    forgetToken(c);
    return c.redirect("/console", 303);
  });
}

function courtRoutes(app: Hono, pages: Pages): void {
  const { context } = pages;
  const { env, deployment } = context;

  const court = async (c: Call, number: number) => {
    const visit = pages.visit(c);
    const breaking = faultByButton.told(c.req.query(), deployment);
    return pages.show(
      c,
      await courtPage(context, visit, {
        trying: blank(context.registry, number, c.req.query("type")),
        breaking,
      }),
    );
  };
  app.get("/console", (c) => court(c, 0));
  app.get("/console/courts/:court", (c) => court(c, courtIn(c.req.param("court"), deployment)));

  app.get("/console/courts/:court/live", (c) => {
    const visit = demanding(pages.visit(c), "read");
    const number = courtIn(c.req.param("court"), deployment);
    const watcher = new Watcher(context, number, mayDo(visit, "operate"));
    return liveStream(c, { streams: pages.streams, look: () => watcher.look() });
  });

  app.get("/console/courts/:court/blocks/:height", async (c) => {
    const visit = pages.visit(c);
    const number = courtIn(c.req.param("court"), deployment);
    const path = `/v1/courts/${number}/blocks/${encodeURIComponent(c.req.param("height"))}`;
    const { body, problem } = await pages.api(c, visit).ask<Block>(path);
    if (body === null)
      throw new Problem(problem?.status === 403 ? "forbidden" : "not-found", problem?.detail ?? "");
    const children = <BlockPanel block={body} quorum={deployment.quorum.q} />;
    return pages.show(c, {
      title: `Block ${body.header.height}`,
      token: visit.token,
      court: number,
      children,
    });
  });

  app.get("/console/courts/:court/incidents/:seat/:id", async (c) => {
    const visit = demanding(pages.visit(c), "operate");
    const number = courtIn(c.req.param("court"), deployment);
    const seat = indexIn(c.req.param("seat"), deployment.quorum.n, "seat");
    const id = indexIn(c.req.param("id"), Number.MAX_SAFE_INTEGER, "incident");
    const asked = clerkStub(env, deployment, number, seat).incidents(Math.max(id - 1, 0));
    const page = JSON.parse((await unlessSilent(asked, LIMITS.readMs)) ?? "[]") as Recorded[];
    const incident = page.find((each) => each.id === id);
    if (incident === undefined)
      throw new Problem(
        "not-found",
        "The seat does not show it: it is down, or the incident has made room for others.",
      );
    const children = <EvidencePanel incident={incident} seat={seat} court={number} />;
    return pages.show(c, {
      title: `Evidence of ${incident.kind}`,
      token: visit.token,
      court: number,
      children,
    });
  });
}

function formRoutes(app: Hono, pages: Pages): void {
  const { context } = pages;
  const { deployment } = context;

  app.get("/console/search", async (c) => {
    const visit = pages.visit(c);
    const asked = c.req.query();
    const words = wordsOf(asked);
    const shown = { title: "Search", token: visit.token, court: null, words };
    if (!mayDo(visit, "read")) {
      const children = (
        <Lone>
          <Lacking scope="read" what="events and entities" />
        </Lone>
      );
      return pages.show(c, { ...shown, children }, 403);
    }
    const { found, any } = await searched(pages.api(c, visit), asked);
    return pages.show(c, { ...shown, children: found }, any ? 200 : 404);
  });

  app.get("/console/submit", async (c) => {
    const visit = pages.visit(c);
    const { court = "0", type, ...typed } = c.req.query();
    const trying = blank(context.registry, courtIn(court, deployment), type, typed);
    return pages.show(c, await courtPage(context, visit, { trying, breaking: {} }));
  });

  app.post("/console/submit", async (c) => {
    const visit = pages.sender(c);
    const form = await formOf(c);
    const court = courtIn(form["court"] ?? "0", deployment);
    const { trying, status } = await send(pages.api(c, visit), court, form);
    const page = await courtPage(context, visit, { trying, breaking: {} });
    return pages.show(c, page, status as Status);
  });

  // Rules: OrderFaultByButton, NoFaultButtons.
  app.post("/console/courts/:court/fault", async (c) => {
    const visit = pages.sender(c);
    if (!deployment.faultInjection) throw new Problem("not-found", "The console has no such page.");
    const court = courtIn(c.req.param("court"), deployment);
    const order = faultByButton.ordered(await formOf(c), deployment);
    const problem = await faultByButton.passOn(pages.api(c, visit), court, order);
    if (problem === null)
      return c.redirect(
        `/console/courts/${court}?${new URLSearchParams({ done: order.kind, seat: String(order.seat) }).toString()}`,
        303,
      );
    const page = await courtPage(context, visit, {
      trying: blank(context.registry, court, undefined),
      breaking: { problem: problem.detail },
    });
    return pages.show(c, page, problem.status as Status);
  });
}

function Lone({ children }: { readonly children?: Child }) {
  return <section class="panel lone">{children}</section>;
}

/** Throws `forbidden`. */
function demanding(visit: Visit, scope: "read" | "operate"): Visit {
  if (mayDo(visit, scope)) return visit;
  throw new Problem("forbidden", `Your token lacks the scope ${scope}.`);
}

/** The texts of a form, the last of each name; throws `too-large` or `malformed`. */
async function formOf(c: Call): Promise<Record<string, string>> {
  const type = c.req.header("Content-Type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new Problem("malformed", "A form is sent as application/x-www-form-urlencoded.");
  return Object.fromEntries(new URLSearchParams(await readBody(c.req.raw)));
}
