import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Chain } from "../objects/clerk/chain.ts";
import type { Offer } from "../objects/clerk/consensus/messages.ts";
import { SeatNotes } from "../objects/clerk/notes.ts";
import { StateRoots } from "../objects/clerk/roots.ts";
import { stateSource } from "../objects/clerk/source.ts";
import { StandingNote } from "../objects/clerk/standing.ts";
import { StateDesk } from "../objects/clerk/state-desk.ts";
import { AgreedState } from "../objects/clerk/state.ts";
import { known } from "../objects/shared/assert.ts";
import { Notes } from "../objects/shared/shell/identity.ts";
import type { Block } from "../objects/shared/types.ts";
import { Scribe } from "./kit/blocks.ts";
import { eventually, received, seatStatus, settle } from "./kit/deployment.ts";
import { bystander, endLife, followed, within } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const EVERY = 4;

/** A seat's tables that no seat uses, opened anew for each life. */
function inStorage(name: string, work: (life: () => Held) => void): Promise<void> {
  const nobody = env.CLERK.getByName(`nobody/${name}`);
  return runInDurableObject(nobody, (_, { storage: { sql } }) =>
    work(() => {
      const [notes, chain] = [new SeatNotes(new Notes(sql)), new Chain(sql)];
      const state = new AgreedState(sql, EVERY);
      const source = stateSource(state, chain, 2);
      const roots = new StateRoots(source, notes, EVERY);
      const standing = new StandingNote(notes);
      const held = { notes, standing, chain, state, roots, source, every: EVERY, wardens: 2 };
      return { chain, desk: new StateDesk(sql, held), standing };
    }),
  );
}

interface Held {
  readonly chain: Chain;
  readonly desk: StateDesk;
  readonly standing: StandingNote;
}

function offerOf(blocks: readonly Block[], base: number): Offer {
  const anchor = known(blocks[base - 1], "a block");
  return { anchor, rooted: known(blocks.at(-1), "a block"), parts: [], controls: [] };
}

describe("a state that takes the place of another", () => {
  it("KeepVotesOverInstall: below what the seat has decided it has its voice back only when it is there again", () =>
    inStorage("below", (life) => {
      const scribe = new Scribe("desk");
      const blocks = Array.from({ length: 7 }, (_, at) =>
        scribe.extend(0, [{ sealed: scribe.seal(0, [{ id: `${at}` }]) }]),
      );
      const append = ({ chain, desk }: Held, heights: number[]) =>
        heights.map((height) => {
          chain.append(known(blocks[height - 1], "a block"));
          return desk.applied(height);
        });
      life().desk.install(offerOf(blocks, 4));
      append(life(), [5, 6]);
      const { chain, desk, standing } = life();
      const vote = known(blocks[6], "a block");
      chain.keepWrits(
        vote.entries.map(({ writ }) => writ),
        vote.header.epoch,
      );
      standing.change({ rebuild: true });
      desk.install(offerOf(blocks, 3));
      expect(life().desk.replaying).toBe(3);
      expect(append(life(), [4, 5])).toEqual([false, false]);
      expect([life().desk.replaying, life().desk.rebuilding]).toEqual([5, true]);
      expect(append(life(), [6])).toEqual([true]);
      expect([life().desk.replaying, life().desk.rebuilding]).toEqual([null, false]);
      expect(life().chain.batch(vote.header).entries).toEqual(vote.entries);
    }));

  it("InstallWholeState: how far each Warden is decided, in however many answers that comes", () =>
    inStorage("split", (life) => {
      const scribe = new Scribe("split");
      const block = scribe.extend(0, [{ sealed: scribe.seal(0, [{ id: "a" }]) }]);
      const { desk } = life();
      const part = { kind: "court", id: 0 } as const;
      const rows = [
        [
          ["term", 1, 1],
          ["warden", 0, 7, 1, 1],
        ],
        [["warden", 1, 3, 2, 0]],
      ] as const;
      rows.forEach((some, at) =>
        desk.stage({ kind: "stage", base: 1, part, first: at === 0, fresh: at === 0, rows: some }),
      );
      desk.install(offerOf([block], 1));
      expect(life().chain.progress(2)).toEqual([
        { warden: 0, number: 7, next: 1, complete: true },
        { warden: 1, number: 3, next: 2, complete: false },
      ]);
    }));

  it("TakeStateAnew: what is ordered withholds the voice by itself, whatever became of the quarantine", async () => {
    await settle(received("before", "item", 1));
    const seat = await bystander();
    await followed(seat, "also before", "item");
    const standingOf = ({ sql }: DurableObjectStorage) =>
      new StandingNote(new SeatNotes(new Notes(sql)));
    await within(seat, async (storage) => {
      standingOf(storage).change({ rebuild: true });
      await storage.sync();
    });
    await endLife(seat);
    await eventually(() => within(seat, (storage) => !standingOf(storage).now.rebuild));
    await eventually(async () => (await seatStatus(seat)).ready);
    await followed(seat, "after", "item");
    const { rebuiltAt } = await within(seat, (storage) => standingOf(storage).now);
    expect(rebuiltAt).not.toBeNull();
  });
});
