/** The console over the real objects: who is let in, what is shown to whom, and what its forms do. */
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { fetchHandler } from "../worker/http/app.ts";
import { pageAfter } from "../worker/console/visit.ts";
import { sendForm, shown, visit, wordsIn } from "./kit/console.ts";
import { ask, get, migrate, post, requestOf } from "./kit/worker.ts";

const wait = { timeout: 60_000, interval: 50 };

const received = (id: string, item: string, quantity = 1) => ({
  id,
  type: "stock.received",
  data: { item, warehouse: "w1", quantity },
});
const fieldsOf = (id: string, quantity = "7") => ({
  court: "0",
  type: "stock.received",
  id,
  copies: "1",
  "data.item": "sku-f",
  "data.warehouse": "w1",
  "data.quantity": quantity,
});

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready")).status === 200, wait);
  await post("/v1/events", received("first", "sku-1"));
});

describe("who is let in", () => {
  it("AskForToken: nobody is shown anything but the form, which leads back to what was asked for", async () => {
    const { status, html } = await visit("/console/courts/0", null);
    expect(status).toBe(401);
    expect(html).toContain('action="/console/sign-in"');
    expect(html).toContain('name="next" value="/console/courts/0"');
    expect(html).not.toContain("Seat 0");
    expect((await visit("/console/search?q=first", null)).status).toBe(401);
    expect((await visit("/console/courts/0/live", null)).status).toBe(401);
  });

  it("AskForToken: a cookie that is no known token counts for nothing", async () => {
    const answer = await ask("GET", "/console", {
      token: null,
      headers: { Cookie: "assize-token=test-token-nobody" },
    });
    expect(answer.status).toBe(401);
  });

  it("TakeVisit, AdmitVisitor: by cookie, or as a client of HTTP sends its token", async () => {
    expect((await visit("/console")).status).toBe(200);
    expect((await shown(await get("/console"))).status).toBe(200);
  });

  it("KeepToken: in a cookie that no script reads and no other site's request brings", async () => {
    const form = { token: " test-token-read ", next: "/console/search?q=a" };
    const { status, location, setCookie } = await sendForm("/console/sign-in", form, {
      token: null,
    });
    expect([status, location]).toEqual([303, "/console/search?q=a"]);
    expect(setCookie).toMatch(/^assize-token=test-token-read;/);
    expect(setCookie).toContain("; HttpOnly");
    expect(setCookie).toContain("; SameSite=Strict");
    expect(setCookie).toContain("; Path=/console");
    expect(setCookie).not.toContain("Secure");
  });

  it("KeepToken: over https under a name that no other host can set, and it is read there", async () => {
    const handler = fetchHandler();
    const secure = (method: string, path: string, headers: Record<string, string>, body?: string) =>
      handler(
        new Request(`https://assize.test${path}`, {
          method,
          headers,
          redirect: "manual",
          ...(body === undefined ? {} : { body }),
        }),
        env,
      );
    const form = {
      Origin: "https://assize.test",
      "Content-Type": "application/x-www-form-urlencoded",
    };
    const signed = await secure("POST", "/console/sign-in", form, "token=test-token-read");
    const kept = signed.headers.get("Set-Cookie") ?? "";
    expect(kept).toMatch(/^__Host-assize-token=/);
    for (const part of ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"])
      expect(kept).toContain(`; ${part}`);
    const [pair = ""] = kept.split(";");
    expect((await secure("GET", "/console", { Cookie: pair })).status).toBe(200);
    const plain = pair.replace("__Host-", "");
    expect((await secure("GET", "/console", { Cookie: plain })).status).toBe(401);
  });

  it("KeepToken: afterwards no address leads out of the console", () => {
    const inside = ["/console", "/console/courts/1", "/console?type=a"];
    expect(inside.map(pageAfter)).toEqual(inside);
    const outside = [
      "https://evil.example",
      "//evil.example/console",
      "/\\evil.example",
      "/v1/events",
    ];
    for (const path of [
      ...outside,
      "/consolex",
      "/console/../v1/live",
      "javascript:alert(1)",
      undefined,
    ])
      expect(pageAfter(path)).toBe("/console");
  });

  it("RefuseUnknownToken: with the form again, and without what was typed", async () => {
    const form = { token: "mistyped-secret", next: "/console" };
    const { status, html, setCookie } = await sendForm("/console/sign-in", form, { token: null });
    expect([status, setCookie]).toEqual([401, ""]);
    expect(html).toContain("not known here");
    expect(html).not.toContain("mistyped-secret");
  });

  it("ForgetToken: signing out takes the cookie away", async () => {
    const { status, setCookie } = await sendForm("/console/sign-out", {});
    expect(status).toBe(303);
    expect(setCookie).toMatch(/^assize-token=; Max-Age=0/);
  });
});

describe("forms of others", () => {
  const foreign: Record<string, Record<string, string>> = {
    "another origin": { Origin: "https://evil.example" },
    "another port": { Origin: "http://assize.test:8080" },
    "no origin": {},
    "an opaque origin": { Origin: "null" },
    "another site, as the browser says": {
      Origin: "http://assize.test",
      "Sec-Fetch-Site": "cross-site",
    },
    "a sibling of the site": { Origin: "http://assize.test", "Sec-Fetch-Site": "same-site" },
  };

  it.each(Object.entries(foreign))(
    "RefuseForeignForm, RefuseForeignSignIn: %s is refused before anything is done",
    async (_, headers) => {
      const signIn = { token: "test-token-all" };
      const signed = await sendForm("/console/sign-in", signIn, { token: null, headers });
      expect([signed.status, signed.setCookie]).toEqual([403, ""]);
      expect((await sendForm("/console/submit", fieldsOf("foreign"), { headers })).status).toBe(
        403,
      );
      const fault = { seat: "1", kind: "crash" };
      expect((await sendForm("/console/courts/0/fault", fault, { headers })).status).toBe(403);
      expect((await sendForm("/console/sign-out", {}, { headers })).setCookie).toBe("");
      expect((await get("/v1/events/foreign")).status).toBe(404);
    },
  );

  it("TakeOwnForm, RefuseFormWithoutToken: without a token not even one's own", async () => {
    expect((await sendForm("/console/submit", fieldsOf("own"), { token: null })).status).toBe(401);
    expect((await sendForm("/console/submit", fieldsOf("own"))).status).toBe(200);
  });
});

describe("what is shown", () => {
  it("ShowPart, WorksFrozen: seats, blocks, pace, and forms, without any script", async () => {
    const { html } = await visit("/console");
    const words = wordsIn(html);
    for (const part of ["Court 0 is in agreement", "Seat 3", "Western Europe", "3 of 3"])
      expect(words).toContain(part);
    expect(words).toContain("Events per second");
    expect(html).toContain('id="block-1"');
    expect(html.match(/<form[^>]*>/g)?.every((form) => form.includes(' action="/console/'))).toBe(
      true,
    );
  });

  it("WithholdPart: a token that may only read sees courts, and what it lacks said in its place", async () => {
    const { status, html } = await visit("/console", "read");
    expect(status).toBe(200);
    const words = wordsIn(html);
    expect(words).toContain("Seat 0");
    expect(words).toContain(
      "Your token lacks the scope operate , which shows blocks, and who signed them",
    );
    expect(words).toContain("lacks the scope submit");
    expect(html).not.toContain('id="block-1"');
    expect(html).not.toContain('id="break-crash"');
    expect((await visit("/console/courts/0/blocks/1", "read")).status).toBe(403);
    expect((await visit("/console/courts/0/incidents/0/1", "read")).status).toBe(403);
  });

  it("WithholdPart: a token that may only submit has the form and no view of the court", async () => {
    const { html } = await visit("/console", "submit");
    expect(html).not.toContain("Seat 0");
    expect(html).toContain('id="try-send"');
    expect((await visit("/console/search?q=first", "submit")).status).toBe(403);
    expect((await visit("/console/courts/0/live", "submit")).status).toBe(403);
  });

  it("ShowProvenBlock: a block's page has its signatures and outcomes", async () => {
    const { status, html } = await visit("/console/courts/0/blocks/1");
    expect(status).toBe(200);
    expect(wordsIn(html)).toContain("3 signatures in view 0, 3 needed");
    expect((await visit("/console/courts/0/blocks/999999")).status).toBe(404);
  });

  it("NothingForeignRuns: script and style come from here, are not asked a token for, and are what pages name", async () => {
    const { html } = await visit("/console", null);
    const named = [...html.matchAll(/(?:src|href)="(\/console\/[a-z]+\.[a-z]+\?v=[0-9a-f]{12})"/g)];
    expect(named).toHaveLength(3);
    for (const [, path = ""] of named) {
      const asset = await ask("GET", path, { token: null });
      expect([asset.status, asset.headers.get("X-Content-Type-Options")]).toEqual([200, "nosniff"]);
    }
  });

  it("NothingForeignRuns, TokenStaysHidden: on every kind of page", async () => {
    // `shown` looks at each: policy, nothing inline, no token.
    const paths = [
      "/console",
      "/console/courts/0",
      "/console/submit?type=stock.moved",
      "/console/nowhere",
    ];
    const found = ["/console/search?q=first", "/console/search?q=nothing", "/console/courts/9"];
    const statuses = await Promise.all(
      [...paths, ...found].map(async (path) => (await visit(path)).status),
    );
    expect(statuses).toEqual([200, 200, 200, 404, 200, 404, 404]);
  });
});

describe("search", () => {
  it("FindByName: an event, an entity with its versions, and entities that begin so", async () => {
    await vi.waitUntil(async () => {
      const answer = await get("/v1/events/first");
      return (await answer.json<{ published: boolean }>()).published;
    }, wait);
    expect(wordsIn((await visit("/console/search?q=first")).html)).toContain(
      "published in the ledger",
    );
    const entity = await visit("/console/search?q=stock/sku-1@w1");
    expect(wordsIn(entity.html)).toContain("Every version, with the event that made it");
    expect(entity.html).toContain("/console/search?event=first");
    const like = await visit("/console/search?q=sku-1");
    expect(like.html).toContain("/console/search?entity=stock%2Fsku-1%40w1");
    expect((await visit("/console/search?q=first", "other")).status).toBe(404);
  });

  it("OnlyTextIsShown: whatever an id or a search holds", async () => {
    const id = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
    expect((await post("/v1/events", received(id, "sku-x"))).status).toBe(200);
    const page = await visit(`/console/search?q=${encodeURIComponent(id)}`);
    expect(page.status).toBe(200);
    expect(page.html).not.toMatch(/<img|<script>/);
    expect(page.html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;");
    expect(wordsIn(page.html)).toContain("accepted");
    const nothing = await visit(`/console/search?q=${encodeURIComponent(`${id}2`)}`);
    expect([nothing.status, /<img|<script>/.test(nothing.html)]).toEqual([404, false]);
    const form = await sendForm("/console/submit", { ...fieldsOf(id), "data.item": id });
    expect([form.status, /<img|<script>/.test(form.html)]).toEqual([422, false]);
  });
});

describe("the submit form", () => {
  it("SubmitByForm: says what came of it, and the very same again has no second effect", async () => {
    const first = await sendForm("/console/submit", fieldsOf("form-1"));
    expect(first.status).toBe(200);
    expect(wordsIn(first.html)).toContain("accepted");
    expect(wordsIn(first.html)).toContain("stock/sku-f@w1 version");
    const again = await sendForm("/console/submit", fieldsOf("form-1"));
    expect(wordsIn(again.html)).toContain("have no second effect");
  });

  it("SubmitByForm: a complaint stands beside its field, and what was typed is still there", async () => {
    const { status, html } = await sendForm("/console/submit", fieldsOf("form-2", "minus one"));
    expect(status).toBe(422);
    expect(html).toContain('id="complaint-quantity"');
    expect(html).toMatch(/<input id="field-quantity"[^>]*aria-invalid="true"/);
    expect(html).toContain('value="minus one"');
    expect(html).toContain('value="form-2"');
    expect(wordsIn(html)).toContain("Correct what is marked and send it again.");
    const large = await sendForm("/console/submit", fieldsOf("form-2", "9007199254740993"));
    expect(wordsIn(large.html)).toContain("numbers must be integers within");
  });

  it("SubmitByForm: several differ in their id alone", async () => {
    const { status, html } = await sendForm("/console/submit", {
      ...fieldsOf("many"),
      copies: "5",
    });
    expect(status).toBe(200);
    expect(wordsIn(html)).toContain("5 accepted");
    expect((await get("/v1/events/many-5")).status).toBe(200);
    const bad = await sendForm("/console/submit", { ...fieldsOf("many", "-1"), copies: "5" });
    expect([bad.status, bad.html.includes('id="complaint-quantity"')]).toEqual([422, true]);
  });

  it("RefuseCopies: none, too many, or no number", async () => {
    for (const copies of ["0", "101", "-1", "ten", "1e1", ""]) {
      const { status, html } = await sendForm("/console/submit", { ...fieldsOf("none"), copies });
      expect([copies, status]).toEqual([copies, 422]);
      expect(html).toContain('id="complaint-copies"');
    }
  });

  it("SameDoor: a token that may not submit cannot by form either", async () => {
    const { status, html } = await sendForm("/console/submit", fieldsOf("no"), { token: "read" });
    expect(status).toBe(403);
    expect(html).toContain("lacks the scope");
    const fault = await sendForm(
      "/console/courts/0/fault",
      { seat: "1", kind: "mute" },
      { token: "read" },
    );
    expect(fault.status).toBe(403);
  });
});

describe("faults by button", () => {
  const outvoted = async (seat: number) => {
    let sent = 0;
    return vi.waitUntil(async () => {
      await post("/v1/events", received(`traffic-${seat}-${++sent}`, "sku-t"));
      const { html } = await visit("/console");
      return html.includes(`outvotes seat ${seat}`) ? html : null;
    }, wait);
  };

  it("OrderFaultByButton, ShowOutvoted: a seat that computes wrongly is outvoted, and its evidence is shown", async () => {
    const pressed = await sendForm("/console/courts/0/fault", {
      seat: "2",
      kind: "corrupt-outcome",
    });
    expect([pressed.status, pressed.location]).toEqual([
      303,
      "/console/courts/0?done=corrupt-outcome&seat=2",
    ]);
    const html = await outvoted(2);
    expect(wordsIn(html)).toContain("Seat 2 signed another result than the court agreed on");
    expect(wordsIn(html)).toContain("verified here");
    expect(html).toContain('title="seat 2 signed another result"');
    const [, path = ""] = /href="(\/console\/courts\/0\/incidents\/\d\/\d+)"/.exec(html) ?? [];
    const evidence = await visit(path);
    expect(evidence.status).toBe(200);
    expect(wordsIn(evidence.html)).toContain('"certificate"');
    await sendForm("/console/courts/0/fault", { seat: "2", kind: "heal" });
    const told = await visit(pressed.location ?? "");
    expect(wordsIn(told.html)).toContain("Seat 2 was told: it computes wrong outcomes");
  });

  it("OrderFaultByButton: what no button does is refused", async () => {
    for (const form of [
      { seat: "9", kind: "crash" },
      { seat: "1", kind: "explode" },
      { kind: "crash" },
    ])
      expect([400, 404]).toContain(
        (await sendForm("/console/courts/0/fault", { seat: "", ...form })).status,
      );
    const told = await visit("/console?done=explode&seat=1");
    expect(told.html).not.toContain("explode");
  });

  it("NoFaultButtons: where faults are off there are no buttons and no route", async () => {
    const off = { ...env, FAULT_INJECTION: "" };
    const handler = fetchHandler();
    const page = await shown(await handler(requestOf("GET", "/console"), off));
    expect(page.status).toBe(200);
    expect(page.html).not.toContain("Break it");
    const headers = {
      Origin: "http://assize.test",
      "Content-Type": "application/x-www-form-urlencoded",
    };
    const body = "seat=1&kind=mute";
    const order = requestOf("POST", "/console/courts/0/fault", { headers, body });
    expect((await shown(await handler(order, off))).status).toBe(404);
  });
});
