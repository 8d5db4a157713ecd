// A headless Chromium of the machine's own, driven by playwright-core, and the console's page in it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** Where distributions put it; `CHROMIUM` names another. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** What a command exits with where there is no browser: neither that all is well nor that anything is wrong. */
export const NO_BROWSER = 77;

export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  return (named === undefined ? PLACES : [named]).find((path) => existsSync(path));
}

/** Says so and sets the exit code where there is none. */
export function demandChromium(): string | undefined {
  const found = findChromium();
  if (found !== undefined) return found;
  process.stderr.write(
    `assize: there is no Chromium here (looked for ${PLACES.join(", ")}): install it, or name it in CHROMIUM\n`,
  );
  process.exitCode = NO_BROWSER;
  return undefined;
}

export function launch(executablePath: string): Promise<Browser> {
  // As root, Chromium's sandbox cannot start.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args });
}

/** On a slow machine with little to spare. */
const PATIENCE_MS = 60_000;

/** Opens a page with what it says gone wrong collected in `complaints`. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions,
  complaints: string[] = [],
): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // That a request was refused is what some checks are about.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  return page;
}

/** Signs in by the form, with the keyboard alone. */
export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/console`);
  await page.locator("#token").fill(token);
  await page.keyboard.press("Enter");
  await page.locator("#seat-0").waitFor();
  // With its form for goods that came in, of all that the deployment takes.
  await page.goto(`${url}/console/courts/0?type=stock.received`);
  await page.locator("#seat-0").waitFor();
}

export const isLive = (page: Page): Promise<void> =>
  page.locator('#pulse[data-state="live"]').waitFor();
