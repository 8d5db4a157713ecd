// What must hold of the console in a browser. The order matters where one check leaves the court as the next one finds it.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";

import { isLive, openPage, signIn } from "./browser.ts";
import { sendEvents } from "./serving.ts";
import type { Served } from "./serving.ts";

export interface Scene {
  readonly served: Served;
  readonly browser: Browser;
}

type Check = readonly [name: string, check: (scene: Scene) => Promise<void>];

const DESK = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

/** With a page that is signed in, live, and was refused nothing by its own policy. */
const onPage =
  (
    check: (page: Page, scene: Scene) => Promise<void>,
    options: Parameters<Browser["newContext"]>[0] = DESK,
  ): Check[1] =>
  async (scene) => {
    const complaints: string[] = [];
    const page = await openPage(scene.browser, options, complaints);
    try {
      await signIn(page, scene.served.url, scene.served.token);
      if (options.javaScriptEnabled !== false) await isLive(page);
      await check(page, scene);
      deepEqual(complaints, [], "the browser complains of nothing");
    } finally {
      await page.context().close();
    }
  };

const text = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().innerText()).replaceAll(/\s+/g, " ");

/** Waits until the element's text fits; the text in the message where it never does. */
async function becomes(page: Page, selector: string, pattern: RegExp): Promise<void> {
  const located = page.locator(selector).filter({ hasText: pattern });
  try {
    await located.first().waitFor({ state: "attached" });
  } catch {
    match(await text(page, selector), pattern);
  }
}

/** One event after another until something is to be seen: dissent shows where something is decided. */
async function sendingUntil(scene: Scene, prefix: string, seen: Promise<void>): Promise<void> {
  const state = { over: false };
  const watched = seen.finally(() => {
    state.over = true;
  });
  for (let sent = 0; !state.over; sent++) await sendEvents(scene.served, `${prefix}-${sent}`, 3);
  await watched;
}

async function find(page: Page, words: string): Promise<void> {
  await page.locator("#search").fill(words);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/search/);
}

const heightOf = async (page: Page): Promise<number> =>
  Number((await text(page, "#verdict dd")).replaceAll(",", ""));

/** Serious and critical findings of axe-core. */
async function findingsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document)");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${page.url()}: ${id}: ${node.html}`));
}

const signedOut: Check = [
  "a visitor is asked for a token, and told that a wrong one is not known",
  async ({ browser, served }) => {
    const page = await openPage(browser, DESK);
    const answer = await page.goto(`${served.url}/console`);
    equal(answer?.status(), 401);
    equal(await page.evaluate("document.activeElement.id"), "token");
    await page.keyboard.type("no-such-token");
    await page.keyboard.press("Enter");
    await becomes(page, "#token-complaint", /not known here/);
    equal(await page.locator("#token").inputValue(), "");
    deepEqual(await page.context().cookies(), []);
    await page.context().close();
  },
];

const cookie: Check = [
  "the token is in a cookie that scripts cannot read and other sites do not bring",
  onPage(async (page, { served }) => {
    const [kept] = await page.context().cookies(`${served.url}/console`);
    deepEqual([kept?.httpOnly, kept?.sameSite, kept?.path], [true, "Strict", "/console"]);
    equal(await page.evaluate("document.cookie"), "");
    ok(!(await page.content()).includes(served.token));
  }),
];

const submits: Check = [
  "an event is sent by form, and its block comes in without a reload",
  onPage(async (page) => {
    const before = await heightOf(page);
    await page.evaluate("window.same = true");
    await page.locator("#field-item").fill("sku-browser");
    await page.locator("#field-warehouse").fill("w1");
    await page.locator("#field-id").fill("browser-1");
    await page.locator("#try-send").click();
    await becomes(page, "#try .answer", /accepted stock\/sku-browser@w1 version 1/);
    await page.locator(`#block-${before + 1}`).waitFor();
    equal(await page.evaluate("window.same"), true);
    await becomes(page, "#told", /browser-1 is accepted/);
    await page.locator("#try-again").click();
    await becomes(page, "#try .answer", /have no second effect/);
  }),
];

const complains: Check = [
  "bad input is answered beside its field, and nothing typed is lost",
  onPage(async (page) => {
    await page.locator("#field-quantity").fill("ten");
    await page.locator("#field-id").fill("browser-bad");
    await page.locator("#try-send").click();
    await becomes(page, "#complaint-quantity", /expected number/);
    equal(await page.locator("#field-quantity").inputValue(), "ten");
    equal(await page.locator("#field-id").inputValue(), "browser-bad");
    equal(
      await page.locator("#field-quantity").getAttribute("aria-describedby"),
      "complaint-quantity",
    );
    await page.locator("#field-quantity").fill("3");
    await page.locator("#try-send").click();
    await becomes(page, "#try .answer", /accepted/);
  }),
];

