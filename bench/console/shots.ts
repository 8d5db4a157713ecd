// npm run console:shots: the pictures of docs/console.md, taken of a real court in a real browser.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";

import { main } from "../lib/command.ts";
import { root } from "../lib/tools.ts";
import { demandChromium, isLive, launch, openPage, signIn } from "./browser.ts";
import { sendEvents, serve } from "./serving.ts";
import type { Served } from "./serving.ts";

const folder = join(root, "docs/console");
const DESK = { viewport: { width: 1120, height: 780 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true };

/** What is seen from the top of the page, or of one part of it. */
async function shoot(page: Page, name: string, part?: string): Promise<void> {
  const options = { path: join(folder, `${name}.png`), animations: "disabled" } as const;
  await page.evaluate("scrollTo(0, 0)");
  if (part === undefined) await page.screenshot(options);
  else await page.locator(part).screenshot(options);
  process.stdout.write(`  docs/console/${name}.png\n`);
}

/** Until so much was decided that charts and blocks have something to show. */
async function traffic(served: Served, prefix: string, requests: number): Promise<void> {
  for (let sent = 0; sent < requests; sent++)
    await sendEvents(served, `${prefix}-${sent}`, 1 + ((sent * 7) % 9));
}

/** Sends on until the page says so. */
async function trafficUntil(
  served: Served,
  prefix: string,
  page: Page,
  saying: string,
): Promise<void> {
  const title = page.locator("#verdict h1", { hasText: saying });
  for (let round = 0; (await title.count()) === 0; round++)
    await traffic(served, `${prefix}-${round}`, 1);
}

/** Until the page is as new as the ledger. */
async function settled(page: Page): Promise<void> {
  const [height, published] = ["Height", "Published"].map((name) =>
    page.locator("#verdict .figures div", { hasText: name }).locator("dd"),
  );
  while ((await height?.innerText()) !== (await published?.innerText()))
    await page.waitForTimeout(100);
}

/** A seat that lies: before, told to, seen, gone on without, and healed. */
async function lie(page: Page, served: Served): Promise<void> {
  await shoot(page, "lie-1-before");
  await page.locator("#break-seat-2").check();
  await page.locator("#break-corrupt-outcome").click();
  await page.locator("#break .answer").waitFor();
  await shoot(page, "lie-2-pressed", "#break");
  await trafficUntil(served, "lie", page, "outvotes seat 2");
  await settled(page);
  await shoot(page, "lie-3-outvoted");
  await traffic(served, "on", 3);
  await settled(page);
  await shoot(page, "lie-4-noted", "#noted");
  await page.locator("#break-heal").click();
  await trafficUntil(served, "healed", page, "is in agreement");
  await settled(page);
  await shoot(page, "lie-5-healed");
}

async function alike(browser: Browser, served: Served): Promise<void> {
  const dark = await openPage(browser, { ...DESK, colorScheme: "dark" });
  await signIn(dark, served.url, served.token);
  await isLive(dark);
  await shoot(dark, "court-dark");
  const phone = await openPage(browser, PHONE);
  await signIn(phone, served.url, served.token);
  await isLive(phone);
  await shoot(phone, "court-phone");
}

await main(async () => {
  const chromium = demandChromium();
  if (chromium === undefined) return;
  mkdirSync(folder, { recursive: true });
  const served = await serve();
  try {
    const browser = await launch(chromium);
    try {
      const page = await openPage(browser, DESK);
      await page.goto(`${served.url}/console`);
      await shoot(page, "sign-in");
      await signIn(page, served.url, served.token);
      await isLive(page);
      await traffic(served, "first", 20);
      await settled(page);
      await shoot(page, "court-light");
      await alike(browser, served);
      await lie(page, served);
      await page.goto(`${served.url}/console/search?q=stock/sku-3@w1`);
      await shoot(page, "entity");
      const form = await openPage(browser, DESK);
      await signIn(form, served.url, served.token);
      await form.locator("#field-quantity").fill("ten");
      await form.locator("#try-send").click();
      await form.locator("#complaint-quantity").waitFor();
      await shoot(form, "bad-input", "#try");
    } finally {
      await browser.close();
    }
  } finally {
    await served.stop();
  }
});
