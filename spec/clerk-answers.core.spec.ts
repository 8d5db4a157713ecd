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
    decided: () => [{ height: 9, first: 0, count: 1, index: 0, complete: true }],
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

it("AdoptDecidedWrit: a number is answered as it was decided, whatever writ it is asked with; in part it is not", () => {
  const scribe = new Scribe("1");
  const sealed = scribe.seal(0, [{ id: "decided" }]);
  const { header, result, certificate, outcomes } = scribe.extend(0, [{ sealed }]);
  const chain = (complete: boolean) => ({
    decided: () => [{ height: 1, first: 0, count: 1, index: 0, complete }],
    head: () => ({ header, result, certificate }),
    outcomes: () => [...outcomes],
    lowest: () => 1,
  });
  const longer = { ...sealed.writ, events: ["{}", "{}", "{}"] };
  expect(new Answers(chain(true)).of(longer)).toMatchObject([{ index: 0, first: 0, outcomes }]);
  expect(new Answers(chain(false)).of(longer)).toEqual([]);
});