const chooses: Check = [
  "another type has other fields, at once",
  onPage(async (page) => {
    await page.locator("#type").selectOption("stock.moved");
    await page.locator("#field-to").waitFor();
    await page.locator("#field-item").fill("sku-nowhere");
    await page.locator("#try-send").click();
    await becomes(page, "#try .answer", /rejected insufficient_stock/);
  }),
];

const draws: Check = [
  "many events are counted and drawn",
  onPage(async (page) => {
    await page.locator("#field-copies").fill("40");
    await page.locator("#try-send").click();
    await becomes(page, "#try .answer", /40 accepted/);
    await becomes(page, "#pace .now", /[1-9]/);
    ok((await page.locator("#pace .bars").first().getAttribute("d"))?.startsWith("M") === true);
  }),
];

const searches: Check = [
  "an entity is found with its history, and the event that made it",
  onPage(async (page) => {
    await find(page, "stock/sku-browser@w1");
    await becomes(page, "main", /Version 1, agreed as of height/);
    await page.locator("main a", { hasText: "browser-1" }).first().click();
    await becomes(page, "main", /Event browser-1 accepted stock\.received/);
    await find(page, "no-such-thing");
    await becomes(page, "main", /Nothing is called so/);
  }),
];

const outvotes: Check = [
  "a seat told to lie is outvoted in red, with its evidence, and the court goes on; healed, it is back",
  onPage(
    async (page, scene) => {
      await page.locator("#break-seat-2").check();
      await page.locator("#break-corrupt-outcome").click();
      await becomes(page, "#break .answer", /Seat 2 was told/);
      await sendingUntil(scene, "lie", becomes(page, "#verdict h1", /outvotes seat 2/));
      await becomes(page, "#seat-2 .state", /outvoted/);
      await page.locator("#blocks .dissented").first().waitFor();
      await becomes(page, "#noted .guilt", /Seat 2 signed another result than the court agreed on/);
      equal(await page.locator("#break-seat-2").isChecked(), true);
      const before = await heightOf(page);
      await sendEvents(scene.served, "meanwhile", 1);
      await page.locator(`#block-${before + 1}`).waitFor();
      deepEqual(await findingsOn(page), []);
      await page.locator("#break-heal").click();
      await sendingUntil(scene, "heal", becomes(page, "#verdict h1", /is in agreement/));
      await page.locator("#noted .guilt a").first().click();
      await becomes(page, "main", /Evidence of dissent.*"prepare".*"certificate"/s);
    },
    { ...DESK, bypassCSP: true },
  ),
];

const crashes: Check = [
  "a crashed leader is replaced before one's eyes, and comes back",
  onPage(async (page, scene) => {
    const leader = Number((await text(page, "#verdict .figures div:last-child dd")).split(" ")[1]);
    await page.locator(`#break-seat-${leader}`).check();
    await page.locator("#break-crash").click();
    await becomes(page, `#seat-${leader} .state`, /unreachable/);
    await sendEvents(scene.served, "leaderless", 1);
    await becomes(page, `#seat-${(leader + 1) % 4} .leads`, /leads/);
    await becomes(page, "#verdict h1", new RegExp(`agrees without seat ${leader}`));
    await becomes(page, "#verdict h1", /is in agreement/);
  }),
];

/** Ids or words of what has the focus, Tab by Tab, to the end of the page. */
async function tabStops(page: Page): Promise<string[]> {
  const stops: string[] = [];
  const focused = `(({ id, className, textContent }) => id || className || textContent)(document.activeElement)`;
  const outline = "getComputedStyle(document.activeElement).outlineStyle";
  for (;;) {
    await page.keyboard.press("Tab");
    const atEnd = await page.evaluate("document.activeElement === document.body");
    const stop = String(await page.evaluate(focused));
    if (atEnd === true || stop === stops[0] || stops.length > 120) return stops;
    ok((await page.evaluate(outline)) !== "none", `${stop} shows that it has the focus`);
    stops.push(stop);
  }
}

