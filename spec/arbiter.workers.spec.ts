import { expect, test } from "vitest";
import { boxes, put, run } from "./kit/boxes.ts";
import { GOLDEN_ROOTS, goldenBlocks } from "./kit/golden.ts";

test("NoAmbient: in the runtime too no decision has a clock, chance or an outside, and all of it comes back", () => {
  const reaching: readonly (() => unknown)[] = [
    () => Date.now(),
    () => new Date(),
    () => Math.random(),
    () => performance.now(),
    () => crypto.randomUUID(),
    () => setTimeout(() => {}, 0),
    () => queueMicrotask(() => {}),
    () => fetch,
    () => caches,
    () => Intl.NumberFormat(),
  ];
  const before = [Date, Math.random, performance, crypto, fetch, setTimeout, caches, Intl];
  for (const reach of reaching) {
    const domain = boxes({
      decide() {
        reach();
        return { accept: [] };
      },
    });
    expect(run(domain, put(1)).codes).toEqual(["domain_error"]);
  }
  expect([Date, Math.random, performance, crypto, fetch, setTimeout, caches, Intl]).toEqual(before);
  expect(Date.now()).toBeGreaterThan(0);
});

test("Deterministic: the runtime comes to the same roots as Node", () => {
  expect(goldenBlocks().map(({ root }) => root)).toEqual(GOLDEN_ROOTS);
});
