import { beforeAll, expect, it, vi } from "vitest";
import { visit, wordsIn } from "./kit/console.ts";
import { get, migrate } from "./kit/worker.ts";

const wait = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready")).status === 200, wait);
});

it("ShowPart: each court has its page, and leads to the others", async () => {
  for (const court of [0, 1]) {
    const { status, html } = await visit(`/console/courts/${court}`);
    expect(status).toBe(200);
    expect(wordsIn(html)).toContain(`Court ${court} is in agreement`);
    expect(html).toContain(`<a href="/console/courts/${court}" aria-current="page"`);
    expect(html).toContain(`<a href="/console/courts/${1 - court}">`);
    expect(html).toContain(`data-live="/console/courts/${court}/live"`);
  }
  expect((await visit("/console/courts/2")).status).toBe(404);
});
