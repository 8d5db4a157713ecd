import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../objects/shared/clock.ts";
import { distant } from "../objects/shared/shell/distance.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { told } from "../worker/http/operate.ts";
import type { Answer } from "./kit/deployment.ts";
import {
  court,
  deployment,
  eventually,
  fault,
  get,
  onHand,
  received,
  seatStatus,
  settle,
} from "./kit/deployment.ts";
import { bystander, endLife, followed, heal, livesOf } from "./kit/surgery.ts";
import { ask, migrate, post } from "./kit/worker.ts";

beforeAll(migrate);

async function harmed(seat: number, kind: string, more: object = {}): Promise<void> {
  const response = await fault(seat, kind, more);
  expect(response.status, await response.text()).toBe(200);
}

async function harmLedger(kind: string, more: object = {}): Promise<void> {
  const response = await post("/v1/ledger/fault", { kind, ...more });
  expect(response.status, await response.text()).toBe(200);
}

interface Noted {
  readonly kind: string;
  readonly height: number;
  readonly seat: number;
  readonly notedBy: number;
  readonly evidence: { readonly finder?: number };
}

async function noted(kind: string): Promise<Noted[]> {
  const { items } = await get<{ items: Noted[] }>("/v1/courts/0/incidents");
  return items.filter((item) => item.kind === kind);
}

const named = async (kind: string): Promise<number[]> =>
  (await noted(kind)).map(({ seat }) => seat);

/** Tables of which a seat has repaired rows. */
async function noticed(seat: number): Promise<string[]> {
  const { items } = await get<{
    items: { kind: string; notedBy: number; evidence: { table?: string } }[];
  }>("/v1/courts/0/incidents");
  const own = items.filter(({ kind, notedBy }) => kind === "repair" && notedBy === seat);
  return own.flatMap(({ evidence }) => evidence.table ?? []);
}

function codeOf(seat: number): Promise<string | undefined> {
  return clerkStub(env, deployment, 0, seat)
    .status()
    .then(
      () => "answered",
      (error: unknown) => (error as { code?: string }).code,
    );
}

function published(answer: Answer): Promise<unknown> {
  const { height } = answer.receipt;
  return eventually(async () => (await court()).published >= height);
}

async function refused(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return false;
  } catch {
    return true;
  }
}

describe("a seat's faults", () => {
  it("CrashStaysDown: a crashed seat refuses every call for its time, and the court goes on", async () => {
    await settle(received("up", "faults", 1));
    const seat = await bystander();
    await harmed(seat, "crash", { seconds: 60 });
    // Calls that were under way end with the life they came to; each later one meets the next.
    await eventually(async () => (await codeOf(seat)) === "seat-down");
    for (const asked of [1, 2, 3]) expect(await codeOf(seat), `call ${asked}`).toBe("seat-down");
    expect((await settle(received("without one", "faults", 1))).status).toBe("accepted");
    await heal(seat);
  });

  it("InjectFault: a seat whose life ends under the call is told again, and has the fault", async () => {
    const seat = await bystander();
    const broken = clerkStub(env, deployment, 0, seat);
    await broken.status();
    await endLife(seat);
    const stubs = [broken];
    // As it was: nobody was told.
    await expect(refused(() => broken.fault("crash", 60_000))).resolves.toBe(true);
    await told(() => stubs.pop() ?? clerkStub(env, deployment, 0, seat), "crash", 60_000);
    await eventually(async () => (await codeOf(seat)) === "seat-down");
    await heal(seat);
  });

  it("CorruptOutcomeIsOutvoted: who computes wrongly is named by its own signature", async () => {
    const seat = await bystander();
    await harmed(seat, "corrupt-outcome");
    expect((await settle(received("computed", "faults", 1))).status).toBe("accepted");
    await eventually(async () => (await named("dissent")).includes(seat));
    await heal(seat);
    expect(new Set(await named("dissent"))).toEqual(new Set([seat]));
  });

  it("StopRelapsedSeat, HealSeat: who goes on computing wrongly takes its state anew once, and then waits for an operator", async () => {
    const seat = await bystander();
    let events = 0;
    const another = () => settle(received(`wrongly ${(events += 1)}`, "faults", 1));
    await harmed(seat, "corrupt-outcome");
    const relapsed = await eventually(async () => {
      await another();
      const { stage, reason } = await seatStatus(seat);
      return stage === "quarantined" && reason?.includes("taken anew at height")
        ? reason
        : undefined;
    });
    expect(relapsed).toContain("outvoted");
    const lives = await livesOf(seat);
    await followed(seat, "after the relapse", "faults");
    expect(await seatStatus(seat)).toMatchObject({ stage: "quarantined", ready: false });
    expect(await livesOf(seat)).toBe(lives);
    await heal(seat);
    await followed(seat, "healed again", "faults");
    expect((await seatStatus(seat)).ready).toBe(true);
  });

  it("CorruptStateIsNoticed: rows that are not what was written are put right or taken anew, and no answer shows them", async () => {
    const seat = await bystander();
    // What it still has to apply would put a sound row in place of a rotten one.
    await followed(seat, "before the rot", "faults");
    const before = await onHand("faults");
    await harmed(seat, "corrupt-state");
    const answer = await settle(received("over rotten rows", "faults", 1));
    expect(answer.status).toBe("accepted");
    expect(await onHand("faults")).toBe(before + 1);
    await eventually(async () => (await noticed(seat)).includes("entities"));
    await eventually(async () => (await seatStatus(seat)).ready);
    await followed(seat, "with it again", "faults");
    expect((await seatStatus(seat)).ready).toBe(true);
  });

  it("MuteIsDoneWithout: a mute leader is replaced, and follows", async () => {
    const { leader, view } = await court();
    await harmed(leader, "mute");
    const answer = await settle(received("unheard", "faults", 1));
    expect((await court()).view).toBeGreaterThan(view);
    await eventually(async () => (await seatStatus(leader)).height >= answer.receipt.height);
    await heal(leader);
  });

  it("EquivocatorIsNamed: a leader that says two things is replaced, and both are kept as evidence", async () => {
    const { leader } = await court();
    await harmed(leader, "equivocate");
    expect((await settle(received("told twice", "faults", 1))).status).toBe("accepted");
    await eventually(async () => (await named("equivocation")).includes(leader));
    await heal(leader);
    expect(new Set(await named("equivocation"))).toEqual(new Set([leader]));
  });

  it("SlowIsWaitedFor: a seat that hears late still agrees", async () => {
    const seat = await bystander();
    await harmed(seat, "slow", { milliseconds: 200 });
    expect((await followed(seat, "late", "faults")).status).toBe("accepted");
    await heal(seat);
  });

  it("HealEndsFault: what is healed agrees again", async () => {
    const { members } = await court();
    expect(members.every(({ ready }) => ready)).toBe(true);
    expect((await settle(received("healed", "faults", 1))).status).toBe("accepted");
  });
});

