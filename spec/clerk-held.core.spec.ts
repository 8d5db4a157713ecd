/** What a seat shows a Warden that asks its writs back, from a chain of real blocks. */
import { expect, it } from "vitest";
import { heldWrits } from "../objects/clerk/held-writs.ts";
import { known } from "../objects/shared/assert.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Scribe } from "./kit/blocks.ts";
import { Cluster } from "./kit/cluster.ts";
import { Disk } from "./simulator/disk.ts";

const LAST = 4 * LIMITS.writsKeptPerWarden;

/** A seat that has decided so many writs of a Warden, one a block. */
function decided() {
  const [scribe, disk, seat] = [new Scribe("held"), new Disk(256), new Cluster().seat(0)];
  for (let number = 1; number <= LAST; number++) {
    const sealed = scribe.seal(0, [{ id: `e-${number}` }]);
    const block = scribe.extend(0, [{ sealed }]);
    disk.chain.keepWrits(
      block.entries.map(({ writ }) => writ),
      1,
    );
    disk.chain.append(block);
    for (const { writ, count } of block.entries)
      seat.progress.set(writ.warden, {
        warden: writ.warden,
        number: writ.number,
        next: count,
        complete: true,
      });
  }
  return { chain: disk.chain, seat, warden: known([...seat.progress.keys()][0], "its Warden") };
}

it("AskWritBack: the number asked for is shown however many have been decided since, and the last few", () => {
  const { chain, seat, warden } = decided();
  const shown = (from: number) =>
    heldWrits(chain, seat, warden, from).writs.map(({ number }) => number);
  const few = Array.from(
    { length: LIMITS.writsKeptPerWarden + 1 },
    (_, at) => LAST - LIMITS.writsKeptPerWarden + at,
  );
  expect(shown(1)).toEqual([1, ...few]);
  expect(shown(LAST)).toEqual([LAST]);
  // Of who has lost the number too, nothing above is asked.
  expect(shown(Number.MAX_SAFE_INTEGER)).toEqual([LAST]);
});
