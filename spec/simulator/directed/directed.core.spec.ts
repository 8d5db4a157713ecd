import { expect, it } from "vitest";
import { runDirected } from "./direct.ts";
import { SCHEDULES, scheduleOf } from "./schedule.ts";

const RUNS = 250;

it("directed schedules of a court with one liar break nothing, and get somewhere", () => {
  const runs = Array.from({ length: RUNS }, (_, index) => runDirected(index));
  expect(runs.flatMap(({ violation }) => violation ?? [])).toEqual([]);
  const most = (of: (run: (typeof runs)[number]) => number) => Math.max(...runs.map(of));
  expect(most(({ heights }) => heights)).toBeGreaterThan(2);
  expect(most(({ views }) => views)).toBeGreaterThan(4);
});

it("a directed run is the same for its number, and no two numbers have the same schedule", () => {
  for (const index of [0, 7, SCHEDULES - 1]) {
    const { steps, heights, views } = runDirected(index);
    expect(runDirected(index), `run ${index}`).toMatchObject({ steps, heights, views });
  }
  const drawn = Array.from({ length: 2_000 }, (_, index) => {
    const { liar, lie, phases } = scheduleOf(index);
    return JSON.stringify([liar, lie, phases.map(({ sides, reach }) => [sides, reach])]);
  });
  // Some styles stand in the list more than once.
  expect(new Set(drawn).size).toBeGreaterThan(1_990);
});
