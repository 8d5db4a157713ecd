/** What is made of a profile of V8's. */
import { expect, it } from "vitest";
import { sharesOf } from "../bench/load/profile.ts";

const frame = (functionName: string, url = "", lineNumber = -1) => ({
  functionName,
  url,
  lineNumber,
});

it("a function has its own time and that of what it calls, once though it calls itself, of the time that something ran", () => {
  const shares = sharesOf({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 3] },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("step", "file:///w/index.js", 9), children: [4] },
      { id: 4, callFrame: frame("step", "file:///w/index.js", 9), children: [5] },
      { id: 5, callFrame: frame("exec") },
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [1000, 1000, 2000, 1000],
  });
  expect(shares).toEqual({
    ms: 5,
    idleMs: 1,
    functions: [
      { name: "step index.js:10", self: 0.75, total: 1 },
      { name: "exec", self: 0.25, total: 0.25 },
    ],
  });
});
