import { describe, expect, it } from "vitest";
import { Cluster } from "./kit/cluster.ts";

describe("the normal case", () => {
  it("DecideByQuorum: four seats decide one block", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a", "b"]));
    court.settle();
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });
  it("leader dead", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a", "b"]));
    court.settle();
    court.crash(0);
    court.giveAll(court.writ(2, ["c"]));
    court.pass(5000);
    expect(court.heights()).toEqual([1, 2, 2, 2]);
    court.restart(0);
    court.pass(5000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    court.giveAll(court.writ(3, ["d"]));
    court.pass(5000);
    expect(court.heights()).toEqual([3, 3, 3, 3]);
  });
  it("all restart", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a", "b"]));
    court.settle();
    for (let s = 0; s < 4; s++) {
      court.crash(s);
    }
    for (let s = 0; s < 4; s++) {
      court.restart(s);
    }
    court.settle();
    court.give(0, court.writ(2, ["c"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.seats.map((s) => s.view)).toEqual([1, 1, 1, 1]);
  });
  it("corrupt", () => {
    const court = new Cluster();
    court.corrupt.add(2);
    court.give(0, court.writ(1, ["a", "b"]));
    court.settle();
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    console.log(court.incidents.map((i) => i.map((x) => x.kind)));
  });
  it("solo", () => {
    const court = new Cluster("solo", 1);
    court.give(0, court.writ(1, ["a", "b"]));
    expect(court.heights()).toEqual([1]);
  });
  it("detect", () => {
    const court = new Cluster("detect", 2);
    court.give(0, court.writ(1, ["a", "b"]));
    court.settle();
    expect(court.heights()).toEqual([1, 1]);
  });
});
