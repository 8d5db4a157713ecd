import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { groundsOf, statementDigest } from "../objects/clerk/consensus/messages.ts";
import type { Proposal } from "../objects/clerk/consensus/messages.ts";
import type { Durable } from "../objects/clerk/consensus/seat.ts";
import { rowDigest } from "../objects/clerk/rows.ts";
import { batchDigest } from "../objects/shared/digests.ts";
import { signer } from "../objects/shared/node/crypto.ts";
import type { KeyPair } from "../objects/shared/node/crypto.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { Certificate, Writ } from "../objects/shared/types.ts";
import {
  deployment,
  eventually,
  fault,
  received,
  seatStatus,
  settle,
  submit,
} from "./kit/deployment.ts";
import { ask, endLife, livesOf, run, within } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const DIGEST_LENGTH = 64;

async function note(seat: number, key: string): Promise<string | undefined> {
  const [row] = await ask<{ v: string }>(seat, "SELECT v FROM notes WHERE k = ?", key);
  return row?.v;
}

async function votes(seat: number): Promise<Durable | null> {
  const text = await note(seat, "votes");
  return text === undefined ? null : (JSON.parse(text.slice(DIGEST_LENGTH)) as Durable);
}

/** What the leader of the view would have said, had it proposed another time in the same view. */
async function otherProposal(voter: number, leader: number, voted: Durable): Promise<Proposal> {
  const { header } = voted.vote ?? { header: undefined };
  if (header === undefined) throw new Error("no vote");
  const [tip] = await ask<{ certificate: string }>(
    voter,
    "SELECT certificate FROM blocks WHERE height = ?",
    header.height - 1,
  );
  const held = await ask<{ writ: string; body: string }>(voter, "SELECT writ, body FROM writs");
  const writs = new Map(held.map(({ writ, body }) => [writ, JSON.parse(body) as Writ]));
  const entries = header.entries.flatMap(([writ, first, count]) => {
    const found = writs.get(writ);
    return found === undefined ? [] : [{ writ: found, first, count }];
  });
  const certificate = JSON.parse(tip?.certificate ?? "null") as Certificate | null;
  const justification = { by: "certificate", certificate } as const;
  const statement = {
    kind: "proposal",
    view: voted.vote?.prepare.view ?? 0,
    batch: { header: { ...header, time: header.time + 1 }, entries },
    justification,
    grounds: groundsOf(justification),
  } as const;
  const pair = JSON.parse((await note(leader, "key")) ?? "null") as KeyPair;
  const { court, epoch } = header;
  const by = { court, epoch, from: leader, incarnation: 1_000, sequence: 1 };
  return { ...statement, ...by, signature: signer(pair)(statementDigest(statement, by)) };
}

/** Has the seat hear the proposal; a seat that has just started evaluates it in a later turn, if at all. */
async function hear(seat: number, proposal: Proposal): Promise<void> {
  await clerkStub(env, deployment, 0, seat).deliver(JSON.stringify([proposal]));
  await within(seat, (storage) => storage.sync());
}

it("KeepVoteOverRestart: a seat that restarts in the middle of a view votes for nothing else in it, and would without its stored vote", async () => {
  const { receipt } = await settle(received("first", "promise", 1));
  const { leader } = await seatStatus(0);
  const [mute = 0, silent = 0, voter = 0] = [1, 2, 3].map((step) => (leader + step) % 4);
  await eventually(async () => (await seatStatus(voter)).height >= receipt.height);
  for (const seat of [mute, silent]) await fault(seat, "mute");
  const asked = submit(received("second", "promise", 1));
  const voted = await eventually(async () => {
    const stored = await votes(voter);
    return stored?.vote?.prepare.height === receipt.height + 1 ? stored : undefined;
  });
  const other = await otherProposal(voter, leader, voted);
  const digested = batchDigest(other.batch.header);
  // Alone, it hears of nothing that would take it out of the view.
  await fault(leader, "crash", { seconds: 60 });

  const lives = await livesOf(voter);
  await endLife(voter);
  await eventually(() => hear(voter, other).then(() => true));
  for (const again of [1, 2, 3]) {
    await hear(voter, other);
    expect((await votes(voter))?.vote, `heard ${again} times more`).toEqual(voted.vote);
  }
  expect(await livesOf(voter)).toBeGreaterThan(lives);

  const forgotten = JSON.stringify({ ...voted, vote: null, commit: null, prepared: null });
  const stored = rowDigest("notes", "votes", forgotten) + forgotten;
  await run(voter, "UPDATE notes SET v = ? WHERE k = 'votes'", stored);
  await endLife(voter);
  await eventually(async () => {
    await hear(voter, other);
    return (await votes(voter))?.vote?.prepare.batch === digested;
  });
  for (const seat of [leader, mute, silent]) await fault(seat, "heal");
  await asked;
});