const keyboard: Check = [
  "everything is reached and seen by keyboard, beginning with the way past the header",
  onPage(async (page) => {
    await page.evaluate("document.activeElement.blur()");
    const stops = await tabStops(page);
    equal(stops[0], "skip");
    const wanted = [
      "search",
      "type",
      "field-item",
      "field-id",
      "field-copies",
      "try-send",
      "break-crash",
      "break-heal",
    ];
    deepEqual(
      wanted.filter((id) => !stops.includes(id)),
      [],
    );
    ok(stops.some((stop) => stop.startsWith("block-")));
    ok(stops.some((stop) => stop.startsWith("break-seat-")));
    await page.locator("#search").focus();
    await page.keyboard.press("Tab");
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    match(page.url(), /#main$/);
  }),
];

const keepsFocus: Check = [
  "what has the focus keeps it while the page goes on",
  onPage(async (page, scene) => {
    const before = await heightOf(page);
    await page.locator(`#block-${before}`).focus();
    await sendEvents(scene.served, "focus", 1);
    await page.locator(`#block-${before + 1}`).waitFor();
    equal(await page.evaluate("document.activeElement.id"), `block-${before}`);
    await page.locator("#field-item").fill("half typ");
    await sendEvents(scene.served, "typing", 1);
    await page.locator(`#block-${before + 2}`).waitFor();
    equal(await page.evaluate("document.activeElement.id"), "field-item");
    equal(await page.locator("#field-item").inputValue(), "half typ");
  }),
];

const phone: Check = [
  "on a phone nothing is wider than the screen, and what is touched is large enough",
  onPage(async (page) => {
    for (const path of ["/console", "/console/search?q=browser-1", "/console/courts/0/blocks/1"]) {
      await page.goto(new URL(path, page.url()).href);
      const [wide, screen] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, innerWidth]",
      );
      ok(wide <= screen, `${path} is ${wide} wide on a screen of ${screen}`);
    }
    await page.goto(new URL("/console", page.url()).href);
    const small = await page.evaluate<string[]>(
      "[...document.querySelectorAll('button:not(.frozen):not(.plain), select, fieldset label')].filter((each) => each.getBoundingClientRect().height < 40).map((each) => each.outerHTML)",
    );
    deepEqual(small, []);
  }, PHONE),
];

const dark: Check = [
  "light and dark follow what the person has chosen",
  async (scene) => {
    const paper = async (colorScheme: "light" | "dark"): Promise<number> => {
      let sum = 0;
      await onPage(
        async (page) => {
          const color = String(
            await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
          );
          sum = (color.match(/\d+/g) ?? [])
            .slice(0, 3)
            .reduce((all, each) => all + Number(each), 0);
        },
        { ...DESK, colorScheme },
      )(scene);
      return sum;
    };
    ok((await paper("light")) > 600);
    ok((await paper("dark")) < 150);
  },
];

const accessible: Check = [
  "axe-core finds nothing serious, light or dark, on any kind of page",
  async (scene) => {
    const findings: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const options = { ...DESK, colorScheme, bypassCSP: true };
      const asked = await openPage(scene.browser, options);
      await asked.goto(`${scene.served.url}/console`);
      findings.push(...(await findingsOn(asked)));
      await asked.context().close();
      await onPage(async (page) => {
        const paths = [
          "/console",
          "/console/search?q=stock/sku-browser@w1",
          "/console/search?q=browser-1",
          "/console/courts/0/blocks/1",
          "/console/search?q=none",
        ];
        for (const path of paths) {
          await page.goto(new URL(path, page.url()).href);
          findings.push(...(await findingsOn(page)));
        }
      }, options)(scene);
    }
    deepEqual(findings, []);
  },
];

const frozen: Check = [
  "without JavaScript the page shows the court as it is, and its forms work",
  onPage(
    async (page) => {
      equal(await text(page, "#pulse"), "frozen");
      ok((await page.locator("#blocks tbody tr").count()) > 3);
      await page.locator("#type").selectOption("stock.counted");
      await page.locator("#choose").click();
      await page.locator("#field-id").fill("frozen-1");
      await page.locator("#try-send").click();
      await becomes(page, "#try .answer", /accepted/);
      await page.locator("#break-seat-3").check();
      await page.locator("#break-mute").click();
      await page.waitForURL(/done=mute&seat=3/);
      await becomes(page, "#break .answer", /Seat 3 was told/);
      await page.locator("#break-heal").click();
      await page.waitForURL(/done=heal&seat=3/);
    },
    { ...DESK, javaScriptEnabled: false },
  ),
];

const signsOut: Check = [
  "signing out forgets the token",
  onPage(async (page, { served }) => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#token").waitFor();
    deepEqual(await page.context().cookies(`${served.url}/console`), []);
  }),
];

export const CHECKS: readonly Check[] = [
  signedOut,
  cookie,
  submits,
  complains,
  chooses,
  draws,
  searches,
  outvotes,
  crashes,
  keyboard,
  keepsFocus,
  phone,
  dark,
  accessible,
  frozen,
  signsOut,
];
