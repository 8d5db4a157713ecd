import { expect, it } from "vitest";
import { Answers } from "../objects/clerk/answers.ts";
import { Scribe } from "./kit/blocks.ts";

it("InstallWholeState: a duplicate whose first use lies below a taken state is answered without it, for that block is not here", () => {
  const scribe = new Scribe("1");
  const sealed = scribe.seal(0, [{ id: "again", status: "duplicate" }]);
  const { header, result, certificate } = scribe.extend(0, [{ sealed }]);
  const outcome = JSON.stringify({ status: "duplicate", first: { height: 3, index: 0 } });
  const asked: number[] = [];
  const chain = (lowest: number) => ({
    decided: () => [{ height: 9, first: 0, count: 1, index: 0 }],
    head: (height: number) => {
      asked.push(height);
      return { header, result, certificate };
    },
    outcomes: () => [outcome],
    lowest: () => lowest,
  });
  expect(new Answers(chain(5)).of(sealed.writ)[0]?.firsts).toEqual([]);
  expect(asked).toEqual([9]);
  expect(new Answers(chain(3)).of(sealed.writ)[0]?.firsts).toHaveLength(1);
  expect(asked).toEqual([9, 9, 3]);
});
