import { expect, it } from "vitest";
import { canonical } from "../../objects/shared/canonical.ts";
import { writDigest } from "../../objects/shared/digests.ts";
import type { Writ } from "../../objects/shared/types.ts";
import { Dice } from "../kit/dice.ts";
import { VirtualCourt } from "./court.ts";
import type { Told } from "./court.ts";
import { realKeys } from "./signatures.ts";
import { World } from "./world.ts";

function courtOf(seed: number, otherwise: { real?: boolean; twins?: number[] } = {}): VirtualCourt {
  const court = new VirtualCourt(new World(new Dice(seed)), {
    mode: "bft",
    seats: 4,
    wardens: 2,
    windowMs: 300_000,
    twins: otherwise.twins ?? [],
    ...(otherwise.real === true ? { keys: realKeys() } : {}),
  });
  for (const replica of court.replicas) replica.start();
  return court;
}

function writOf(court: VirtualCourt, number: number, id: string): Writ {
  const data = { item: "nut", warehouse: "ulm", quantity: 1 };
  const event = { tenant: "t", source: "/s", id, type: "stock.received", data };
  const bare = { court: 0, warden: 0, number, events: [canonical(event)] };
  return { ...bare, seal: court.sealKey(0)(writDigest(bare)) };
}

it.each([false, true])(
  "a virtual court decides what it is given, with real signatures: %s",
  async (real) => {
    const court = courtOf(1, { real });
    for (let number = 1; number <= 3; number++) {
      const writ = writOf(court, number, `e${number}`);
      for (const replica of court.replicas) expect(replica.submit(writ)).toBe(true);
      await court.world.run(court.world.now + 5_000, () =>
        court.replicas.every((replica) => replica.decided(writ)),
      );
    }
    expect(court.replicas.map(({ disk }) => disk.chain.height())).toEqual([3, 3, 3, 3]);
    const states = court.replicas.map(({ disk }) => disk.state.entity("t/stock/nut@ulm")?.state);
    expect(states).toEqual(Array.from({ length: 4 }, () => '{"onHand":3,"reserved":0}'));
  },
);

it("a virtual court lets a mouth say something else, and a twin have two lives", async () => {
  const court = courtOf(2, { twins: [3] });
  expect(court.replicas.map(({ seat, copy }) => [seat, copy])).toContainEqual([3, 1]);
  const silent = court.replicas.find(({ seat }) => seat === 0);
  if (silent === undefined) throw new Error("no seat 0");
  let swallowed = 0;
  court.give(silent, {
    instead: () => {
      swallowed += 1;
      return [];
    },
    heard: (): Told[] => [],
  });
  const writ = writOf(court, 1, "e");
  for (const replica of court.replicas) replica.submit(writ);
  await court.world.run(court.world.now + 60_000, () =>
    court.replicas.every((replica) => replica.decided(writ)),
  );
  expect(swallowed).toBeGreaterThan(0);
  expect(court.replicas.map((replica) => replica.decided(writ))).not.toContain(false);
});
