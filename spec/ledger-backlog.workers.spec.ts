/** D1 refusing for as long as the backlog may grow, before the seats' own publishers. */
import { beforeAll, expect, it } from "vitest";
import { attestedHeights } from "../objects/ledger/attest.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { all, db, migrated, opened, received } from "./kit/ledger.ts";
import { PressRoom } from "./kit/press.ts";

beforeAll(migrated);

it("PublishBacklogInOrder: what was agreed while D1 refused is counted to the bound and above, and then published whole, in order, once", async () => {
  const { scribe, ledger } = await opened("backlog");
  const most = LIMITS.publishBacklogBlocks + 1;
  const busy = (at: number) => at % 100 === 0;
  const room = new PressRoom(
    scribe,
    ledger,
    Array.from({ length: most }, (_, at) =>
      busy(at) ? scribe.next(0, received(`e-${at}`)) : scribe.next(0),
    ),
  );
  room.decideUpTo(1);
  for (const seat of [0, 1]) room.seated(seat);
  await room.until(async () => (await attestedHeights(ledger))[0] === 1);
  const refuse = `CREATE TRIGGER refusing BEFORE INSERT ON blocks WHEN NEW.generation = 'backlog' AND NEW.height > 1
    BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`;
  await db.prepare(refuse).run();
  room.decideUpTo(LIMITS.publishBacklogBlocks);
  await room.until(() => room.backlog(0) === LIMITS.publishBacklogBlocks - 1);
  room.decideUpTo(most);
  await room.until(() => room.backlog(0) === LIMITS.publishBacklogBlocks);
  expect(await all("backlog", "blocks")).toHaveLength(1);
  await db.prepare("DROP TRIGGER refusing").run();
  await room.until(() => room.backlog(0) === 0);
  await room.until(async () => (await attestedHeights(ledger))[0] === most);
  const blocks = await all<{ height: number }>("backlog", "blocks");
  expect(blocks.map(({ height }) => height)).toEqual(room.blocks.map((_, at) => at + 1));
  expect(await all("backlog", "events")).toHaveLength(
    room.blocks.filter((_, at) => busy(at)).length,
  );
  expect(await all("backlog", "repairs")).toEqual([]);
  expect([0, 1].flatMap((seat) => room.incidents(seat))).toEqual([]);
  room.close();
}, 60_000);