it("DistanceIsWaitedFor: a call over the runtime's own stub arrives, and what it comes to comes back", async () => {
  const seat = clerkStub(env, deployment, 0, 1);
  const waited: number[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    after: (ms, then) => {
      waited.push(ms);
      queueMicrotask(then);
      return () => undefined;
    },
  };
  const said = JSON.parse(await distant(seat, 81, clock).status()) as { readonly stage: string };
  expect(said.stage).toEqual(expect.any(String));
  expect(waited).toEqual([40, 41]);
});

describe("the Ledger's faults", () => {
  afterEach(() => harmLedger("heal"));

  it("RefusingLedgerDelays, HealedLedgerCatchesUp: agreement goes on, nothing is published, and then all of it", async () => {
    await published(await settle(received("before", "faults", 1)));
    await harmLedger("refuse");
    const answer = await settle(received("refused", "faults", 1));
    expect(answer).toMatchObject({ status: "accepted" });
    await eventually(async () => (await seatStatus(0)).reason?.includes("the ledger refuses"));
    expect((await court()).published).toBeLessThan(answer.receipt.height);
    await harmLedger("heal");
    await published(answer);
  });

  it("SlowLedgerDelays: what is agreed is published later", async () => {
    await harmLedger("slow", { milliseconds: 300 });
    const answer = await settle(received("slowly", "faults", 1));
    expect(answer.status).toBe("accepted");
    await published(answer);
    await harmLedger("heal");
  });

  it("AmbiguousWriteIsRepeated: writes whose answers are lost are repeated, and each row stands once", async () => {
    await harmLedger("ambiguous");
    const answer = await settle(received("ambiguous", "faults", 1));
    await published(answer);
    await harmLedger("heal");
    const { items } = await get<{ items: { id: string }[] }>("/v1/events?limit=1000");
    expect(items.filter(({ id }) => id === "ambiguous")).toHaveLength(1);
  });

  it("TamperedRowIsNotServed, LookWhereReadingFailed: a changed row is a problem to whoever asks, never an answer, until the seats have repaired it", async () => {
    const answer = await settle(received("tampered", "faults", 1));
    await published(answer);
    const { height } = answer.receipt;
    const path = `/v1/courts/0/blocks/${height}`;
    const sound = await get<object>(path);
    await harmLedger("tamper");
    const served = await eventually(async () => {
      const seen = await ask("GET", path);
      if (seen.status === 200) return seen.json();
      expect(seen.status).toBe(500);
      expect(await seen.json()).toMatchObject({ type: "/problems/internal" });
      return undefined;
    });
    expect(served).toEqual(sound);
    await eventually(async () =>
      (await noted("ledger-damaged")).some((incident) => incident.height === height),
    );
    // Seats repair rows of their own as well, and nobody is the finder of those.
    const repair = await eventually(async () =>
      (await noted("repair")).find(
        (incident) => incident.height === height && incident.evidence.finder !== undefined,
      ),
    );
    const rows = [expect.objectContaining({ part: "events", number: 1 })] as unknown[];
    expect(repair).toMatchObject({ evidence: { finder: repair.notedBy, rows } });
    await harmLedger("heal");
    expect(await get<object>(path)).toEqual(sound);
  });
});

describe("a lost disk", () => {
  it("WipeCostsVoice: a wiped seat counts no more, and the others go on", async () => {
    const seat = await bystander();
    await harmed(seat, "wipe");
    await eventually(async () => (await seatStatus(seat)).stage === "quarantined");
    expect((await settle(received("three left", "faults", 1))).status).toBe("accepted");
    expect((await court()).members.filter(({ ready }) => ready)).toHaveLength(3);
  });
});
