// npm run console:test: the console as a person uses it, in a real browser, on what `npm run serve` serves.
import { main } from "../lib/command.ts";
import { demandChromium, launch } from "./browser.ts";
import { CHECKS } from "./checks.ts";
import type { Scene } from "./checks.ts";
import { serve } from "./serving.ts";

/** How many failed. */
async function checked(scene: Scene): Promise<number> {
  let failed = 0;
  for (const [name, check] of CHECKS) {
    try {
      await check(scene);
      process.stdout.write(`  ok      ${name}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(
        `  FAILED  ${name}\n${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
  }
  return failed;
}

await main(async () => {
  const chromium = demandChromium();
  if (chromium === undefined) return;
  const served = await serve();
  try {
    const browser = await launch(chromium);
    try {
      const failed = await checked({ served, browser });
      process.stdout.write(
        `\n${CHECKS.length - failed} of ${CHECKS.length} checks in a browser hold\n`,
      );
      if (failed > 0) process.exitCode = 1;
    } finally {
      await browser.close();
    }
  } finally {
    await served.stop();
  }
});
